using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>
/// Random programs in M, S and U, with traps, interrupts, page tables and protection, leave the same registers, memory, flags and record
/// of traps on QEMU and on every engine. A run takes a fixed seed and a new one, which it prints.
/// <para>
/// More: <c>EMULATOR_RANDOM_IMAGES=20 dotnet test Emulator.Tests --filter FullyQualifiedName~RandomMachineTests</c> takes that many new
/// seeds, each for many programs. The same again: <c>EMULATOR_RANDOM_SEED=1234</c>. Another QEMU:
/// <c>EMULATOR_QEMU_RISCV64=/path EMULATOR_QEMU_RISCV32=/path</c>.
/// </para>
/// </summary>
public sealed class RandomMachineTests
{
    private const int FixedSeed = 1;
    private const int SampledPrograms = 5;
    private const int ManyPrograms = 48;

    // tier 0 has handlers for what comes often, or not; regions are compiled at once, soon, or on a thread of their own
    private static readonly EngineOptions[] Engines =
    [
        new() { Kind = EngineKind.Reference, IsDeterministic = true },
        new() { Kind = EngineKind.Interpreter, IsDeterministic = true },
        new() { Kind = EngineKind.Interpreter, IsDeterministic = true, CommonRun = 2, CommonSequence = 5 },
        new() { Kind = EngineKind.Auto, IsDeterministic = true, HotThreshold = 3 },
        new() { Kind = EngineKind.Jit, IsDeterministic = true },
        new() { Kind = EngineKind.Auto, HotThreshold = 20 },
    ];

    [Test]
    public async Task Engines_agree_with_the_oracle([Values(64, 32)] int xlen, [Values] bool isCompressed)
    {
        var oracle = SystemOracle.Find(xlen, isCompressed);
        string isa = oracle?.Isa ?? $"rv{xlen}max{(isCompressed ? "" : ",-c,-zca")}";
        var pool = new InstructionPool(new RiscVArchitecture(IsaConfiguration.Parse(isa)), oracle);
        var differences = new List<string>();
        foreach (var (seed, programs) in Seeds())
        {
            byte[] image = ProgramImage.Build(pool, seed, programs);
            var reference = await ImageRun.OnEngineAsync(Engines[0], isa, image);
            var (machineTraps, supervisorTraps) = ImageComparison.Traps(reference);
            Console.Error.WriteLine( // shown as it comes, also when the test passes
                $"RV{xlen}{(isCompressed ? "C" : "")}, seed {seed}: {programs} programs, {reference.Instructions} instructions, {machineTraps} traps to M, {supervisorTraps} to S; {oracle?.Version ?? "no QEMU installed, engines compared with each other"}");
            if (oracle is not null) Compare(await ImageRun.OnQemuAsync(oracle, image));
            foreach (var engine in Engines.Skip(1))
            {
                var run = await ImageRun.OnEngineAsync(engine, isa, image);
                Compare(run);
                if (engine.IsDeterministic && run.Instructions != reference.Instructions)
                {
                    differences.Add($"seed {seed}: {run.Instructions} instructions on {run.Machine}, {reference.Instructions} on {reference.Machine}");
                }
            }

            void Compare(ImageRun run) => differences.AddRange(ImageComparison.Differences(reference, run, seed, pool.Architecture.Isa.Is64));
        }

        if (differences.Count > 0) Assert.Fail(string.Join('\n', differences));
    }

    private static IEnumerable<(int Seed, int Programs)> Seeds()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("EMULATOR_RANDOM_SEED"), out int seed)) return [(seed, ManyPrograms)];
        if (int.TryParse(Environment.GetEnvironmentVariable("EMULATOR_RANDOM_IMAGES"), out int images))
        {
            return Enumerable.Range(0, images).Select(_ => (Random.Shared.Next(), ManyPrograms));
        }

        return [(FixedSeed, SampledPrograms), (TestContext.CurrentContext.Random.Next(), SampledPrograms)];
    }
}

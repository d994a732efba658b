using System.Globalization;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Execution;
using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>
/// Instructions with random operands on the host's processor and on ours leave the same registers, flags and memory, or raise the same
/// exception. Environment: <c>X86_CASES</c> executes that many cases of each mode instead of a sample, <c>X86_SEED</c> repeats a run,
/// <c>X86_COMPLETE</c> fails on differences and on encodings that have no row yet,
/// <c>X86_ONLY</c> chooses encodings by parts of Iced's names or by CPUID features, and <c>X86_FAILURES</c> names files for all kinds of
/// failures.
/// </summary>
[TestFixture]
public sealed class HostDifferentialTests
{
    private const int SampleCases = 30_000;
    private const int OperandsPerInstruction = 4;
    private const int CompiledShare = 10;
    private const int Shown = 40;

    private HostProcessor _host = null!;

    [OneTimeSetUp]
    public void Start() => _host = HostProcessor.Start();

    [OneTimeTearDown]
    public void Stop() => _host?.Dispose();

    [Test]
    public void Executes_as_the_host([Values(64, 32)] int bits, [Values] EngineKind kind)
    {
        var encodings = EncodingCatalog.For(bits).Where(IsChosen).ToArray();
        var implemented = encodings.Where(static encoding => InstructionTable.Find(encoding.Code) is not null).ToArray();
        int seed = Setting("X86_SEED", TestContext.CurrentContext.Random.Next());
        TestContext.Out.WriteLine($"X86_SEED={seed}; {implemented.Length} of {encodings.Length} encodings are implemented");
        using var ours = new GuestProcessor(kind);
        var failures = new Failures();
        int cases = Setting("X86_CASES", SampleCases) / (kind is EngineKind.Reference ? 1 : CompiledShare);
        foreach (var batch in new CaseGenerator(seed, bits, implemented).Cases(OperandsPerInstruction).Take(cases).Chunk(HostProcessor.Batch))
        {
            var results = _host.Run(Array.ConvertAll(batch, static tested => tested.Start));
            for (int i = 0; i < batch.Length; i++)
            {
                if (!batch[i].Instruction.IsInvalid && InstructionTable.Find(batch[i].Instruction.Code) is null) continue;
                var result = ours.Run(batch[i].Start);
                if (Comparison.Difference(batch[i], results[i], result) is { } difference) failures.Add(batch[i], difference);
            }
        }

        if (Environment.GetEnvironmentVariable("X86_FAILURES") is { } path) File.WriteAllText($"{path}.{bits}.{kind}", failures.ToString(int.MaxValue));
        string message = $"X86_SEED={seed}\n{failures.ToString(Shown)}";
        if (Environment.GetEnvironmentVariable("X86_COMPLETE") is not null)
        {
            Assert.That(encodings.Except(implemented), Is.Empty);
            Assert.That(failures.Count, Is.Zero, message);
        }
        else if (failures.Count > 0)
        {
            Assert.Warn(message);
        }
    }

    private static bool IsChosen(OpCodeInfo encoding) =>
        Environment.GetEnvironmentVariable("X86_ONLY") is not { } only || only.Split(',').Any(part =>
            encoding.Code.ToString().Contains(part, StringComparison.OrdinalIgnoreCase)
            || encoding.Code.CpuidFeatures().Any(feature => feature.ToString().Equals(part, StringComparison.OrdinalIgnoreCase)));

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The first failure of each kind, and how many there are.</summary>
    private sealed class Failures
    {
        private readonly Dictionary<string, (string First, int Count)> _kinds = [];

        public int Count => _kinds.Count;

        public void Add(GeneratedCase tested, string difference)
        {
            string key = $"{tested.Start.Bits} {tested.Instruction.Code} {string.Join(' ', difference.Split(';').Select(Kind).Distinct())}";
            var (first, count) = _kinds.GetValueOrDefault(key, ($"{Comparison.Describe(tested)}\n    {difference}", 0));
            _kinds[key] = (first, count + 1);
        }

        public string ToString(int most) => string.Join('\n', _kinds.Values.Take(most).Select(static kind => $"{kind.Count} x {kind.First}"));

        // registers and addresses are of one kind each
        private static string Kind(string difference)
        {
            string name = difference.Trim().Split(' ')[0];
            return name.Length > 0 && (char.IsUpper(name[0]) || name[0] is '[' or 'x') ? name[..1] : name;
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.RiscV.Engines;

/// <summary>
/// Short random loops whose pointers move by constants and by registers over a few pages and beyond the end of memory, with ways out in
/// the middle, calls and faults: what regions do in rounds, with shared probes and several entries, is what single instructions do.
/// </summary>
public sealed class MovingLoopTests
{
    private const ulong CodeStart = 0x8000_0000;
    private const ulong DataStart = 0x8001_0000;
    private const int PageSize = 4096;
    private const int DataPages = 3;
    private const int TrapHandler = 0xe00;
    private const uint Mtvec = 0x305;
    private const ushort Mepc = 0x341;
    private const byte Link = 1;
    private const byte Counter = 6;
    private const byte FirstBase = 8;
    private const byte Stride = 18;
    private const byte FirstValue = 10;
    private const byte Faults = 31;
    private const byte Scratch = 30;

    private static readonly string[] Loads = ["lb", "lbu", "lh", "lhu", "lw", "lwu", "ld"];
    private static readonly string[] Stores = ["sb", "sh", "sw", "sd"];
    private static readonly string[] Computations = ["add", "sub", "xor", "addw", "sltu"];
    private static readonly int[] Steps = [1, 1, 2, 4, 8, 8, 16, 32, -1, -4, -8, 3, 100];

    [Test]
    public void Engines_agree([Values(EngineKind.Interpreter, EngineKind.Jit, EngineKind.Auto)] EngineKind kind)
    {
        int programs = int.Parse(Environment.GetEnvironmentVariable("EMULATOR_LOOP_PROGRAMS") ?? "40", CultureInfo.InvariantCulture);
        int first = TestContext.CurrentContext.Random.Next();
        for (int seed = first; seed < first + programs; seed++) Agree(kind, seed);
    }

    private static void Agree(EngineKind kind, int seed)
    {
        var architecture = new RiscVArchitecture(IsaConfiguration.Parse("rv64gc"));
        byte[] program = Generate(new Random(seed));
        string expected = Run(architecture, EngineKind.Reference, program, seed);
        Assert.That(Run(architecture, kind, program, seed), Is.EqualTo(expected), $"seed {seed}");
    }

    private static byte[] Generate(Random random)
    {
        var code = new ProgramText();
        var calls = new List<int>();
        for (int loops = random.Next(1, 4); loops > 0; loops--)
        {
            code.Append("addi", Counter, immediate: random.Next(1, 2000));
            int head = code.Length;
            var exits = new List<int>();
            for (int parts = random.Next(1, 6); parts > 0; parts--)
            {
                AppendPart(code, random);
                if (random.Next(6) == 0) exits.Add(code.Reserve());
                if (random.Next(8) == 0) calls.Add(code.Reserve());
            }

            code.Append("addi", Counter, Counter, immediate: -1);
            code.Append("bne", rs1: Counter, immediate: head - code.Length);
            foreach (int exit in exits) code.Patch(exit, "beq", rs1: Value(random), rs2: Value(random), immediate: code.Length - exit);
        }

        code.Append("jal");
        int function = code.Length;
        AppendPart(code, random);
        code.Append("jalr", rs1: Link);
        foreach (int call in calls) code.Patch(call, "jal", Link, immediate: function - call);
        code.Fill(TrapHandler);
        code.Append("csrrs", Scratch, csr: Mepc);
        code.Append("addi", Scratch, Scratch, immediate: 4);
        code.Append("csrrw", rs1: Scratch, csr: Mepc);
        code.Append("addi", Faults, Faults, immediate: 1);
        code.Append("mret");
        return code.Bytes;
    }

    private static void AppendPart(ProgramText code, Random random)
    {
        byte pointer = (byte)(FirstBase + random.Next(2));
        for (int i = random.Next(3); i >= 0; i--)
        {
            int displacement = random.Next(3) == 0 ? 0 : random.Next(-32, 32);
            if (random.Next(2) == 0) code.Append(Pick(Loads, random), Value(random), pointer, immediate: displacement);
            else code.Append(Pick(Stores, random), rs1: pointer, rs2: Value(random), immediate: displacement);
        }

        switch (random.Next(4))
        {
            case 0:
                code.Append("add", pointer, pointer, Stride);
                break;
            case 1 or 2:
                code.Append("addi", pointer, pointer, immediate: Steps[random.Next(Steps.Length)]);
                break;
            default:
                code.Append(Pick(Computations, random), Value(random), Value(random), Value(random));
                break;
        }
    }

    private static byte Value(Random random) => (byte)(FirstValue + random.Next(6));

    private static string Pick(string[] names, Random random) => names[random.Next(names.Length)];

    private static string Run(RiscVArchitecture architecture, EngineKind kind, byte[] program, int seed)
    {
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(CodeStart), PageSize);
        memory.AddRam("data", new GuestPhysicalAddress(DataStart), DataPages * PageSize);
        memory.TryWrite(new GuestPhysicalAddress(CodeStart), program);
        var random = new Random(seed);
        byte[] content = new byte[DataPages * PageSize];
        random.NextBytes(content);
        memory.TryWrite(new GuestPhysicalAddress(DataStart), content);
        var world = new World { IsSingleThreaded = true };
        var options = new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = 3 };
        using var cache = new TranslationCache(architecture, memory, world, options, new ExecutionCounters());
        using var hart = new RiscVHart(architecture, memory, 0, new RiscVHartEnvironment(new ManualClock()));
        hart.Attach(world, cache);
        hart.Reset();
        for (byte r = FirstValue; r < FirstValue + 6; r++) hart[RiscVSlots.X(r)] = (ulong)random.NextInt64() >> random.Next(64);
        for (byte r = FirstBase; r < FirstBase + 2; r++) hart[RiscVSlots.X(r)] = DataStart + (ulong)random.Next(DataPages * PageSize);
        hart[RiscVSlots.X(Stride)] = (ulong)random.Next(6) switch
        {
            0 => ulong.MaxValue / 3, // two steps are less than none
            1 => unchecked((ulong)-random.Next(64)),
            2 => (ulong)random.Next(5000),
            _ => (ulong)random.Next(64),
        };
        Assert.That(hart.TryWriteCsr(Mtvec, CodeStart + TrapHandler));
        hart.ProgramCounter = CodeStart;
        hart.LimitTime((ulong)random.Next(50, 20_000));
        hart.Run(new StopSignal());
        memory.TryRead(new GuestPhysicalAddress(DataStart), content);
        var x = Enumerable.Range(0, 32).Select(r => $"x{r}={hart[RiscVSlots.X(r)]:x}");
        return $"pc {hart.ProgramCounter:x} count {hart.InstructionCount} {string.Join(' ', x)} memory {Convert.ToHexString(SHA256.HashData(content))}";
    }
}

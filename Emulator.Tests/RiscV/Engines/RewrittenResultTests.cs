using System.Globalization;
using System.Security.Cryptography;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.RiscV.Engines;

/// <summary>
/// Loops of computations that overwrite each other's results in a few registers, mostly on words, between accesses that miss the TLB or
/// fault in some rounds: a handler keeps all registers of each fault, among them those that nothing would have read.
/// </summary>
public sealed class RewrittenResultTests
{
    private const ulong CodeStart = 0x8000_0000;
    private const ulong DataStart = 0x8001_0000;
    private const ulong LogStart = 0x8010_0000;
    private const int PageSize = 4096;
    private const int DataPages = 4;
    private const int LogSize = 1 << 18;
    private const int LogEntry = 256;
    private const int TrapHandler = 0xe00;
    private const int Rounds = 20;
    private const uint Mtvec = 0x305;
    private const byte Counter = 1;
    private const byte Near = 2; // on pages that are there
    private const byte Far = 3; // on pages half of which are not there
    private const byte Middle = 4;
    private const byte FirstValue = 8;
    private const byte Log = 30;
    private const byte Scratch = 31;

    private static readonly string[] WordComputations = ["addw", "subw", "sllw", "srlw", "sraw", "mulw", "rolw", "rorw", "divw"];
    private static readonly string[] WordImmediates = ["addiw", "addiw"];
    private static readonly string[] WordShifts = ["slliw", "srliw", "sraiw", "roriw"];
    private static readonly string[] Computations = ["add", "sub", "xor", "or", "and", "andn", "orn", "xnor", "sll", "srl", "slt", "sltu", "mul", "add.uw", "sh2add", "min"];
    private static readonly string[] Immediates = ["addi", "xori", "andi", "ori", "slti"];
    private static readonly string[] Shifts = ["slli", "srli", "srai", "rori"];
    private static readonly string[] Extensions = ["sext.b", "sext.h", "zext.h", "clz", "ctzw", "rev8"];
    private static readonly string[] Loads = ["lb", "lbu", "lh", "lhu", "lw", "lw", "lwu", "ld"];
    private static readonly string[] Stores = ["sb", "sh", "sw", "sw", "sd"];

    [Test]
    public void Engines_agree([Values(EngineKind.Interpreter, EngineKind.Jit, EngineKind.Auto)] EngineKind kind)
    {
        int programs = int.Parse(Environment.GetEnvironmentVariable("EMULATOR_LOOP_PROGRAMS") ?? "20", CultureInfo.InvariantCulture);
        int first = TestContext.CurrentContext.Random.Next();
        var architecture = new RiscVArchitecture(IsaConfiguration.Parse("rv64gc_zba_zbb"));
        for (int seed = first; seed < first + programs; seed++)
        {
            byte[] program = Generate(new Random(seed));
            string expected = Run(architecture, EngineKind.Reference, program, seed);
            Assert.That(Run(architecture, kind, program, seed), Is.EqualTo(expected), $"seed {seed}");
        }
    }

    private static byte[] Generate(Random random)
    {
        var code = new ProgramText();
        int values = random.Next(2, 8);
        code.Append("addi", Counter, immediate: Rounds);
        int head = code.Length;
        AppendPointer(code, Near, mask: DataPages - 1);
        AppendPointer(code, Far, mask: (2 * DataPages) - 1);
        for (int i = random.Next(5, 100); i > 0; i--)
        {
            AppendComputation(code, random, values);
            if (random.Next(5) == 0) AppendAccess(code, random, values);
            if (random.Next(20) == 0) code.Append("beq", rs1: Value(random, values), rs2: Value(random, values), immediate: 8); // over what comes next
        }

        code.Append("addi"); // a branch may go here
        code.Append("addi", Counter, Counter, immediate: -1);
        code.Append("bne", rs1: Counter, immediate: head - code.Length);
        code.Append("jal");
        code.Fill(TrapHandler);
        code.AppendFaultLog(Log, Scratch, LogEntry);
        return code.Bytes;
    }

    // another page in each round
    private static void AppendPointer(ProgramText code, byte pointer, int mask)
    {
        code.Append("andi", pointer, Counter, immediate: mask);
        code.Append("slli", pointer, pointer, immediate: 12);
        code.Append("add", pointer, pointer, Middle);
    }

    private static void AppendComputation(ProgramText code, Random random, int values)
    {
        byte d = Value(random, values);
        byte a = Value(random, values);
        byte b = Value(random, values);
        int immediate = random.Next(-2048, 2048);
        switch (random.Next(13))
        {
            case < 4: code.Append(Pick(WordComputations, random), d, a, b); break;
            case 4: code.Append(Pick(WordImmediates, random), d, a, immediate: random.Next(2) == 0 ? 0 : immediate); break;
            case 5: code.Append(Pick(WordShifts, random), d, a, immediate: random.Next(32)); break;
            case < 9: code.Append(Pick(Computations, random), d, a, b); break;
            case 9: code.Append(Pick(Immediates, random), d, a, immediate: random.Next(3) == 0 ? 0 : immediate); break;
            case 10: code.Append(Pick(Shifts, random), d, a, immediate: random.Next(32)); break;
            case 11: AppendRotation(code, random, values); break;
            default: code.Append(Pick(Extensions, random), d, a); break;
        }
    }

    // as compilers write one: its halves may be overwritten at once, or never be read
    private static void AppendRotation(ProgramText code, Random random, int values)
    {
        byte source = Value(random, values);
        byte left = Value(random, values);
        byte right = Value(random, values);
        int distance = random.Next(1, 32);
        code.Append("slliw", left, source, immediate: distance);
        code.Append("srliw", right, source, immediate: 32 - distance);
        code.Append(random.Next(2) == 0 ? "or" : "xor", Value(random, values), left, right);
    }

    private static void AppendAccess(ProgramText code, Random random, int values)
    {
        byte pointer = random.Next(2) == 0 ? Near : Far;
        int displacement = random.Next(3) == 0 ? 0 : random.Next(-64, 64);
        switch (random.Next(9))
        {
            case < 4: code.Append(Pick(Loads, random), Value(random, values), pointer, immediate: displacement); break;
            case < 8: code.Append(Pick(Stores, random), rs1: pointer, rs2: Value(random, values), immediate: displacement); break;
            default: code.Append("amoadd.w", Value(random, values), pointer, Value(random, values)); break;
        }
    }

    private static byte Value(Random random, int values) => (byte)(FirstValue + random.Next(values));

    private static string Pick(string[] names, Random random) => names[random.Next(names.Length)];

    private static string Run(RiscVArchitecture architecture, EngineKind kind, byte[] program, int seed)
    {
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(CodeStart), PageSize);
        memory.AddRam("data", new GuestPhysicalAddress(DataStart), DataPages * PageSize);
        memory.AddRam("log", new GuestPhysicalAddress(LogStart), LogSize);
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
        for (byte r = FirstValue; r < Log; r++) hart[RiscVSlots.X(r)] = (ulong)random.NextInt64() >> random.Next(64);
        hart[RiscVSlots.X(Middle)] = DataStart + (PageSize / 2);
        hart[RiscVSlots.X(Log)] = LogStart;
        Assert.That(hart.TryWriteCsr(Mtvec, CodeStart + TrapHandler));
        hart.ProgramCounter = CodeStart;
        hart.LimitTime((ulong)random.Next(50, 8000));
        hart.Run(new StopSignal());
        byte[] log = new byte[LogSize];
        memory.TryRead(new GuestPhysicalAddress(DataStart), content);
        memory.TryRead(new GuestPhysicalAddress(LogStart), log);
        int faults = (int)(hart[RiscVSlots.X(Log)] - LogStart) / LogEntry;
        Assert.That(faults * LogEntry, Is.LessThan(LogSize));
        var x = Enumerable.Range(0, 32).Select(r => $"x{r}={hart[RiscVSlots.X(r)]:x}");
        return $"pc {hart.ProgramCounter:x} count {hart.InstructionCount} {string.Join(' ', x)} memory {Convert.ToHexString(SHA256.HashData(content))}\n"
            + string.Join('\n', Enumerable.Range(0, faults).Select(i => Convert.ToHexString(log, i * LogEntry, LogEntry)));
    }
}

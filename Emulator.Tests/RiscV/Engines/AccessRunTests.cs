using System.Security.Cryptography;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.RiscV.Engines;

/// <summary>
/// Loops of accesses behind each other off one base, as tier 0 has common handlers for. Bases lie about the edges of RAM, ROM, a device
/// and nothing; some loads overwrite them, some stores the code that comes next. A handler keeps all registers of each fault.
/// </summary>
public sealed class AccessRunTests
{
    private const ulong CodeStart = 0x8000_0000;
    private const ulong DataStart = 0x8001_0000;
    private const ulong TableStart = 0x8008_0000;
    private const ulong LogStart = 0x8010_0000;
    private const int PageSize = 4096;
    private const int CodeSize = 2 * PageSize;
    private const int DataPages = 10;
    private const int LogSize = 1 << 19;
    private const int LogEntry = 256;
    private const int TrapHandler = PageSize + 0x800;
    private const int Rounds = 24;
    private const int BaseCount = 4;
    private const int PatchedWords = 4;
    private const int MaxDistance = 300; // of a base from a page's edge
    private const int Programs = 40;
    private const uint Mtvec = 0x305;
    private const byte Counter = 1;
    private const byte Table = 2;
    private const byte FirstBase = 3;
    private const byte FirstPatch = 8; // two instructions each
    private const byte PatchBase = 10;
    private const byte FirstValue = 12;
    private const int Values = 8;
    private const byte Log = 30;
    private const byte Scratch = 31;

    private static readonly string[] Loads = ["lb", "lbu", "lh", "lhu", "lw", "lwu", "ld", "ld"];
    private static readonly string[] Stores = ["sb", "sh", "sw", "sd", "sd"];

    [Test]
    public void Engines_agree([Values(EngineKind.Interpreter, EngineKind.Auto)] EngineKind kind, [Values] bool optimises)
    {
        int first = TestContext.CurrentContext.Random.Next();
        var architecture = new RiscVArchitecture(IsaConfiguration.Parse("rv64gc"));
        for (int seed = first; seed < first + Programs; seed++)
        {
            byte[] program = Generate(new Random(seed));
            string expected = Run(architecture, EngineKind.Reference, true, program, seed);
            Assert.That(Run(architecture, kind, optimises, program, seed), Is.EqualTo(expected), $"seed {seed}");
        }
    }

    private static byte[] Generate(Random random)
    {
        var code = new ProgramText();
        code.Append("addi", Counter, immediate: Rounds);
        int head = code.Length;
        for (int i = 0; i < BaseCount; i++) AppendLoadOfBase(code, i);
        for (int i = random.Next(5, 40); i > 0; i--)
        {
            int what = random.Next(12);
            if (what < 8) AppendRun(code, random);
            else if (what == 8) AppendPatch(code, random);
            else if (what == 9) AppendLoadOfBase(code, random.Next(BaseCount));
            else if (what == 10) code.Append("beq", rs1: Value(random), rs2: Value(random), immediate: 8); // over what comes next
            else AppendFrame(code, random);
            if (random.Next(3) == 0) code.Append("add", Value(random), Value(random), Value(random));
        }

        code.Append("addi"); // a branch may go here
        code.Append("addi", Table, Table, immediate: BaseCount * sizeof(ulong));
        code.Append("addi", Counter, Counter, immediate: -1);
        code.Append("beq", rs1: Counter, immediate: 8);
        code.Append("jal", immediate: head - code.Length);
        code.Append("jal");
        code.Fill(TrapHandler);
        code.AppendFaultLog(Log, Scratch, LogEntry);
        code.Fill(CodeSize);
        return code.Bytes;
    }

    private static void AppendLoadOfBase(ProgramText code, int index) =>
        code.Append("ld", (byte)(FirstBase + index), Table, immediate: index * sizeof(ulong));

    private static void AppendRun(ProgramText code, Random random)
    {
        byte pointer = Base(random);
        bool isStore = random.Next(2) == 0;
        int distance = random.Next(4) switch { 0 => 2000, 1 => 500, _ => 40 };
        for (int i = random.Next(1, 10); i > 0; i--)
        {
            if (random.Next(40) == 0) isStore = !isStore;
            int displacement = random.Next(-distance, distance);
            if (random.Next(2) == 0) displacement &= -8;
            if (isStore) code.Append(Pick(Stores, random), rs1: pointer, rs2: random.Next(8) == 0 ? pointer : Value(random), immediate: displacement);
            else code.Append(Pick(Loads, random), random.Next(16) == 0 ? pointer : random.Next(16) == 0 ? (byte)0 : Value(random), pointer, immediate: displacement);
        }
    }

    // as a function begins and ends
    private static void AppendFrame(ProgramText code, Random random)
    {
        byte pointer = Base(random);
        int size = 16 * random.Next(1, 8);
        int count = random.Next(1, (size / 8) + 1);
        code.Append("addi", pointer, pointer, immediate: -size);
        for (int i = 1; i <= count; i++) code.Append("sd", rs1: pointer, rs2: Value(random), immediate: size - (i * 8));
        if (random.Next(2) == 0) code.Append("add", Value(random), Value(random), Value(random));
        for (int i = 1; i <= count; i++) code.Append("ld", Value(random), pointer, immediate: size - (i * 8));
        code.Append("addi", pointer, pointer, immediate: size);
    }

    // writes the instructions behind the stores, each time others
    private static void AppendPatch(ProgramText code, Random random)
    {
        code.Append("xor", FirstPatch, FirstPatch, FirstPatch + 1);
        code.Append("xor", FirstPatch + 1, FirstPatch, FirstPatch + 1);
        code.Append("xor", FirstPatch, FirstPatch, FirstPatch + 1);
        int stores = PatchedWords / 2;
        if (code.Length % 8 != 0) code.Append("addi");
        code.Append("auipc", PatchBase);
        for (int i = 0; i < stores; i++)
        {
            code.Append("sd", rs1: PatchBase, rs2: (byte)(FirstPatch + random.Next(2)), immediate: (1 + stores) * 4 + 4 + (i * 8));
        }

        code.Append("addi");
        for (int i = 0; i < PatchedWords; i++) code.Append("addi");
    }

    private static byte Value(Random random) => (byte)(FirstValue + random.Next(Values));

    private static byte Base(Random random) => (byte)(FirstBase + random.Next(BaseCount));

    private static string Pick(string[] names, Random random) => names[random.Next(names.Length)];

    private static string Run(RiscVArchitecture architecture, EngineKind kind, bool optimises, byte[] program, int seed)
    {
        var random = new Random(seed);
        var device = new RecordingDevice();
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(CodeStart), CodeSize);
        memory.AddRam("table", new GuestPhysicalAddress(TableStart), PageSize);
        memory.AddRam("log", new GuestPhysicalAddress(LogStart), LogSize);
        memory.AddRam("ram", PageOfData(0), 2 * PageSize);
        memory.AddRom("rom", PageOfData(2), PageSize, RandomContent(random));
        memory.AddRam("more RAM", PageOfData(3), PageSize);
        memory.AddDevice("device", PageOfData(5), PageSize, device);
        memory.AddRam("RAM behind the device", PageOfData(6), 2 * PageSize);
        memory.TryWrite(new GuestPhysicalAddress(CodeStart), program);
        int[] ram = [0, 1, 3, 6, 7];
        foreach (int page in ram) memory.TryWrite(PageOfData(page), RandomContent(random));
        byte[] table = new byte[PageSize];
        for (int i = 0; i < table.Length; i += 8) BitConverter.TryWriteBytes(table.AsSpan(i), RandomBase(random));
        memory.TryWrite(new GuestPhysicalAddress(TableStart), table);

        var world = new World { IsSingleThreaded = true };
        var options = new EngineOptions
        {
            Kind = kind, IsDeterministic = true, HotThreshold = 10, Optimises = optimises, CommonRun = random.Next(1, 4), CommonSequence = random.Next(1, 6),
            MaxBlockInstructions = random.Next(2, 49),
        };
        using var cache = new TranslationCache(architecture, memory, world, options, new ExecutionCounters());
        using var hart = new RiscVHart(architecture, memory, 0, new RiscVHartEnvironment(new ManualClock()));
        hart.Attach(world, cache);
        hart.Reset();
        for (byte r = FirstValue; r < Log; r++) hart[RiscVSlots.X(r)] = (ulong)random.NextInt64() >> random.Next(64);
        for (byte r = FirstPatch; r < FirstPatch + 2; r++) hart[RiscVSlots.X(r)] = TwoInstructions(random);
        hart[RiscVSlots.X(Table)] = TableStart;
        hart[RiscVSlots.X(Log)] = LogStart;
        Assert.That(hart.TryWriteCsr(Mtvec, CodeStart + TrapHandler));
        hart.ProgramCounter = CodeStart;
        hart.LimitTime((ulong)random.Next(50, 30_000));
        hart.Run(new StopSignal());

        byte[] log = new byte[LogSize];
        memory.TryRead(new GuestPhysicalAddress(LogStart), log);
        int faults = (int)(hart[RiscVSlots.X(Log)] - LogStart) / LogEntry;
        Assert.That(faults * LogEntry, Is.LessThan(LogSize));
        byte[] content = new byte[PageSize];
        string contents = "";
        foreach (int page in ram)
        {
            memory.TryRead(PageOfData(page), content);
            contents += Convert.ToHexString(SHA256.HashData(content)) + " ";
        }

        var x = Enumerable.Range(0, 32).Select(r => $"x{r}={hart[RiscVSlots.X(r)]:x}");
        return $"pc {hart.ProgramCounter:x} count {hart.InstructionCount} {string.Join(' ', x)} memory {contents}\n{device.Accesses}\n"
            + string.Join('\n', Enumerable.Range(0, faults).Select(i => Convert.ToHexString(log, i * LogEntry, LogEntry)));
    }

    private static GuestPhysicalAddress PageOfData(int page) => new(DataStart + ((ulong)page * PageSize));

    // some words of it are bases, for loads that overwrite theirs
    private static byte[] RandomContent(Random random)
    {
        byte[] content = new byte[PageSize];
        random.NextBytes(content);
        for (int i = 0; i < PageSize; i += 16) BitConverter.TryWriteBytes(content.AsSpan(i), RandomBase(random));
        return content;
    }

    private static ulong RandomBase(Random random)
    {
        int edge = random.Next(DataPages) * PageSize;
        int distance = random.Next(4) == 0 ? PageSize / 2 : random.Next(-MaxDistance, MaxDistance);
        if (random.Next(2) == 0) distance &= -8;
        return (ulong)((long)DataStart + edge + distance);
    }

    private static ulong TwoInstructions(Random random)
    {
        var text = new ProgramText();
        for (int i = 0; i < 2; i++) text.Append("addi", Value(random), Value(random), immediate: random.Next(-2048, 2048));
        return BitConverter.ToUInt64(text.Bytes);
    }

    private sealed class RecordingDevice : IMmioDevice
    {
        private readonly System.Text.StringBuilder _accesses = new();
        private ulong _reads;

        public string Accesses => _accesses.ToString();

        public BusStatus Read(MmioAccess access, out ulong value)
        {
            value = ++_reads & (access.Size == 8 ? ulong.MaxValue : (1ul << (8 * access.Size)) - 1);
            _accesses.Append($"r{access.Offset:x}/{access.Size} ");
            return BusStatus.Ok;
        }

        public BusStatus Write(MmioAccess access, ulong value)
        {
            _accesses.Append($"w{access.Offset:x}/{access.Size}={value:x} ");
            return BusStatus.Ok;
        }
    }
}

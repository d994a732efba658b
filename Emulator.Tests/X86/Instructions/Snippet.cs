using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Iced.Intel;

namespace Emulator.Tests.X86.Instructions;

/// <summary>A few instructions, run once on every engine in flat memory; all engines have to end alike.</summary>
internal sealed class Snippet
{
    public const ulong CodeStart = 0x1000;
    public const ulong DataStart = 0x8000;
    public const int DataLength = 0x4000;

    private static readonly EngineKind[] Kinds = [EngineKind.Reference, EngineKind.Interpreter, EngineKind.Jit, EngineKind.Auto];

    private readonly Dictionary<Register, ulong> _registers = [];
    private readonly Dictionary<ulong, byte[]> _memory = [];
    private readonly byte[] _code;
    private readonly int _bits;
    private readonly int _count;

    private Snippet(int bits, byte[] code, int count) => (_bits, _code, _count) = (bits, code, count);

    /// <summary>Registers after the run, by the names of 64 bits.</summary>
    public Dictionary<Register, ulong> Registers { get; } = [];

    public ulong Flags { get; private set; }

    public ulong ProgramCounter { get; private set; }

    public byte[] Data { get; private set; } = [];

    /// <summary>Assembles; the run ends after <paramref name="count"/> instructions, or after as many as there are.</summary>
    public static Snippet Of(int bits, Action<Assembler> write, int? count = null)
    {
        var assembler = new Assembler(bits);
        write(assembler);
        using var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), CodeStart);
        return new Snippet(bits, stream.ToArray(), count ?? assembler.Instructions.Count);
    }

    public static Snippet OfBytes(int bits, string hex, int count = 1) => new(bits, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), count);

    public Snippet With(Register register, ulong value)
    {
        _registers[register] = value;
        return this;
    }

    public Snippet WithMemory(ulong address, params byte[] bytes)
    {
        _memory[address] = bytes;
        return this;
    }

    /// <summary>Runs on all engines.</summary>
    public Snippet Run()
    {
        string? first = null;
        foreach (var kind in Kinds)
        {
            string state = Run(kind);
            first ??= state;
            Assert.That(state, Is.EqualTo(first), $"{kind}: {Convert.ToHexString(_code)}");
        }

        return this;
    }

    public ulong this[Register register] => Registers[register];

    private string Run(EngineKind kind)
    {
        var architecture = new X86Architecture();
        using var memory = new MemorySystem();
        memory.AddRam("ram", new GuestPhysicalAddress(0), 0x10000);
        memory.TryWrite(new GuestPhysicalAddress(CodeStart), _code);
        foreach (var (address, bytes) in _memory) memory.TryWrite(new GuestPhysicalAddress(address), bytes);
        var options = new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = kind == EngineKind.Jit ? 1 : 3 };
        using var cache = new TranslationCache(architecture, memory, new World { IsSingleThreaded = true }, options, new ExecutionCounters());
        using var cpu = new X86Cpu(architecture, memory, 0);
        var world = new World { IsSingleThreaded = true };
        cpu.Attach(world, cache);
        SetUp(cpu);
        cpu.LimitTime((ulong)_count);
        cpu.Run(new StopSignal());
        Data = new byte[DataLength];
        memory.TryRead(new GuestPhysicalAddress(DataStart), Data);
        for (int i = 0; i < 16; i++) Registers[Register.RAX + i] = cpu[X86Slots.General64(i)];
        Flags = cpu.EFlags;
        ProgramCounter = cpu.ProgramCounter;
        return $"{ProgramCounter:x} {cpu.InstructionCount} {Flags:x} {string.Join(' ', Registers.Values.Select(v => $"{v:x}"))} {Convert.ToHexString(Data)}";
    }

    private void SetUp(X86Cpu cpu)
    {
        const SegmentAttributes data = SegmentAttributes.RealMode | SegmentAttributes.Default32;
        if (_bits == 64) cpu.Registers.Efer = Efer.Lma | Efer.Lme;
        if (_bits != 16)
        {
            cpu.Registers.Cr0 |= Cr0.Pe;
            for (int i = 0; i < 6; i++) cpu.SetSegment(i, new SegmentCache(8, uint.MaxValue, data), 0);
            var code = SegmentAttributes.RealMode | SegmentAttributes.Code | (_bits == 64 ? SegmentAttributes.Long : SegmentAttributes.Default32);
            cpu.SetSegment(X86Cpu.Cs, new SegmentCache(8, uint.MaxValue, code), 0);
        }
        else
        {
            cpu.SetSegment(X86Cpu.Cs, new SegmentCache(0, ushort.MaxValue, SegmentAttributes.RealMode), 0);
        }

        cpu.ProgramCounter = CodeStart;
        foreach (var (register, value) in _registers) cpu[X86Slots.General64(register - Register.RAX)] = value;
    }
}

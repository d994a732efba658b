using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Iced.Intel;

namespace Emulator.Tests.X86.Sse;

/// <summary>64-bit user code with SSE enabled, run on every engine until an exception; all engines have to end alike.</summary>
internal sealed class SseProgram(byte[] code)
{
    public const ulong Code = 0x4000_0000;
    public const ulong Data = 0x4001_0000;
    public const int DataBytes = 0x1000;
    public const int EndVector = (int)X86Exception.Breakpoint;

    private const int LongestRun = 100_000;

    private static readonly EngineKind[] Kinds = [EngineKind.Reference, EngineKind.Interpreter, EngineKind.Jit, EngineKind.Auto];

    private readonly byte[] _data = new byte[DataBytes];
    private Action<X86Cpu>? _setUp;

    /// <summary>The exception's vector; <see cref="EndVector"/> when the code got to its end.</summary>
    public int Vector { get; private set; }

    public uint Mxcsr { get; private set; }

    public ulong Flags { get; private set; }

    public ulong[] General { get; } = new ulong[16];

    public UInt128[] Xmm { get; } = new UInt128[16];

    public byte[] Memory { get; private set; } = [];

    public static SseProgram Of(Action<Assembler> write)
    {
        var assembler = new Assembler(64);
        write(assembler);
        assembler.int3();
        using var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), Code);
        return new SseProgram(stream.ToArray());
    }

    public static SseProgram OfBytes(string hex) => new([.. Convert.FromHexString(hex), 0xcc]);

    public SseProgram WithData(int offset, params byte[] bytes)
    {
        bytes.CopyTo(_data, offset);
        return this;
    }

    public SseProgram WithSingles(int offset, params float[] values) => WithData(offset, [.. values.SelectMany(BitConverter.GetBytes)]);

    public SseProgram WithDoubles(int offset, params double[] values) => WithData(offset, [.. values.SelectMany(BitConverter.GetBytes)]);

    /// <summary>Changes the processor before the run.</summary>
    public SseProgram With(Action<X86Cpu> setUp)
    {
        _setUp += setUp;
        return this;
    }

    public SseProgram Run()
    {
        string? first = null;
        foreach (var kind in Kinds)
        {
            string state = Run(kind);
            first ??= state;
            Assert.That(state, Is.EqualTo(first), $"{kind}: {Convert.ToHexString(code)}");
        }

        return this;
    }

    private string Run(EngineKind kind)
    {
        const PageBits bits = PageBits.Present | PageBits.User | PageBits.Writable;
        using var machine = new UserMachine(new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = 2 });
        machine.AddMemory("code", Code, 1, bits);
        machine.AddMemory("data", Data, 1, bits);
        machine.Memory.TryWrite(new GuestPhysicalAddress(Code), code);
        machine.Memory.TryWrite(new GuestPhysicalAddress(Data), _data);
        machine.EnterUser(64);
        var cpu = machine.Cpu;
        cpu.ProgramCounter = Code;
        cpu[X86Slots.General64(7)] = Data;
        _setUp?.Invoke(cpu);
        cpu.UpdateMode();
        cpu.LimitTime(cpu.TimeSpent + LongestRun);
        machine.Run();
        Vector = machine.HandlerEntered ?? -1;
        Mxcsr = cpu.Mxcsr;
        var frame = machine.Frame();
        Flags = frame[^3];
        for (int i = 0; i < 16; i++)
        {
            General[i] = i == 4 ? 0 : cpu[X86Slots.General64(i)];
            Xmm[i] = new UInt128(cpu[X86Slots.Xmm(i, 1)], cpu[X86Slots.Xmm(i, 0)]);
        }

        Memory = new byte[DataBytes];
        machine.Memory.TryRead(new GuestPhysicalAddress(Data), Memory);
        return $"{Vector} {frame[^5]:x} {Mxcsr:x} {Flags:x} {string.Join(' ', General)} {string.Join(' ', Xmm)} {Convert.ToHexString(Memory)}";
    }
}

using Emulator.Arch.X86;
using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Emulator.Tests.X86.Host;
using Emulator.Tests.X86.System;
using Iced.Intel;

namespace Emulator.Tests.X86.Suites;

/// <summary>A processor in real mode with 16 MiB of RAM, ports that read as ones, and nothing else.</summary>
internal sealed class SingleStepMachine : IDisposable
{
    // of the flags register of 16 bits; the four above it are not to be set in real mode on an 80286
    private const uint ComparedFlags = 0xfd5 & ~(uint)Eflags.Tf;
    private const ulong RamLength = 16 << 20;
    private const int LongestTest = 1000;
    private const int DivideError = 0;
    private const int PushedFlags = 4; // above IP and CS

    private readonly World _world = new() { IsSingleThreaded = true };
    private readonly MemorySystem _memory = new();
    private readonly TranslationCache _cache;
    private readonly X86Cpu _cpu;
    private readonly StopSignal _stop = new();

    public SingleStepMachine(EngineKind kind)
    {
        _memory.AddRam("ram", default, RamLength);
        var architecture = new X86Architecture();
        var options = new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = kind == EngineKind.Jit ? 1 : 3 };
        _cache = new TranslationCache(architecture, _memory, _world, options, new ExecutionCounters());
        _cpu = new X86Cpu(architecture, _memory, 0, new X86CpuEnvironment { Ports = new RecordedPorts() });
        _cpu.Attach(_world, _cache);
    }

    /// <summary>Executes a test to its HLT; returns what is different from the processor's results, or null.</summary>
    public string? Run(MooTest test)
    {
        foreach (var (address, value) in test.InitialMemory) Write(address, value);
        bool hasOneVector = test is { Is80286: true, Exception.Vector: (int)X86Exception.GeneralProtection };
        if (hasOneVector) CopyProtectionVector();
        Start(test.Initial);
        _cpu.LimitTime(_cpu.TimeSpent + LongestTest);
        _world.Enter();
        _cpu.Run(_stop);
        _world.Exit();
        string? difference = Compare(test);
        foreach (var (address, _) in test.InitialMemory) Write(address, 0);
        foreach (var (address, _) in test.FinalMemory) Write(address, 0);
        if (hasOneVector) CopyProtectionVector();
        return difference;
    }

    public void Dispose()
    {
        _cpu.Dispose();
        _cache.Dispose();
        _memory.Dispose();
    }

    private void Start(MooRegisters initial)
    {
        _cpu.Registers.Cr0 = Cr0.Et;
        _cpu.Registers.Idtr = new TableRegister(0, 0x3ff);
        _cpu.IsHalted = false;
        for (var register = MooRegister.Eax; register <= MooRegister.Esp; register++) _cpu[General(register)] = initial[register] ?? 0;
        for (int i = 0; i < 6; i++)
        {
            uint selector = (initial[SegmentOf(i)] ?? 0) & 0xffff;
            _cpu.SetSegment(i, new SegmentCache((ushort)selector, 0xffff, SegmentAttributes.RealMode), selector << 4);
        }

        _cpu.EFlags = initial[MooRegister.Eflags]!.Value & ComparedFlags;
        _cpu.ProgramCounter = (((initial[MooRegister.Cs] ?? 0) & 0xffff) << 4) + (initial[MooRegister.Eip] ?? 0);
    }

    private string? Compare(MooTest test)
    {
        if (!_cpu.IsHalted) return $"not at HLT, CS:IP {_cpu.Registers.Segments[X86Cpu.Cs].Selector:x4}:{_cpu.InstructionPointer:x4}";
        uint flags = ComparedFlags & ~UndefinedFlags(test) & (test.Masks[MooRegister.Eflags] ?? uint.MaxValue);
        for (var register = MooRegister.Eax; register <= MooRegister.Eflags; register++)
        {
            if ((test.Final[register] ?? test.Initial[register]) is not { } expected) continue;
            uint actual = Value(register);
            uint mask = register == MooRegister.Eflags ? flags : test.Masks[register] ?? uint.MaxValue;
            if (test.Is80286 || register is >= MooRegister.Cs and <= MooRegister.Ss) mask &= 0xffff;
            if (((actual ^ expected) & mask) != 0) return $"{register} {actual:x} instead of {expected:x}";
        }

        uint pushed = ((uint)_cpu.Registers.Segments[X86Cpu.Ss].Selector << 4) + (ushort)(_cpu[X86Slots.Rsp] + PushedFlags);
        foreach (var (address, expected) in test.FinalMemory)
        {
            uint mask = test.Exception is not null && address - pushed < 2 ? flags >> (int)(8 * (address - pushed)) : byte.MaxValue;
            byte actual = Read(address);
            if (((actual ^ expected) & mask) != 0) return $"byte at {address:x} {actual:x2} instead of {expected:x2}";
        }

        return null;
    }

    // An 80286 in real mode has no stack fault of its own: what an 80386 reports as #SS is #GP there.
    private void CopyProtectionVector()
    {
        for (uint i = 0; i < 4; i++) Write((4 * (uint)X86Exception.StackFault) + i, Read((4 * (uint)X86Exception.GeneralProtection) + i));
    }

    // Processors differ in the flags that a division leaves when it faults.
    private static uint UndefinedFlags(MooTest test)
    {
        var decoder = Decoder.Create(16, test.Code);
        var instruction = decoder.Decode();
        if (test.Exception is { } exception) return exception.Vector == DivideError ? (uint)ArithmeticFlags.All : 0;
        return (uint)UndefinedResults.Flags(instruction, test.Initial[MooRegister.Ecx] ?? 0);
    }

    private uint Value(MooRegister register) => register switch
    {
        <= MooRegister.Esp => (uint)_cpu[General(register)],
        <= MooRegister.Ss => _cpu.Registers.Segments[Enumerable.Range(0, 6).First(i => SegmentOf(i) == register)].Selector,
        MooRegister.Eip => (uint)_cpu.InstructionPointer,
        _ => (uint)_cpu.EFlags,
    };

    private static Slot General(MooRegister register) => X86Slots.General64(register switch
    {
        MooRegister.Eax => 0,
        MooRegister.Ecx => 1,
        MooRegister.Edx => 2,
        MooRegister.Ebx => 3,
        MooRegister.Esp => 4,
        MooRegister.Ebp => 5,
        MooRegister.Esi => 6,
        _ => 7,
    });

    private static MooRegister SegmentOf(int number) => number switch
    {
        X86Cpu.Es => MooRegister.Es,
        X86Cpu.Cs => MooRegister.Cs,
        X86Cpu.Ss => MooRegister.Ss,
        X86Cpu.Ds => MooRegister.Ds,
        X86Cpu.Fs => MooRegister.Fs,
        _ => MooRegister.Gs,
    };

    private void Write(uint address, byte value) => Assert.That(_memory.TryWrite(new GuestPhysicalAddress(address), 1, value));

    private byte Read(uint address) => _memory.TryRead(new GuestPhysicalAddress(address), 1, out ulong value) ? (byte)value : (byte)0xff;
}

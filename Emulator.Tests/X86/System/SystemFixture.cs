using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Iced.Intel;

namespace Emulator.Tests.X86.System;

/// <summary>
/// A processor in RAM with descriptor tables, a TSS and stacks for all levels, flat segments, and a handler for every vector that halts.
/// </summary>
internal sealed class SystemFixture : IDisposable
{
    public const ulong Gdt = 0x1000;
    public const ulong Idt = 0x2000;
    public const ulong Tss = 0x4000;
    public const ulong CodeStart = 0x10000;
    public const ulong Handlers = 0x20000;
    public const ulong RamLength = 0x20_0000;
    public const int Code0 = 0x08;
    public const int Data0 = 0x10;
    public const int Code3 = 0x1b;
    public const int Data3 = 0x23;
    public const int TssSelector = 0x28;
    public const int LongCode0 = 0x38;
    public const int LongCode3 = 0x43;

    /// <summary>Entries from here on are a test's own.</summary>
    public const int Free = 0x50;

    private const int HandlerSpacing = 16;
    private readonly World _world = new() { IsSingleThreaded = true };
    private readonly TranslationCache _cache;

    public SystemFixture(EngineKind kind = EngineKind.Reference, X86CpuEnvironment? environment = null)
    {
        Memory.AddRam("ram", default, RamLength);
        var architecture = new X86Architecture();
        var options = new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = kind == EngineKind.Jit ? 1 : 3 };
        _cache = new TranslationCache(architecture, Memory, _world, options, new ExecutionCounters());
        Cpu = new X86Cpu(architecture, Memory, 0, environment ?? new X86CpuEnvironment { Ports = Ports, Interrupts = Interrupts });
        Cpu.Attach(_world, _cache);
        Cpu.Registers.Gdtr = new TableRegister(Gdt, 0xfff);
        Cpu.Registers.Idtr = new TableRegister(Idt, 0xfff);
        SetDescriptor(Code0, 0, uint.MaxValue, 0x9b, is32: true);
        SetDescriptor(Data0, 0, uint.MaxValue, 0x93, is32: true);
        SetDescriptor(Code3, 0, uint.MaxValue, 0xfb, is32: true);
        SetDescriptor(Data3, 0, uint.MaxValue, 0xf3, is32: true);
        SetDescriptor(TssSelector, (uint)Tss, 0x2fff, 0x89, is32: false);
        SetDescriptor(LongCode0, 0, uint.MaxValue, 0x9b, is32: false, isLong: true);
        SetDescriptor(LongCode3, 0, uint.MaxValue, 0xfb, is32: false, isLong: true);
        byte[] halts = new byte[256 * HandlerSpacing];
        Array.Fill(halts, (byte)0xf4);
        Write(Handlers, halts);
    }

    public MemorySystem Memory { get; } = new();

    public X86Cpu Cpu { get; }

    public RecordedPorts Ports { get; } = new();

    public ManualInterrupts Interrupts { get; } = new();

    /// <summary>32-bit protected mode at a level, with gates of 32 bits for all vectors.</summary>
    public SystemFixture EnterProtected(int cpl = 0, bool withGates = true)
    {
        Cpu.Registers.Cr0 = Cr0.Pe | Cr0.Et;
        Cpu.Registers.Cpl = (byte)cpl;
        for (int vector = 0; withGates && vector < 256; vector++) SetGate(vector, 0xee, Code0, Handler(vector));
        for (int level = 0; level < 3; level++)
        {
            Write(Tss + 4 + (uint)(8 * level), 4, Stack(level));
            Write(Tss + 8 + (uint)(8 * level), 2, level == 0 ? (ulong)Data0 : 0);
        }

        Write(Tss + 0x66, 2, 0x2fff); // no I/O map
        Cpu.Registers.Tr = new SystemSegment(TssSelector, Tss, 0x2fff, (SegmentAttributes)0x8b);
        LoadFlat(cpl == 0 ? Code0 : Code3, cpl == 0 ? Data0 : Data3, cpl, isLong: false);
        return this;
    }

    /// <summary>64-bit mode at a level, without paging's help: everything is mapped one to one by 2 MiB pages that users may use.</summary>
    public SystemFixture EnterLong(int cpl = 0)
    {
        const ulong tables = 0x8_0000;
        Write(tables, 8, (tables + 0x1000) | 7);
        Write(tables + 0x1000, 8, (tables + 0x2000) | 7);
        Write(tables + 0x2000, 8, 0x87);
        Cpu.Registers.Cr0 = Cr0.Pe | Cr0.Et | Cr0.Pg;
        Cpu.Registers.Cr3 = tables;
        Cpu.Registers.Cr4 = Cr4.Pae;
        Cpu.Registers.Efer = Efer.Lme | Efer.Lma | Efer.Sce | Efer.Nxe;
        Cpu.Registers.Cpl = (byte)cpl;
        for (int vector = 0; vector < 256; vector++) SetLongGate(vector, 0xee, LongCode0, Handler(vector), 0);
        for (int level = 0; level < 3; level++) Write(Tss + 4 + (uint)(8 * level), 8, Stack(level));
        for (int stack = 1; stack <= 7; stack++) Write(Tss + 28 + (uint)(8 * stack), 8, InterruptStack(stack));
        Cpu.Registers.Tr = new SystemSegment(TssSelector, Tss, 0x2fff, (SegmentAttributes)0x8b);
        LoadFlat(cpl == 0 ? LongCode0 : LongCode3, cpl == 0 ? Data0 : Data3, cpl, isLong: true);
        return this;
    }

    public static ulong Stack(int level) => 0x6_0000 + ((ulong)level * 0x1000);

    public static ulong InterruptStack(int number) => 0x7_0000 + ((ulong)number * 0x1000);

    public static ulong Handler(int vector) => Handlers + (ulong)(vector * HandlerSpacing);

    public void SetDescriptor(int selector, uint start, uint limit, byte access, bool is32, bool isLong = false)
    {
        bool isGranular = limit > 0xf_ffff;
        ulong shown = isGranular ? limit >> 12 : limit;
        ulong flags = (isGranular ? 8u : 0) | (is32 ? 4u : 0) | (isLong ? 2u : 0);
        ulong value = (shown & 0xffff) | ((ulong)(start & 0xff_ffff) << 16) | ((ulong)access << 40) | ((shown >> 16) << 48) | (flags << 52) | ((ulong)(start >> 24) << 56);
        Write(Gdt + (uint)(selector & ~7), 8, value);
    }

    public void SetGate(int vector, byte access, int selector, ulong offset) => Write(Idt + (uint)(8 * vector), 8, Gate(access, selector, offset, 0));

    public void SetLongGate(int vector, byte access, int selector, ulong offset, int stack)
    {
        Write(Idt + (uint)(16 * vector), 8, Gate(access, selector, offset, stack));
        Write(Idt + (uint)(16 * vector) + 8, 8, offset >> 32);
    }

    public static ulong Gate(byte access, int selector, ulong offset, int detail) =>
        (offset & 0xffff) | ((ulong)selector << 16) | ((ulong)detail << 32) | ((ulong)access << 40) | ((offset & 0xffff_0000) << 32);

    /// <summary>Assembles at an address.</summary>
    public SystemFixture Place(int bits, ulong address, Action<Assembler> write)
    {
        var assembler = new Assembler(bits);
        write(assembler);
        using var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), address);
        Write(address, stream.ToArray());
        return this;
    }

    /// <summary>Executes until HLT, at most so many instructions.</summary>
    public SystemFixture Run(int limit = 10_000)
    {
        Cpu.IsHalted = false;
        Cpu.LimitTime(Cpu.TimeSpent + (ulong)limit);
        Cpu.Run(new StopSignal());
        return this;
    }

    /// <summary>Executes code at <see cref="CodeStart"/> until HLT.</summary>
    public SystemFixture Run(int bits, Action<Assembler> write, int limit = 10_000)
    {
        Place(bits, CodeStart, write);
        Cpu.ProgramCounter = CodeStart;
        return Run(limit);
    }

    /// <summary>The vector whose handler the processor has halted in; -1 elsewhere.</summary>
    public int HaltedVector => Cpu.IsHalted && Cpu.ProgramCounter is > Handlers and <= Handlers + (256 * HandlerSpacing)
        ? (int)((Cpu.ProgramCounter - 1 - Handlers) / HandlerSpacing)
        : -1;

    public ulong this[Register register]
    {
        get => Cpu[X86Slots.General64(register - Register.RAX)];
        set => Cpu[X86Slots.General64(register - Register.RAX)] = value;
    }

    public ulong Read(ulong address, int size)
    {
        if (!Memory.TryRead(new GuestPhysicalAddress(address), size, out ulong value)) Assert.Fail($"read {address:x}");
        return value;
    }

    public void Write(ulong address, int size, ulong value)
    {
        if (!Memory.TryWrite(new GuestPhysicalAddress(address), size, value)) Assert.Fail($"write {address:x}");
    }

    public void Write(ulong address, byte[] bytes)
    {
        if (!Memory.TryWrite(new GuestPhysicalAddress(address), bytes)) Assert.Fail($"write {address:x}");
    }

    private void LoadFlat(int code, int data, int cpl, bool isLong)
    {
        var dpl = SegmentAttributes.OfDpl(cpl);
        const SegmentAttributes flat = SegmentAttributes.RealMode | SegmentAttributes.Default32 | SegmentAttributes.PageGranular;
        for (int i = 0; i < 6; i++) Cpu.SetSegment(i, new SegmentCache((ushort)data, uint.MaxValue, flat | dpl), 0);
        var attributes = SegmentAttributes.RealMode | SegmentAttributes.Code | SegmentAttributes.PageGranular | dpl
            | (isLong ? SegmentAttributes.Long : SegmentAttributes.Default32);
        Cpu.SetSegment(X86Cpu.Cs, new SegmentCache((ushort)code, uint.MaxValue, attributes), 0);
        Cpu[X86Slots.Rsp] = Stack(cpl) - 0x100;
        Cpu.ProgramCounter = CodeStart;
    }

    public void Dispose()
    {
        Cpu.Dispose();
        _cache.Dispose();
        Memory.Dispose();
    }
}

/// <summary>Ports that note what is written and give what was put in.</summary>
internal sealed class RecordedPorts : IPortBus
{
    public List<(ushort Port, int Size, ulong Value)> Writes { get; } = [];

    public Dictionary<ushort, ulong> Values { get; } = [];

    /// <summary>Called after each write.</summary>
    public Action<ushort, ulong>? Written { get; set; }

    public ulong Read(ushort port, int size) => Values.GetValueOrDefault(port, ulong.MaxValue) & (ulong.MaxValue >> (64 - (8 * size)));

    public void Write(ushort port, int size, ulong value)
    {
        Writes.Add((port, size, value));
        Written?.Invoke(port, value);
    }
}

/// <summary>An interrupt input that is held until it is acknowledged.</summary>
internal sealed class ManualInterrupts : IInterruptSource
{
    public Queue<byte> Vectors { get; } = [];

    public bool HasPending => Vectors.Count > 0;

    public byte Acknowledge() => Vectors.Dequeue();
}

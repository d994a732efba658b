using Emulator.Arch.X86.Flags;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <summary>
/// An x86 processor: segments, control registers, paging, exceptions and interrupts. What it executes comes to it through its
/// helpers; what it sees of the machine are its bus, its ports and its interrupt input.
/// </summary>
public sealed partial class X86Cpu : VirtualCpu
{
    internal const int Es = 0;
    internal const int Cs = 1;
    internal const int Ss = 2;
    internal const int Ds = 3;
    internal const int Fs = 4;
    internal const int Gs = 5;

    private const ulong ResetCr0 = Cr0.Et | Cr0.Nw | Cr0.Cd;
    private const ulong ResetBase = 0xffff_0000;
    private const ulong ResetPointer = 0xfff0;
    private const ushort ResetSelector = 0xf000;
    private const uint RealLimit = 0xffff;
    private const ulong ResetPat = 0x0007_0406_0007_0406;
    private const ulong ResetApicBase = 0xfee0_0800;
    private const ulong BootstrapProcessor = 1ul << 8;
    private const ulong ResetMiscEnable = 1; // fast strings

    private readonly X86CpuEnvironment _environment;

    private X86Mode _mode;

    /// <summary>All mutable state that a snapshot carries besides the slots.</summary>
    internal X86CpuState Registers;

    /// <summary>Creates a processor in its state after reset.</summary>
    /// <param name="architecture">What it executes.</param>
    /// <param name="memory">The bus it is on.</param>
    /// <param name="index">Its number in the machine.</param>
    /// <param name="environment">Its ports, interrupts and time.</param>
    public X86Cpu(X86Architecture architecture, MemorySystem memory, int index, X86CpuEnvironment? environment = null)
        : base(architecture, memory, index)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        Features = architecture.Features;
        _environment = environment ?? X86CpuEnvironment.None;
        Reset();
    }

    /// <summary>What the processor is and can do.</summary>
    public X86Features Features { get; }

    /// <inheritdoc/>
    public override uint Mode => (uint)_mode;

    /// <summary>EFLAGS as PUSHF shows it, RF and VM included.</summary>
    public ulong EFlags
    {
        get => this[X86Slots.ControlFlags]
            | (ulong)LazyFlags.Compute(FlagForm.Unpack(this[X86Slots.FlagForm]), this[X86Slots.FlagA], this[X86Slots.FlagB]);
        set
        {
            this[X86Slots.FlagForm] = (ulong)new FlagForm(FlagKind.Raw, 1).Pack();
            this[X86Slots.FlagA] = value & (ulong)ArithmeticFlags.All;
            this[X86Slots.ControlFlags] = (value & ~(ulong)ArithmeticFlags.All) | Eflags.Reserved1;
            UpdateMode();
        }
    }

    /// <summary>EIP or RIP: the program counter relative to CS.</summary>
    public ulong InstructionPointer => _mode.Is64 ? ProgramCounter : (uint)(ProgramCounter - this[X86Slots.SegmentBase(Cs)]);

    /// <inheritdoc/>
    public override void Reset()
    {
        for (int i = 0; i < 16; i++) this[X86Slots.General64(i)] = 0;
        for (int i = 0; i < 16; i++) this[X86Slots.Xmm(i, 0)] = this[X86Slots.Xmm(i, 1)] = 0;
        this[X86Slots.Mxcsr] = MxcsrBits.Default;
        this[new Slot(StateSlots.FloatFlags)] = 0;
        this[X86Slots.InterruptShadow] = ulong.MaxValue;
        this[X86Slots.General64(2)] = Features.Signature;
        Registers = new X86CpuState
        {
            Cr0 = ResetCr0,
            Debug = new DebugRegisters { Dr6 = DebugStatus.Fixed, Dr7 = DebugControl.Fixed },
            Ldtr = new SystemSegment(0, 0, RealLimit, SegmentAttributes.Present | (SegmentAttributes)SystemType.Ldt),
            Tr = new SystemSegment(0, 0, RealLimit, SegmentAttributes.Present | (SegmentAttributes)SystemType.BusyTss32),
            Msrs = new ModelSpecificState
            {
                Pat = ResetPat, MiscEnable = ResetMiscEnable, ApicBase = ResetApicBase | (Index == 0 ? BootstrapProcessor : 0),
            },
        };
        for (int i = 0; i < 6; i++) SetSegment(i, new SegmentCache(0, RealLimit, SegmentAttributes.RealMode), 0);
        SetSegment(Cs, new SegmentCache(ResetSelector, RealLimit, SegmentAttributes.RealMode), ResetBase);
        Registers.Gdtr = Registers.Idtr = new TableRegister(0, ushort.MaxValue);
        ProgramCounter = ResetBase + ResetPointer;
        EFlags = 0;
        DropTranslations();
        EndHalt();
    }

    internal uint SegmentLimit(int segment) => Registers.Segments[segment].Limit;

    /// <summary>Loads a segment register as it is; checks are the caller's.</summary>
    internal void SetSegment(int segment, SegmentCache cache, ulong segmentBase)
    {
        Registers.Segments[segment] = cache;
        this[X86Slots.SegmentBase(segment)] = segmentBase;
        UpdateMode();
    }

    /// <summary>Recomputes the mode word; called after everything that it depends on.</summary>
    internal void UpdateMode()
    {
        var mode = X86Mode.None;
        ulong flags = this[X86Slots.ControlFlags];
        bool isLong = (Registers.Efer & Efer.Lma) != 0;
        var code = Registers.Segments[Cs];
        if ((Registers.Cr0 & Cr0.Pe) != 0) mode |= X86Mode.Protected;
        if ((flags & Eflags.Vm) != 0) mode |= X86Mode.Virtual8086;
        if (isLong) mode |= X86Mode.LongMode;
        bool is64 = isLong && (code.Attributes & SegmentAttributes.Long) != 0;
        if (is64) mode |= (X86Mode)CodeSize.Bits64;
        else if ((code.Attributes & SegmentAttributes.Default32) != 0) mode |= (X86Mode)CodeSize.Bits32;
        if ((Registers.Segments[Ss].Attributes & SegmentAttributes.Default32) != 0) mode |= X86Mode.Stack32;
        if (this[X86Slots.SegmentBase(Cs)] == 0 && code.Limit == uint.MaxValue) mode |= X86Mode.FlatCode;
        if (IsFlatData(Ds) && IsFlatData(Es) && IsFlatData(Ss)) mode |= X86Mode.FlatData;
        mode |= (X86Mode)((uint)Registers.Cpl << X86ModeExtensions.PrivilegeShift);
        var index = Registers.Cpl == 3 ? X86MmuIndex.User
            : (flags & Eflags.Ac) != 0 ? X86MmuIndex.SupervisorUserAccess : X86MmuIndex.Supervisor;
        mode |= (X86Mode)((uint)index << X86ModeExtensions.MmuIndexShift);
        if (Registers.Cpl == 3 && (Registers.Cr0 & Cr0.Am) != 0 && (flags & Eflags.Ac) != 0) mode |= X86Mode.AlignmentCheck;
        if (this[X86Slots.Mxcsr] == MxcsrBits.Default) mode |= X86Mode.DefaultMxcsr;
        if ((Registers.Cr4 & Cr4.OsFxsr) != 0 && (Registers.Cr0 & Cr0.Em) == 0) mode |= X86Mode.Sse;
        if ((Registers.Cr0 & Cr0.Ts) != 0) mode |= X86Mode.TaskSwitched;
        _mode = mode;
        UpdateObservation();
    }

    private bool IsFlatData(int segment)
    {
        const SegmentAttributes needed = SegmentAttributes.Present | SegmentAttributes.NotSystem | SegmentAttributes.Writable;
        var cache = Registers.Segments[segment];
        return this[X86Slots.SegmentBase(segment)] == 0 && cache.Limit == uint.MaxValue
            && (cache.Attributes & (needed | SegmentAttributes.Code | SegmentAttributes.ExpandDown)) == needed;
    }
}

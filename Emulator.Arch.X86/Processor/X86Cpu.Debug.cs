namespace Emulator.Arch.X86.Processor;

/// <summary>What a breakpoint register waits for: the R/W fields of DR7.</summary>
internal enum BreakpointKind
{
    Execution,
    Write,
    Port,
    ReadOrWrite,
}

/// <content>Single-stepping and breakpoints (Intel SDM volume 3, chapter 18).</content>
public sealed partial class X86Cpu
{
    private const int BreakpointCount = 4;
    private bool _isTraced; // TF was set when the current instruction began
    private bool _isTrapDropped; // an interrupt was delivered since: no single-step trap after INT n

    /// <summary>True when RF makes a difference.</summary>
    internal bool HasInstructionBreakpoints => HasBreakpoint(BreakpointKind.Execution);

    /// <summary>Decides whether the dispatcher has to look at each instruction.</summary>
    private void UpdateObservation()
    {
        bool isTracing = (this[X86Slots.ControlFlags] & Eflags.Tf) != 0;
        IsObserved = isTracing || Registers.PendingDebug != 0 || (Registers.Debug.Dr7 & DebugControl.Enables) != 0;
    }

    /// <inheritdoc/>
    protected override bool BeginObserved()
    {
        ulong flags = this[X86Slots.ControlFlags];
        bool isHeld = Registers.HoldsDebugTraps && this[X86Slots.InterruptShadow] == ProgramCounter;
        if (Registers.PendingDebug != 0 && !isHeld)
        {
            DeliverPending();
            return false;
        }

        // a load of SS suppresses the breakpoint behind it (volume 3, 6.8.3)
        ulong hits = (flags & Eflags.Rf) == 0 && !isHeld ? InstructionBreakpointsAt(ProgramCounter) : 0;
        if (hits != 0)
        {
            Deliver(EventOf(X86Fault.Debug(hits), ProgramCounter), X86Fault.Debug(hits));
            return false;
        }

        this[X86Slots.ControlFlags] = flags & ~Eflags.Rf;
        _isTraced = (flags & Eflags.Tf) != 0;
        _isTrapDropped = false;
        return true;
    }

    /// <inheritdoc/>
    protected override bool EndObserved()
    {
        if (_isTraced && !_isTrapDropped) Registers.PendingDebug |= DebugStatus.SingleStep;
        if (Registers.HoldsDebugTraps && this[X86Slots.InterruptShadow] == ProgramCounter)
        {
            Registers.PendingDebug &= ~DebugStatus.SingleStep;
            return false;
        }

        if (Registers.PendingDebug == 0) return false;
        DeliverPending();
        return true;
    }

    /// <summary>SYSCALL and SYSRET are followed by a single-step trap if TF is set when they end, not when they began.</summary>
    internal void TraceByFinalFlags()
    {
        _isTrapDropped = true;
        if ((this[X86Slots.ControlFlags] & Eflags.Tf) == 0) return;
        Registers.PendingDebug |= DebugStatus.SingleStep;
        UpdateObservation();
    }

    private void DeliverPending()
    {
        ulong bits = Registers.PendingDebug;
        Registers.PendingDebug = 0;
        DeliverTrap(X86Exception.Debug, bits);
        UpdateObservation();
    }

    private void RecordDebug(ulong bits)
    {
        Registers.Debug.Dr6 = (Registers.Debug.Dr6 & ~DebugStatus.Breakpoints) | bits | DebugStatus.Fixed;
        Registers.Debug.Dr7 &= ~DebugControl.GeneralDetect;
    }

    internal ulong BreakpointAddress(int number) => number switch
    {
        0 => Registers.Debug.Dr0,
        1 => Registers.Debug.Dr1,
        2 => Registers.Debug.Dr2,
        _ => Registers.Debug.Dr3,
    };

    private bool IsEnabled(int number) => ((Registers.Debug.Dr7 >> (2 * number)) & 3) != 0;

    private BreakpointKind KindOf(int number) => (BreakpointKind)((Registers.Debug.Dr7 >> (16 + (4 * number))) & 3);

    // LEN: 1, 2, 8, 4 bytes
    private int LengthOf(int number) => ((Registers.Debug.Dr7 >> (18 + (4 * number))) & 3) switch { 0 => 1, 1 => 2, 2 => 8, _ => 4 };

    private bool HasBreakpoint(BreakpointKind kind)
    {
        for (int i = 0; i < BreakpointCount; i++)
        {
            if (IsEnabled(i) && KindOf(i) == kind) return true;
        }

        return false;
    }

    private ulong InstructionBreakpointsAt(ulong linear)
    {
        ulong hits = 0;
        for (int i = 0; i < BreakpointCount; i++)
        {
            if (IsEnabled(i) && KindOf(i) == BreakpointKind.Execution && BreakpointAddress(i) == linear) hits |= 1ul << i;
        }

        return hits;
    }

    /// <summary>Notes the breakpoints that an access meets; true when one lies on its page, which then must not be cached.</summary>
    private bool NoteDataAccess(ulong linear, int size, bool isWrite)
    {
        if ((Registers.Debug.Dr7 & DebugControl.Enables) == 0) return false;
        bool isWatched = false;
        for (int i = 0; i < BreakpointCount; i++)
        {
            var kind = KindOf(i);
            if (!IsEnabled(i) || kind is BreakpointKind.Execution or BreakpointKind.Port) continue;
            ulong start = BreakpointAddress(i) & ~(ulong)(LengthOf(i) - 1);
            isWatched |= ((start ^ linear) & ~0xffful) == 0;
            bool overlaps = linear < start + (ulong)LengthOf(i) && start < linear + (ulong)size;
            if (overlaps && (isWrite || kind == BreakpointKind.ReadOrWrite)) Registers.PendingDebug |= 1ul << i;
        }

        return isWatched;
    }

    /// <summary>Notes the breakpoints that a port access meets (CR4.DE).</summary>
    internal void NotePortAccess(ushort port, int size)
    {
        if ((Registers.Cr4 & Cr4.De) == 0 || (Registers.Debug.Dr7 & DebugControl.Enables) == 0) return;
        for (int i = 0; i < BreakpointCount; i++)
        {
            if (!IsEnabled(i) || KindOf(i) != BreakpointKind.Port) continue;
            ulong start = BreakpointAddress(i) & ~(ulong)(LengthOf(i) - 1);
            if (port < start + (ulong)LengthOf(i) && start < port + (ulong)size) Registers.PendingDebug |= 1ul << i;
        }
    }

    /// <summary>Takes DR0 to DR3, DR6 and DR7.</summary>
    internal void SetDebug(DebugRegisters registers)
    {
        Registers.Debug = registers;
        DropTranslations(); // pages with breakpoints stay out of it
        UpdateObservation();
    }
}

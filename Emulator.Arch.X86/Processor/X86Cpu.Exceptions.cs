using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <content>Exceptions and interrupts (Intel SDM volume 3, chapter 6).</content>
public sealed partial class X86Cpu
{
    // vectors and CMPXCHG16B: the accesses that must be aligned whatever EFLAGS.AC says
    private const int WideAccess = 16;

    /// <summary>
    /// Called on the processor's thread when it shuts down: an exception arose while a double fault was delivered (volume 3, 6.15).
    /// The processor then stays halted until it is reset; PCs reset.
    /// </summary>
    public Action? ShutDown { get; set; }

    /// <summary>The fault delivered last.</summary>
    internal GuestFault? LastFault { get; set; }

    internal bool IsInterruptPending => _environment.Interrupts is { HasPending: true };

    /// <summary>Raises NMI. Any thread.</summary>
    public void RaiseNonMaskableInterrupt()
    {
        Volatile.Write(ref Registers.IsNmiPending, true);
        RequestAttention();
    }

    /// <inheritdoc/>
    protected override bool HasOpenBus => true;

    /// <inheritdoc/>
    protected override bool HasWakeupEvent => CanTakeNmi || CanTakeInterrupt;

    // Nothing answers a fetch: what it reads are ones, and FF FF is not an instruction.
    /// <inheritdoc/>
    protected override GuestFault AccessFault(GuestVirtualAddress address, AccessKind kind) => X86Fault.Of(X86Exception.InvalidOpcode);

    /// <inheritdoc/>
    protected override GuestFault MisalignedFault(GuestVirtualAddress address, AccessKind kind, int size) =>
        size == WideAccess ? X86Fault.GeneralProtection() : X86Fault.Of(X86Exception.AlignmentCheck);

    /// <inheritdoc/>
    protected override void DeliverFault(GuestFault fault)
    {
        Registers.PendingDebug &= ~DebugStatus.Breakpoints; // of accesses that the fault undoes
        fault = Refine(fault);
        Deliver(EventOf(fault, ProgramCounter), fault);
    }

    /// <summary>Takes a fault that a task switch met after the new task had become the current one.</summary>
    internal void DeliverInNewTask(GuestFault fault) => Deliver(EventOf(fault, ProgramCounter), fault);

    /// <inheritdoc/>
    protected override bool TryDeliverInterrupt()
    {
        if (CanTakeNmi)
        {
            Registers.IsNmiPending = false;
            Registers.IsNmiBlocked = true;
            Deliver(new InterruptEvent((byte)X86Exception.NonMaskableInterrupt, InterruptKind.External, ProgramCounter), null);
            return true;
        }

        if (!CanTakeInterrupt) return false;
        byte vector = _environment.Interrupts!.Acknowledge();
        Deliver(new InterruptEvent(vector, InterruptKind.External, ProgramCounter), null);
        return true;
    }

    /// <inheritdoc/>
    protected override bool TryHoldInterrupts()
    {
        bool isHeld = this[X86Slots.InterruptShadow] == ProgramCounter;
        if (isHeld) EndInterruptShadow();
        return isHeld;
    }

    private bool CanTakeNmi => Volatile.Read(ref Registers.IsNmiPending) && !Registers.IsNmiBlocked && !Registers.IsShutDown;

    private bool CanTakeInterrupt => (this[X86Slots.ControlFlags] & Eflags.If) != 0 && IsInterruptPending && !Registers.IsShutDown;

    /// <summary>No interrupt before the instruction at an address, and no debug trap either after a load of SS.</summary>
    internal void BeginInterruptShadow(ulong next, bool holdsDebugTraps)
    {
        this[X86Slots.InterruptShadow] = next;
        Registers.HoldsDebugTraps = holdsDebugTraps;
    }

    internal void EndInterruptShadow() => this[X86Slots.InterruptShadow] = ulong.MaxValue;

    /// <summary>To be called after IF may have been set: what waits is looked at before the next block.</summary>
    internal void LookAtInterrupts()
    {
        if (HasWakeupEvent) RequestAttention();
    }

    /// <summary>In a helper: raises what an operation came to, if it failed.</summary>
    internal void Finish(GuestFault? fault)
    {
        if (fault is { } raised) RaiseFault(raised);
    }

    /// <summary>A software interrupt; no single-step trap follows it.</summary>
    internal GuestFault? DeliverSoftware(InterruptEvent interrupt)
    {
        _isTrapDropped = true;
        if (interrupt.Kind == InterruptKind.PrivilegedSoftware) // INT1 is a debug exception: one that a load of SS held is part of it
        {
            ulong held = Registers.PendingDebug;
            Registers.PendingDebug = 0;
            Record(new GuestFault(interrupt.Vector, 0, held));
        }

        return InterruptDelivery.Deliver(this, interrupt);
    }

    /// <summary>Delivers a trap: execution goes on behind the instruction that caused it.</summary>
    internal void DeliverTrap(X86Exception exception, ulong dr6Bits) =>
        Deliver(new InterruptEvent((byte)exception, InterruptKind.Exception, ProgramCounter), new GuestFault((uint)exception, 0, dr6Bits));

    // Further exceptions on the way are delivered instead, or make a double fault, or shut the processor down.
    private void Deliver(InterruptEvent interrupt, GuestFault? cause)
    {
        _isTrapDropped = true;
        while (true)
        {
            if (cause is { } fault) Record(fault);
            if (InterruptDelivery.Deliver(this, interrupt) is not { } nested) return;
            if (interrupt.Kind == InterruptKind.Exception && interrupt.Vector == (byte)X86Exception.DoubleFault && IsContributory(nested, true))
            {
                Record(nested);
                EnterShutDown();
                return;
            }

            bool isDouble = cause is { } first && (IsContributory(first, false)
                ? IsContributory(nested, false)
                : first.Code == (uint)X86Exception.PageFault && IsContributory(nested, true));
            if (isDouble)
            {
                Record(nested);
                nested = X86Fault.Of(X86Exception.DoubleFault);
            }

            interrupt = EventOf(nested, ProgramCounter);
            cause = nested;
        }
    }

    // Table 6-5: contributory exceptions; page faults too where they count as such.
    private static bool IsContributory(GuestFault fault, bool withPageFault) => (X86Exception)fault.Code switch
    {
        X86Exception.DivideError or X86Exception.InvalidTss or X86Exception.SegmentNotPresent or X86Exception.StackFault
            or X86Exception.GeneralProtection => true,
        X86Exception.PageFault => withPageFault,
        _ => false,
    };

    private void Record(GuestFault fault)
    {
        LastFault = fault;
        if (fault.Code == (uint)X86Exception.PageFault) Registers.Cr2 = fault.Value2;
        if (fault.Code == (uint)X86Exception.Debug) RecordDebug(fault.Value2);
    }

    private void EnterShutDown()
    {
        Registers.IsShutDown = true;
        Halt();
        ShutDown?.Invoke();
    }

    private static InterruptEvent EventOf(GuestFault fault, ulong address)
    {
        bool isDebug = fault.Code == (uint)X86Exception.Debug;
        bool isAbort = (X86Exception)fault.Code is X86Exception.DoubleFault or X86Exception.MachineCheck;
        return new InterruptEvent((byte)fault.Code, InterruptKind.Exception, address, HasErrorCode(fault.Code) ? fault.Value : null, !isDebug && !isAbort);
    }

    private static bool HasErrorCode(uint vector) => (X86Exception)vector is X86Exception.DoubleFault or X86Exception.InvalidTss
        or X86Exception.SegmentNotPresent or X86Exception.StackFault or X86Exception.GeneralProtection or X86Exception.PageFault
        or X86Exception.AlignmentCheck;
}

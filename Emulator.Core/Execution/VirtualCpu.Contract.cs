using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <content>What an architecture supplies and what it may use. The members that run code are in the other parts.</content>
public abstract partial class VirtualCpu
{
    /// <summary>
    /// Everything besides the instruction bytes that their translation depends on (privilege, register widths, enabled units): part
    /// of the key of the code cache. After a helper has changed it, the block must leave.
    /// </summary>
    public abstract uint Mode { get; }

    /// <summary>
    /// Translates an address of the guest. Called on TLB misses; walks page tables with <see cref="TryReadPhysical"/>, may update
    /// accessed and dirty bits.
    /// </summary>
    /// <param name="address">The virtual address.</param>
    /// <param name="kind">Why.</param>
    /// <param name="size">Bytes of the access, all on one page; a fetch asks for each of its parcels.</param>
    /// <param name="mmuIndex">The set of translations; fetches use the current mode's privilege whatever this says.</param>
    /// <param name="translation">The result.</param>
    /// <param name="fault">The guest's exception when there is none.</param>
    protected internal abstract bool TryTranslate(
        GuestVirtualAddress address, AccessKind kind, int size, int mmuIndex, out AddressTranslation translation, out GuestFault fault);

    /// <summary>The exception for an access that nothing on the bus answers.</summary>
    protected internal abstract GuestFault AccessFault(GuestVirtualAddress address, AccessKind kind);

    /// <summary>The exception for an access of some bytes that must be aligned and is not: an atomic one, or of a vector.</summary>
    protected internal abstract GuestFault MisalignedFault(GuestVirtualAddress address, AccessKind kind, int size);

    /// <summary>Takes an exception: <see cref="ProgramCounter"/> is at the instruction; afterwards it is at the handler.</summary>
    protected internal abstract void DeliverFault(GuestFault fault);

    /// <summary>Takes the most urgent interrupt that is pending and enabled, if any, as <see cref="DeliverFault"/>.</summary>
    protected internal abstract bool TryDeliverInterrupt();

    /// <summary>
    /// Asked before an interrupt is looked for: true when one more instruction has to be executed first. The dispatcher then executes
    /// exactly one and asks again.
    /// </summary>
    protected internal virtual bool TryHoldInterrupts() => false;

    /// <summary>
    /// While set, instructions are executed one at a time, whatever the engine, each between <see cref="BeginObserved"/> and
    /// <see cref="EndObserved"/>: for traps of the architecture that follow single instructions. Costs nothing while it is clear.
    /// </summary>
    protected bool IsObserved
    {
        get => _isObserved;
        set
        {
            _isObserved = value;
            _executesSingly = value || _holdsInterrupts;
        }
    }

    /// <summary>Before an observed instruction. Gives false when the instruction is not to be executed because something was delivered.</summary>
    protected internal virtual bool BeginObserved() => true;

    /// <summary>After an observed instruction that did not fault. Gives true when something was delivered, which wakes a sleeping hart.</summary>
    protected internal virtual bool EndObserved() => false;

    /// <summary>
    /// True when nothing on the bus means no fault: loads give all ones and stores are lost. <see cref="AccessFault"/> is then asked
    /// about fetches alone.
    /// </summary>
    protected internal virtual bool HasOpenBus => false;

    /// <summary>True when a hart waiting for an interrupt must wake up.</summary>
    protected internal abstract bool HasWakeupEvent { get; }

    /// <summary>Returns all architectural state to power-on. Called while the machine is stopped.</summary>
    public abstract void Reset();
}

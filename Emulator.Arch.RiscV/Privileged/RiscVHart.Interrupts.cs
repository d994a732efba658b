using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Bus;

namespace Emulator.Arch.RiscV;

/// <content>Interrupt inputs, mip and mie (Priv. spec 3.1.9, 12.1.3).</content>
public sealed partial class RiscVHart
{
    private readonly ulong _supervisorInterrupts;

    // Levels of the inputs, changed by other threads.
    private ulong _lines;

    /// <summary>An interrupt input. A line may be driven from any thread.</summary>
    /// <param name="cause">
    /// 3 (MSIP), 7 (MTIP), 9 (SEIP) or 11 (MEIP) for levels; 1 (SSIP) for the edge of an ACLINT SSWI: driving it high sets the bit,
    /// which software clears.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The hart has no such input.</exception>
    public IInterruptLine GetInterruptLine(int cause)
    {
        if (cause is not (InterruptCause.SupervisorSoftware or InterruptCause.MachineSoftware or InterruptCause.MachineTimer
            or InterruptCause.SupervisorExternal or InterruptCause.MachineExternal))
        {
            throw new ArgumentOutOfRangeException(nameof(cause), cause, "expected 1, 3, 7, 9 or 11");
        }

        return new HartInterruptLine(this, cause);
    }

    /// <summary>mip.</summary>
    internal ulong Pending
    {
        get
        {
            ulong software = Volatile.Read(ref Registers.SoftwarePending);
            if (UsesTimerComparison) software = (software & ~InterruptCause.Stip) | (IsTimerDue ? InterruptCause.Stip : 0);
            return (Volatile.Read(ref _lines) | software) & ImplementedInterrupts;
        }
    }

    /// <summary>What a read-modify-write of mip starts from: the PLIC's level is not written back into SEIP (Priv. spec 3.1.9).</summary>
    internal ulong PendingForModify =>
        (Pending & ~InterruptCause.Seip) | (Volatile.Read(ref Registers.SoftwarePending) & InterruptCause.Seip);

    private ulong ImplementedInterrupts => InterruptCause.Machine | _supervisorInterrupts;

    /// <summary>Sets a bit of mip that software can set, from any thread.</summary>
    internal void SetSoftwarePending(ulong bit)
    {
        Interlocked.Or(ref Registers.SoftwarePending, bit);
        RequestAttention();
    }

    internal void ClearSoftwarePending(ulong bits) => Interlocked.And(ref Registers.SoftwarePending, ~bits);

    internal void WriteMip(ulong value)
    {
        ulong mask = _supervisorInterrupts;
        if (UsesTimerComparison) mask &= ~InterruptCause.Stip;
        WriteSoftwarePending(value, mask);
    }

    internal void WriteSip(ulong value) => WriteSoftwarePending(value, InterruptCause.Ssip & Registers.Mideleg);

    internal void WriteMie(ulong value)
    {
        Registers.Mie = value & ImplementedInterrupts;
        NoticeInterrupts();
    }

    internal void WriteSie(ulong value) => WriteMie((Registers.Mie & ~Registers.Mideleg) | (value & Registers.Mideleg));

    internal void WriteMideleg(ulong value)
    {
        Registers.Mideleg = value & _supervisorInterrupts;
        NoticeInterrupts();
    }

    /// <inheritdoc/>
    protected override bool TryDeliverInterrupt()
    {
        if (IsHalted && !HasWakeupEvent) return false;
        int cause = MostUrgentInterrupt(out bool toSupervisor);
        if (cause < 0) return false;
        EnterTrap((uint)cause, true, 0, toSupervisor);
        return true;
    }

    private void WriteSoftwarePending(ulong value, ulong mask)
    {
        Interlocked.And(ref Registers.SoftwarePending, ~(mask & ~value));
        Interlocked.Or(ref Registers.SoftwarePending, mask & value);
        NoticeInterrupts();
    }

    /// <summary>After anything that may have enabled an interrupt.</summary>
    private void NoticeInterrupts()
    {
        if (MostUrgentInterrupt(out _) >= 0) RequestAttention();
    }

    /// <summary>The interrupt to take now, or -1. Those for M come before all those delegated to S (Priv. spec 3.1.9).</summary>
    private int MostUrgentInterrupt(out bool toSupervisor)
    {
        toSupervisor = false;
        if (Registers.Mie == 0) return -1;
        ulong ready = Pending & Registers.Mie;
        if (ready == 0) return -1;
        bool machineEnabled = Registers.Privilege != Privilege.Machine || HasStatus(Mstatus.Mie);
        ulong candidates = machineEnabled ? ready & ~Registers.Mideleg : 0;
        if (candidates == 0)
        {
            toSupervisor = true;
            bool supervisorEnabled = Registers.Privilege == Privilege.User
                || (Registers.Privilege == Privilege.Supervisor && HasStatus(Mstatus.Sie));
            candidates = supervisorEnabled ? ready & Registers.Mideleg : 0;
        }

        foreach (byte cause in InterruptCause.ByPriority)
        {
            if (((candidates >> cause) & 1) != 0) return cause;
        }

        return -1;
    }

    private void DriveLine(int cause, bool asserted)
    {
        ulong bit = 1ul << cause;
        if (cause == InterruptCause.SupervisorSoftware)
        {
            if (asserted) SetSoftwarePending(bit);
            return;
        }

        ulong old = asserted ? Interlocked.Or(ref _lines, bit) : Interlocked.And(ref _lines, ~bit);
        if (asserted && (old & bit) == 0) RequestAttention();
    }

    private sealed class HartInterruptLine(RiscVHart hart, int cause) : IInterruptLine
    {
        public void Set(bool asserted) => hart.DriveLine(cause, asserted);
    }
}

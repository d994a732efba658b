using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV;

/// <content>Whether the hart executes, and what it waits for when it does not. A halted hart still runs what is posted to it.</content>
public sealed partial class RiscVHart
{
    // The fences that other harts have yet to execute for this one.
    private RemoteFence? _remoteFence;

    /// <inheritdoc/>
    protected override bool HasWakeupEvent => Registers.Sleep switch
    {
        SleepReason.None => true,
        SleepReason.WaitForInterrupt or SleepReason.Suspended => HasEnabledInterrupt,
        SleepReason.RemoteFence => _remoteFence is not { IsDone: false },
        _ => false,
    };

    /// <summary>An interrupt is pending and enabled in mie, whatever the global enables and delegation (Priv. spec 3.3.3).</summary>
    internal bool HasEnabledInterrupt => (Pending & Registers.Mie) != 0;

    /// <summary>Seen by other harts.</summary>
    internal HartRunState RunState
    {
        get
        {
            Interlocked.MemoryBarrier();
            return Registers.RunState;
        }
    }

    internal bool IsSuspended => IsHalted && Registers.Sleep == SleepReason.Suspended;

    /// <summary>Execution goes on in S, untranslated and with interrupts off, as an SBI starts a hart (SBI 2.0 chapter 9).</summary>
    /// <param name="address">The program counter, a physical address.</param>
    /// <param name="argument">Becomes a1; a0 is the hart's number.</param>
    public void EnterSupervisor(ulong address, ulong argument)
    {
        Registers.Privilege = Privilege.Supervisor;
        Registers.Status &= ~(Mstatus.Sie | Mstatus.Mprv);
        Registers.Satp = 0;
        Registers.RunState = HartRunState.Started;
        Registers.Sleep = SleepReason.None;
        ProgramCounter = address & XlenMask;
        this[RiscVSlots.X(AbiRegister.A0)] = (ulong)Index;
        this[RiscVSlots.X(AbiRegister.A1)] = argument;
        OnSatpChanged();
        RequestAttention();
    }

    /// <summary>What firmware sets up before it enters S: everything that S can deal with is delegated, counters and extensions are open.</summary>
    public void OpenForSupervisor()
    {
        Registers.Medeleg = DelegableExceptions & ~(1ul << (int)ExceptionCause.EnvironmentCallFromSupervisor);
        Registers.Mideleg = _supervisorInterrupts;
        Registers.Mcounteren = uint.MaxValue;
        Registers.Scounteren = CounterBit.Unprivileged; // Linux leaves it as firmware did, and its vDSO reads time in U
        WriteMenvcfg(Envcfg.Stce | Envcfg.Pbmte | Envcfg.Cbie | Envcfg.Cbcfe | Envcfg.Cbze | (Registers.Menvcfg & Envcfg.Adue));
        Registers.Mseccfg = WritableMseccfg & Mseccfg.Sseed;
        for (int i = 0; i < Mstateen.Count; i++) WriteMstateen(i, ulong.MaxValue);
        WritePmpAddress(0, PmpConfig.AddressMask64);
        WritePmpConfig(0, PmpConfig.Napot | PmpConfig.R | PmpConfig.W | PmpConfig.X);
    }

    /// <summary>Stops until <see cref="TryStart"/>. On the hart's own thread, or while it does not run.</summary>
    internal void StopExecution()
    {
        Registers.RunState = HartRunState.Stopped;
        Sleep(SleepReason.Stopped);
    }

    /// <summary>Starts a stopped hart from another one's thread.</summary>
    /// <returns>False when it was not stopped.</returns>
    internal bool TryStart(ulong address, ulong argument)
    {
        if (Interlocked.CompareExchange(ref Registers.RunState, HartRunState.StartPending, HartRunState.Stopped) != HartRunState.Stopped) return false;
        Post(cpu => ((RiscVHart)cpu).EnterSupervisor(address, argument));
        return true;
    }

    /// <summary>Sleeps until an interrupt is pending and enabled.</summary>
    internal void Suspend()
    {
        Sleep(SleepReason.Suspended);
        RequestAttention(); // it may be pending already
    }

    /// <summary>The machine was asked to stop: nothing more is executed.</summary>
    internal void AwaitMachineStop() => Sleep(SleepReason.MachineStop);

    /// <summary>
    /// Has other harts run an action and executes nothing until all have. Posted actions are still run meanwhile, so that harts
    /// that wait for each other do not wait for ever.
    /// </summary>
    internal void RunOnOthers(IReadOnlyCollection<RiscVHart> others, Action<RiscVHart> action)
    {
        if (others.Count == 0) return;
        var fence = new RemoteFence(this, others.Count);
        _remoteFence = fence;
        Sleep(SleepReason.RemoteFence);
        foreach (var other in others)
        {
            other.Post(cpu =>
            {
                action((RiscVHart)cpu);
                fence.Complete();
            });
        }
    }

    private void Sleep(SleepReason reason)
    {
        Registers.Sleep = reason;
        Halt();
    }

    /// <summary>Counts the harts that have yet to execute a fence.</summary>
    private sealed class RemoteFence(RiscVHart caller, int count)
    {
        private int _remaining = count;

        public bool IsDone => Volatile.Read(ref _remaining) == 0;

        public void Complete()
        {
            if (Interlocked.Decrement(ref _remaining) == 0) caller.RequestAttention();
        }
    }
}

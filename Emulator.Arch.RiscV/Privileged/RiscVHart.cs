using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Emulator.Core.Time;

namespace Emulator.Arch.RiscV;

/// <summary>
/// A RISC-V hart: control and status registers, traps, translation and protection (Privileged specification 1.13). What it executes
/// comes to it through its helpers; what it sees of the machine are its bus, its interrupt lines and its environment.
/// </summary>
public sealed partial class RiscVHart : VirtualCpu
{
    private const int RegisterCount = 32;

    private readonly CsrTable _csrTable;
    private readonly Func<ulong> _time;
    private readonly Func<ushort> _entropy;
    private readonly IVirtualClock _clock;

    /// <summary>All mutable state that a snapshot carries.</summary>
    internal RiscVHartState Registers;

    /// <summary>Creates a hart in its state after reset.</summary>
    /// <param name="architecture">What it executes.</param>
    /// <param name="memory">The bus it is on.</param>
    /// <param name="index">Its number, also its mhartid.</param>
    /// <param name="environment">Clock, time and entropy.</param>
    public RiscVHart(RiscVArchitecture architecture, MemorySystem memory, int index, RiscVHartEnvironment environment)
        : base(architecture, memory, index)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(environment);
        Isa = architecture.Isa;
        _clock = environment.Clock;
        _time = environment.Time ?? (() => _clock.Nanoseconds / RiscVHartEnvironment.NanosecondsPerTick);
        _entropy = environment.Entropy ?? HostEntropy;
        _csrTable = architecture.Csrs;
        _statusWritable = WritableStatus(Isa);
        _supervisorInterrupts = Isa.Has(RiscVExtension.S) ? InterruptCause.Supervisor : 0;
        _alarm = _clock.CreateTimer(OnAlarm);
        Reset();
    }

    /// <summary>Base width and extensions.</summary>
    public IsaConfiguration Isa { get; }

    /// <summary>Where execution starts after reset, in M.</summary>
    public ulong ResetVector { get; set; }

    /// <summary>The SBI of this hart, served outside the guest; null when the guest brings its own M-mode firmware.</summary>
    public ISupervisorFirmware? Firmware { get; set; }

    /// <summary>The current privilege.</summary>
    public Privilege Privilege => Registers.Privilege;

    /// <inheritdoc/>
    public override uint Mode => new RiscVMode(Registers.Privilege, DataMmuIndex, HasStatus(Mstatus.Fs), Registers.Frm).Pack();

    private ulong XlenMask => Isa.Is64 ? ulong.MaxValue : uint.MaxValue;

    /// <inheritdoc/>
    public override void Reset()
    {
        for (int i = 1; i < RegisterCount; i++) this[RiscVSlots.X(i)] = 0;
        for (int i = 0; i < RegisterCount; i++) this[RiscVSlots.F(i)] = 0;
        this[new Slot(StateSlots.FloatFlags)] = 0;
        ProgramCounter = ResetVector;
        Restore(new RiscVHartState
        {
            Privilege = Privilege.Machine,
            Stimecmp = ulong.MaxValue,
            Menvcfg = Isa.Has(RiscVExtension.Svadu) && !Isa.Has(RiscVExtension.Svade) ? Envcfg.Adue : 0,
        });
        Firmware?.Reset(this);
    }

    /// <summary>The state at this moment. Called while the hart does not run.</summary>
    public RiscVHartState Save()
    {
        NoteFloatDirty();
        return Registers with { Sleep = IsHalted ? Registers.Sleep : SleepReason.None };
    }

    /// <summary>Takes a saved state of a hart of the same configuration. Called while the hart does not run.</summary>
    public void Restore(RiscVHartState state)
    {
        Registers = state;
        this[RiscVSlots.FloatDirty] = 0;
        _remoteFence = null;
        if (state.Sleep != SleepReason.None) Halt();
        UpdateProtection();
        OnSatpChanged();
        ScheduleAlarm();
        RequestAttention();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) DisposeAlarm();
        base.Dispose(disposing);
    }
}

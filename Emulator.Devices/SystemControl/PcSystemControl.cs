using Emulator.Core.Bus;

namespace Emulator.Devices;

/// <summary>
/// The PC's ways to be reset and switched off, and its A20 gate. Registers in order: system control port A (port 0x92), reset control
/// (port 0xcf9) and the ACPI power management control, two bytes (port 0x604, where QEMU's PCs have it).
/// </summary>
public sealed partial class PcSystemControl : IMmioDevice, IResettable, IStateful<PcSystemControlState>
{
    private readonly Lock _lock = new();
    private readonly IMachineControl _machine;
    private readonly IInterruptLine _a20;
    private readonly OutputSequencer _outputs;
    private PcSystemControlState _state;

    /// <summary>Creates the registers as at power-on: address line 20 is not held low, as on every PC that starts from a ROM of today.</summary>
    /// <param name="machine">Takes requests.</param>
    /// <param name="a20">High while address line 20 follows the processor's.</param>
    public PcSystemControl(IMachineControl machine, IInterruptLine a20)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(a20);
        _machine = machine;
        _a20 = a20;
        _outputs = new OutputSequencer(DriveOutputs);
        Reset();
    }

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        if (!IsSupported(access))
        {
            return BusStatus.AccessFault;
        }

        lock (_lock)
        {
            value = access.Offset switch
            {
                PortAOffset => (byte)_state.PortA,
                ResetControlOffset => (byte)_state.ResetControl,
                PowerControlOffset when access.Size == sizeof(byte) => (byte)_state.PowerControl,
                PowerControlOffset => (ushort)_state.PowerControl,
                _ => (ulong)_state.PowerControl >> 8,
            };
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (!IsSupported(access))
        {
            return BusStatus.AccessFault;
        }

        bool resets = false;
        bool sleeps = false;
        lock (_lock)
        {
            switch (access.Offset)
            {
                case PortAOffset:
                    resets = ((PortA)value & ~_state.PortA & PortA.FastReset) != 0;
                    _state.PortA = (PortA)value & (PortA.A20 | PortA.FastReset);
                    break;
                case ResetControlOffset:
                    resets = ((ResetControl)value & ~_state.ResetControl & ResetControl.Reset) != 0;
                    _state.ResetControl = (ResetControl)value & (ResetControl.IsHard | ResetControl.Reset);
                    break;
                default:
                    sleeps = WritePowerControl(access, (ushort)value);
                    break;
            }
        }

        _outputs.Update();
        if (resets)
        {
            _machine.RequestReset();
        }
        else if (sleeps)
        {
            _machine.PowerOff(0);
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset() => Restore(new PcSystemControlState { PortA = PortA.A20 });

    /// <inheritdoc/>
    public PcSystemControlState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(PcSystemControlState state)
    {
        lock (_lock)
        {
            _state = state;
        }

        _outputs.Update();
    }

    private static bool IsSupported(MmioAccess access) =>
        access.Size == sizeof(byte) || (access.Size == sizeof(ushort) && access.Offset == PowerControlOffset);

    private bool WritePowerControl(MmioAccess access, ushort value)
    {
        ushort written = access.Size == sizeof(ushort) ? value
            : access.Offset == PowerControlOffset ? (ushort)(((ushort)_state.PowerControl & 0xff00) | value)
            : (ushort)(((ushort)_state.PowerControl & 0x00ff) | (value << 8));
        _state.PowerControl = (PowerControl)written & ~PowerControl.SleepEnable;
        return ((PowerControl)written & PowerControl.SleepEnable) != 0 && ((PowerControl)written & PowerControl.SleepType) == PowerControl.SoftOff;
    }

    private void DriveOutputs()
    {
        bool a20;
        lock (_lock)
        {
            a20 = (_state.PortA & PortA.A20) != 0;
        }

        _a20.Set(a20);
    }
}

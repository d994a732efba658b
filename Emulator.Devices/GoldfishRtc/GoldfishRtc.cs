using Emulator.Core.Bus;
using Emulator.Core.Time;

namespace Emulator.Devices;

/// <summary>The real-time clock of the virt machine, with one alarm. Answers aligned 4-byte accesses.</summary>
public sealed partial class GoldfishRtc : IMmioDevice, IResettable, IStateful<GoldfishRtcState>, IDisposable
{
    private readonly Lock _lock = new();
    private readonly IInterruptLine _interrupt;
    private readonly IVirtualClock _clock;
    private readonly IClockTimer _timer;
    private readonly ulong _start;
    private readonly OutputSequencer _outputs;
    private GoldfishRtcState _state;

    /// <summary>Creates the chip as at power-on.</summary>
    /// <param name="interrupt">High while an alarm has fired, is enabled and not yet cleared.</param>
    /// <param name="clock">Drives the time of day.</param>
    /// <param name="options">The time of day at the virtual clock's zero.</param>
    public GoldfishRtc(IInterruptLine interrupt, IVirtualClock clock, GoldfishRtcOptions options)
    {
        ArgumentNullException.ThrowIfNull(interrupt);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(options);
        _interrupt = interrupt;
        _clock = clock;
        _start = options.StartNanoseconds;
        _outputs = new OutputSequencer(DriveOutputs);
        _timer = clock.CreateTimer(_outputs.Update);
        _state = PowerOn();
    }

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        if (!IsSupported(access))
        {
            return BusStatus.AccessFault;
        }

        ulong now = _clock.Nanoseconds;
        lock (_lock)
        {
            value = ReadRegister((Register)access.Offset, now);
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

        ulong now = _clock.Nanoseconds;
        lock (_lock)
        {
            WriteRegister((Register)access.Offset, (uint)value, now);
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset() => Restore(PowerOn());

    /// <inheritdoc/>
    public GoldfishRtcState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(GoldfishRtcState state)
    {
        lock (_lock)
        {
            _state = state;
        }

        _outputs.Update();
    }

    /// <summary>Gives the alarm back to the clock.</summary>
    public void Dispose() => _timer.Dispose();

    private static bool IsSupported(MmioAccess access) => access.Size == sizeof(uint) && access.Offset % sizeof(uint) == 0;

    private static ulong Join(uint high, uint low) => ((ulong)high << 32) | low;

    private GoldfishRtcState PowerOn() => new() { Epoch = _start };

    private uint ReadRegister(Register register, ulong now)
    {
        switch (register)
        {
            case Register.TimeLow:
                ulong time = _state.Epoch + now;
                _state.TimeHigh = (uint)(time >> 32);
                return (uint)time;
            case Register.TimeHigh:
                return _state.TimeHigh;
            case Register.AlarmLow:
                return (uint)_state.Alarm;
            case Register.AlarmHigh:
                return (uint)(_state.Alarm >> 32);
            case Register.IrqEnabled:
                return _state.InterruptEnabled ? 1u : 0;
            case Register.AlarmStatus:
                return _state.Armed ? 1u : 0;
            default:
                return 0;
        }
    }

    private void WriteRegister(Register register, uint value, ulong now)
    {
        switch (register)
        {
            case Register.TimeLow:
                _state.Epoch = Join(_state.TimeHigh, value) - now;
                break;
            case Register.TimeHigh:
                _state.TimeHigh = value;
                break;
            case Register.AlarmLow:
                _state.Alarm = Join((uint)(_state.Alarm >> 32), value);
                _state.Armed = true;
                break;
            case Register.AlarmHigh:
                _state.Alarm = Join(value, (uint)_state.Alarm);
                break;
            case Register.IrqEnabled:
                _state.InterruptEnabled = (value & 1) != 0;
                break;
            case Register.ClearAlarm:
                _state.Armed = false;
                break;
            case Register.ClearInterrupt:
                _state.InterruptPending = false;
                break;
            default:
                break; // ALARM_STATUS is for reading
        }
    }

    private void DriveOutputs()
    {
        ulong now = _clock.Nanoseconds;
        ulong? deadline = null;
        bool asserted;
        lock (_lock)
        {
            ulong time = _state.Epoch + now;
            if (_state.Armed && time >= _state.Alarm)
            {
                _state.Armed = false;
                _state.InterruptPending = true;
            }
            else if (_state.Armed && _state.Alarm - time <= ulong.MaxValue - now)
            {
                deadline = now + (_state.Alarm - time);
            }

            asserted = _state.InterruptPending && _state.InterruptEnabled;
        }

        _interrupt.Set(asserted);
        if (deadline is { } due)
        {
            _timer.Schedule(due);
        }
        else
        {
            _timer.Cancel();
        }
    }
}

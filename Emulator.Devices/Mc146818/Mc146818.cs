using Emulator.Core.Bus;
using Emulator.Core.Time;

namespace Emulator.Devices;

/// <summary>
/// The clock and CMOS memory of a PC: an MC146818 behind an index and a data register. The square wave goes nowhere, and daylight saving
/// is not kept. Answers 1-byte accesses.
/// </summary>
public sealed partial class Mc146818 : IMmioDevice, IResettable, IStateful<Mc146818State>, IDisposable
{
    private const uint IndexOffset = 0;
    private const byte DefaultRate = 6;

    private readonly Lock _lock = new();
    private readonly IInterruptLine _interrupt;
    private readonly IVirtualClock _clock;
    private readonly IClockTimer _timer;
    private readonly OutputSequencer _outputs;
    private readonly Mc146818Options _options;
    private Mc146818State _state;

    /// <summary>Creates the chip as at power-on.</summary>
    /// <param name="interrupt">IRQ, high while an enabled flag is set.</param>
    /// <param name="clock">Drives the time of day.</param>
    /// <param name="options">Time and memory at the beginning.</param>
    public Mc146818(IInterruptLine interrupt, IVirtualClock clock, Mc146818Options options)
    {
        ArgumentNullException.ThrowIfNull(interrupt);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(options);
        _interrupt = interrupt;
        _clock = clock;
        _options = options;
        _outputs = new OutputSequencer(DriveOutputs);
        _timer = clock.CreateTimer(_outputs.Update);
        _state = PowerOn();
    }

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        if (access.Size != sizeof(byte))
        {
            return BusStatus.AccessFault;
        }

        ulong now = _clock.Nanoseconds;
        lock (_lock)
        {
            Advance(now);
            value = access.Offset == IndexOffset ? byte.MaxValue : ReadRegister((Register)(_state.Index & IndexMask), now);
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (access.Size != sizeof(byte))
        {
            return BusStatus.AccessFault;
        }

        ulong now = _clock.Nanoseconds;
        lock (_lock)
        {
            Advance(now);
            if (access.Offset == IndexOffset)
            {
                _state.Index = (byte)(value & IndexMask);
            }
            else
            {
                WriteRegister((Register)(_state.Index & IndexMask), (byte)value, now);
            }
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset() => Restore(PowerOn());

    /// <inheritdoc/>
    public Mc146818State Save()
    {
        ulong now = _clock.Nanoseconds;
        lock (_lock)
        {
            Advance(now);
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(Mc146818State state)
    {
        ulong now = _clock.Nanoseconds;
        state.Seen = Math.Min(state.Seen, now);
        state.EpochNanoseconds %= (uint)NanosecondsPerSecond;
        state.Epoch = Math.Clamp(state.Epoch, -LastSecond, LastSecond);
        lock (_lock)
        {
            _state = state;
        }

        _outputs.Update();
    }

    /// <summary>Gives the alarm back to the clock.</summary>
    public void Dispose() => _timer.Dispose();

    private Mc146818State PowerOn()
    {
        var (seconds, ticks) = Math.DivRem(_options.Start.DateTime.Ticks, TimeSpan.TicksPerSecond);
        var state = new Mc146818State
        {
            Epoch = seconds,
            EpochNanoseconds = (uint)(ticks * TimeSpan.NanosecondsPerTick),
            Seen = _clock.Nanoseconds,
        };
        foreach (var (address, value) in _options.Memory)
        {
            if (address is > (byte)Register.D and < MemoryBytes) state.Memory[address] = value;
        }

        state.Memory[(int)Register.A] = (byte)ControlA.Divider32768 | DefaultRate;
        state.Memory[(int)Register.B] = (byte)ControlB.Is24Hour;
        return state;
    }

    private byte ReadRegister(Register register, ulong now)
    {
        switch (register)
        {
            case Register.A:
                SecondAt(now, out ulong fraction);
                bool updates = !IsSetting && fraction >= NanosecondsPerSecond - UpdateWarning;
                return (byte)((_state.Memory[(int)register] & ~(int)ControlA.UpdateInProgress) | (updates ? (int)ControlA.UpdateInProgress : 0));
            case Register.C:
                var flags = _state.Flags | (IsInterrupting ? Flags.Interrupt : Flags.None);
                _state.Flags = Flags.None;
                return (byte)flags;
            case Register.D:
                return ValidMemory;
            default:
                return !IsSetting && TimeRegisters.Contains(register) ? ReadTime(register, now) : _state.Memory[(int)register];
        }
    }

    private void WriteRegister(Register register, byte value, ulong now)
    {
        switch (register)
        {
            case Register.C or Register.D:
                break; // for reading
            case Register.B:
                WriteControl((ControlB)value, now);
                break;
            case Register.A:
                _state.Memory[(int)register] = (byte)(value & ~(int)ControlA.UpdateInProgress);
                break;
            default:
                bool isTime = !IsSetting && TimeRegisters.Contains(register);
                if (isTime) FreezeTime(now);
                _state.Memory[(int)register] = value;
                if (isTime) ThawTime(now, keepsFraction: register != Register.Seconds);
                break;
        }
    }

    private void WriteControl(ControlB value, ulong now)
    {
        bool wasSetting = IsSetting;
        bool sets = (value & ControlB.Set) != 0;
        if (sets && !wasSetting) FreezeTime(now);
        if (sets) value &= ~ControlB.UpdateInterrupt; // SET clears UIE (data sheet, "Register B")
        _state.Memory[(int)Register.B] = (byte)value;
        if (wasSetting && !sets) ThawTime(now, keepsFraction: false);
    }

    private bool IsInterrupting => ((byte)_state.Flags & (byte)Control & (byte)(Flags.Update | Flags.Alarm | Flags.Periodic)) != 0;

    private void DriveOutputs()
    {
        ulong now = _clock.Nanoseconds;
        bool asserted;
        ulong? next;
        lock (_lock)
        {
            Advance(now);
            asserted = IsInterrupting;
            next = asserted ? null : NextEvent(now); // nothing more to say until register C is read
        }

        _interrupt.Set(asserted);
        if (next is { } due)
        {
            _timer.Schedule(due);
        }
        else
        {
            _timer.Cancel();
        }
    }
}

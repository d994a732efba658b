using Emulator.Core.Bus;
using Emulator.Core.Time;

namespace Emulator.Devices;

/// <summary>
/// The 8254 timer of a PC. Registers in order: the three counters, the control word, and system control port B with the gate and
/// output of counter 2. The gates of the other counters are high. Nothing is heard of the speaker. Answers 1-byte accesses.
/// </summary>
public sealed partial class Pit8254 : IMmioDevice, IResettable, IStateful<Pit8254State>, IDisposable
{
    /// <summary>Bytes of registers.</summary>
    public const uint WindowSize = 5;

    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private const int SpeakerCounter = 2;

    private readonly Lock _lock = new();
    private readonly IInterruptLine _output;
    private readonly IVirtualClock _clock;
    private readonly IClockTimer _timer;
    private readonly OutputSequencer _outputs;
    private Pit8254State _state;

    /// <summary>Creates the chip as at power-on: nothing counts.</summary>
    /// <param name="output">OUT of counter 0.</param>
    /// <param name="clock">Drives the counters.</param>
    public Pit8254(IInterruptLine output, IVirtualClock clock)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(clock);
        _output = output;
        _clock = clock;
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

        ulong now = Now;
        lock (_lock)
        {
            Advance(now);
            value = access.Offset switch
            {
                < ControlOffset => _state.Counters[(int)access.Offset].Read(),
                SystemControlOffset => (byte)ReadSystemControl(now),
                _ => byte.MaxValue, // the control word is not for reading
            };
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

        ulong now = Now;
        lock (_lock)
        {
            Advance(now);
            switch (access.Offset)
            {
                case < ControlOffset:
                    _state.Counters[(int)access.Offset].Write((byte)value);
                    break;
                case ControlOffset:
                    WriteControl((byte)value);
                    break;
                default:
                    _state.SystemControl = (SystemControl)value & SystemControl.Written;
                    _state.Counters[SpeakerCounter].SetGate((_state.SystemControl & SystemControl.Gate2) != 0);
                    break;
            }
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset() => Restore(PowerOn());

    /// <inheritdoc/>
    public Pit8254State Save()
    {
        ulong now = Now;
        lock (_lock)
        {
            Advance(now);
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(Pit8254State state)
    {
        ulong now = Now;
        foreach (ref var counter in (Span<PitCounter>)state.Counters)
        {
            counter.Normalize(now);
        }

        lock (_lock)
        {
            _state = state;
        }

        _outputs.Update();
    }

    /// <summary>Gives the alarm back to the clock.</summary>
    public void Dispose() => _timer.Dispose();

    private ulong Now => (ulong)((UInt128)_clock.Nanoseconds * Frequency / NanosecondsPerSecond);

    private Pit8254State PowerOn()
    {
        ulong now = Now;
        Pit8254State state = default;
        for (int i = 0; i < Counters; i++)
        {
            state.Counters[i] = new PitCounter(now, gate: i != SpeakerCounter);
        }

        return state;
    }

    private void Advance(ulong now)
    {
        foreach (ref var counter in (Span<PitCounter>)_state.Counters)
        {
            counter.Advance(now);
        }
    }

    private SystemControl ReadSystemControl(ulong now)
    {
        var value = _state.SystemControl & SystemControl.Written;
        value |= (now / RefreshTicks & 1) != 0 ? SystemControl.RefreshToggle : SystemControl.None;
        return value | (_state.Counters[SpeakerCounter].Output ? SystemControl.Output2 : SystemControl.None);
    }

    private void WriteControl(byte word)
    {
        int select = word >> ControlSelectShift;
        if (select == ReadBackSelect)
        {
            for (int i = 0; i < Counters; i++)
            {
                if ((word & ((int)ReadBack.FirstCounter << i)) == 0) continue;
                if ((word & (int)ReadBack.NoCount) == 0) _state.Counters[i].LatchCount();
                if ((word & (int)ReadBack.NoStatus) == 0) _state.Counters[i].LatchStatus();
            }
        }
        else if ((ByteAccess)((word >> 4) & 3) == ByteAccess.LatchCommand)
        {
            _state.Counters[select].LatchCount();
        }
        else
        {
            _state.Counters[select].WriteControl(word);
        }
    }

    private void DriveOutputs()
    {
        ulong now = Now;
        bool level;
        bool rose;
        ulong? edge;
        lock (_lock)
        {
            Advance(now);
            level = _state.Counters[0].Output;
            rose = _state.Counters[0].TakeRise();
            edge = _state.Counters[0].TicksToEdge();
        }

        if (rose && level)
        {
            _output.Set(false); // however often it has risen since, it is seen to do so once
        }

        _output.Set(level);
        if (edge is { } ticks && DeadlineOf(now, ticks) is { } deadline)
        {
            _timer.Schedule(deadline);
        }
        else
        {
            _timer.Cancel();
        }
    }

    // The first nanosecond that is not before the tick.
    private static ulong? DeadlineOf(ulong now, ulong ticks)
    {
        var nanoseconds = (((UInt128)now + ticks) * NanosecondsPerSecond + Frequency - 1) / Frequency;
        return nanoseconds > ulong.MaxValue ? null : (ulong)nanoseconds;
    }
}

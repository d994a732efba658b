using static Emulator.Devices.Pit8254;

namespace Emulator.Devices;

/// <summary>
/// One counter of an 8254. It is brought up to a time when somebody looks, in one step however long that is; in between nothing
/// happens. Times are ticks since power-on. Safe with any bits in it after <see cref="Normalize"/>.
/// </summary>
internal partial record struct PitCounter
{
    private const uint BinaryRange = 0x1_0000;
    private const uint DecimalRange = 10_000;

    /// <summary>The moment that the other fields describe.</summary>
    private ulong _tick;

    /// <summary>Ticks counted since the counting element was loaded; in periodic modes since the period (mode 3: half period) began.</summary>
    private ulong _elapsed;

    /// <summary>What the counting element was loaded with, 1 to 65536.</summary>
    private uint _length;

    /// <summary>CR: the count last written, as it is encoded.</summary>
    private ushort _initial;

    private ushort _latchedCount;
    private byte _latchedStatus;
    private byte _lowByte;
    private ByteAccess _access;
    private CounterMode _mode;
    private bool _isDecimal;
    private bool _gate;
    private bool _output;
    private bool _rose;

    /// <summary>A count has been written since the control word.</summary>
    private bool _hasCount;

    /// <summary>The counting element takes the count at the next tick.</summary>
    private bool _loads;

    /// <summary>The counting element has taken a count since the control word.</summary>
    private bool _isLoaded;

    /// <summary>Null count: what was written last is not yet in the counting element.</summary>
    private bool _isNull;

    private bool _hasLatchedCount;
    private bool _hasLatchedStatus;
    private bool _readsHigh;
    private bool _writesHigh;

    /// <summary>A counter as at power-on, where the data sheet leaves everything open.</summary>
    /// <param name="tick">Now.</param>
    /// <param name="gate">Its gate.</param>
    public PitCounter(ulong tick, bool gate)
    {
        _tick = tick;
        _gate = gate;
        _length = 1;
        _access = ByteAccess.LowThenHigh;
        _isNull = true;
    }

    /// <summary>OUT.</summary>
    public readonly bool Output => _output;

    /// <summary>Whether OUT has risen since this was asked last.</summary>
    public bool TakeRise()
    {
        bool rose = _rose;
        _rose = false;
        return rose;
    }

    private readonly uint Range => _isDecimal ? DecimalRange : BinaryRange;

    private readonly bool IsPeriodic => _mode is CounterMode.RateGenerator or CounterMode.SquareWave;

    private readonly bool IsTriggered => _mode is CounterMode.OneShot or CounterMode.HardwareStrobe;

    // In mode 0 the first of two bytes stops the count.
    private readonly bool Counts => _isLoaded && (_gate || IsTriggered) && !(_mode == CounterMode.InterruptOnTerminalCount && _writesHigh);

    /// <summary>Brings the counter up to a moment.</summary>
    public void Advance(ulong tick)
    {
        if (tick <= _tick)
        {
            return;
        }

        ulong ticks = tick - _tick;
        _tick = tick;
        if (_loads)
        {
            Load();
            ticks--;
        }

        if (!Counts || ticks == 0)
        {
            return;
        }

        switch (_mode)
        {
            case CounterMode.RateGenerator:
                CountPeriods(ticks);
                break;
            case CounterMode.SquareWave:
                CountHalves(ticks);
                break;
            default:
                CountDown(ticks);
                break;
        }
    }

    /// <summary>Ticks from now until OUT rises or, in mode 3, changes; null while nothing but an access would bring that about.</summary>
    public readonly ulong? TicksToEdge()
    {
        var next = this;
        ulong before = 0;
        if (_loads)
        {
            next.Advance(_tick + 1);
            before = 1;
        }

        if (!next.Counts)
        {
            return null;
        }

        ulong? left = next._mode switch
        {
            CounterMode.InterruptOnTerminalCount or CounterMode.OneShot => next._output ? null : next.Remaining,
            CounterMode.SoftwareStrobe or CounterMode.HardwareStrobe => next._elapsed > next._length ? null : next.Remaining + 1,
            CounterMode.RateGenerator => next._length == 1 ? null : next.Remaining,
            _ => next._length == 1 ? null : next.HalfLength - next._elapsed,
        };
        return left + before is { } ticks ? Math.Max(1, ticks) : null;
    }

    /// <summary>Drives GATE.</summary>
    public void SetGate(bool level)
    {
        bool rises = level && !_gate;
        bool falls = !level && _gate;
        _gate = level;
        if (rises && _hasCount && (IsTriggered || IsPeriodic))
        {
            _loads = true;
        }
        else if (falls && IsPeriodic)
        {
            SetOutput(true);
        }
    }

    /// <summary>Makes what a damaged snapshot holds possible; a state that was saved stays as it is.</summary>
    /// <param name="tick">Now.</param>
    public void Normalize(ulong tick)
    {
        _tick = Math.Min(_tick, tick);
        _mode = (CounterMode)Math.Min((byte)_mode, (byte)CounterMode.HardwareStrobe);
        _length = Math.Clamp(_length, 1, BinaryRange);
        if (IsPeriodic)
        {
            _elapsed = Math.Min(_elapsed, Math.Max(1, _mode == CounterMode.SquareWave ? HalfLength : _length) - 1);
        }
    }

    private readonly ulong Remaining => _elapsed < _length ? _length - _elapsed : 0;

    // Mode 3 with an odd count is high a tick longer than low.
    private readonly ulong HalfLength => _output ? (_length + 1) / 2 : _length / 2;

    private void Load()
    {
        _loads = false;
        _isNull = false;
        _isLoaded = true;
        _length = Decode(_initial);
        _elapsed = 0;
        switch (_mode)
        {
            case CounterMode.InterruptOnTerminalCount:
            case CounterMode.OneShot:
                SetOutput(false);
                break;
            default:
                SetOutput(true);
                break;
        }
    }

    private void CountDown(ulong ticks)
    {
        bool hadEnded = _elapsed > _length;
        _elapsed += ticks;
        if (_mode is CounterMode.InterruptOnTerminalCount or CounterMode.OneShot)
        {
            if (_elapsed >= _length)
            {
                SetOutput(true);
            }
        }
        else if (!hadEnded)
        {
            // the strobe is low for the one tick at zero
            if (_elapsed >= _length) SetOutput(false);
            if (_elapsed > _length) SetOutput(true);
        }
    }

    private void CountPeriods(ulong ticks)
    {
        if (_elapsed + ticks >= _length)
        {
            ticks -= _length - _elapsed;
            SetOutput(false);
            SetOutput(true);
            Reload();
            _elapsed = ticks % _length;
        }
        else
        {
            _elapsed += ticks;
        }

        SetOutput(_elapsed != _length - 1);
    }

    private void CountHalves(ulong ticks)
    {
        if (_elapsed + ticks < HalfLength)
        {
            _elapsed += ticks;
            return;
        }

        ticks -= HalfLength - _elapsed;
        EndHalf();
        if (ticks >= _length)
        {
            // at least one whole period: OUT has both risen and fallen, and is where it was
            bool output = _output;
            SetOutput(!output);
            SetOutput(output);
            ticks %= _length;
        }

        if (ticks >= HalfLength)
        {
            ticks -= HalfLength;
            EndHalf();
        }

        _elapsed = Math.Min(ticks, Math.Max(1, HalfLength) - 1); // a count of 1 is not allowed
    }

    private void EndHalf()
    {
        SetOutput(!_output);
        Reload();
    }

    private void Reload()
    {
        _isNull = false;
        _length = Decode(_initial);
    }

    private void SetOutput(bool level)
    {
        _rose |= level && !_output;
        _output = level;
    }

    private readonly uint Decode(ushort count)
    {
        uint value = count;
        if (_isDecimal)
        {
            value = 0;
            for (int shift = 12; shift >= 0; shift -= 4) value = (value * 10) + ((uint)(count >> shift) & 15);
        }

        return value == 0 ? Range : Math.Min(value, BinaryRange);
    }
}

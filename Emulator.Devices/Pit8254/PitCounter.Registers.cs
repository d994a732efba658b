using static Emulator.Devices.Pit8254;

namespace Emulator.Devices;

/// <content>What is read and written; the counter has been brought up to the moment.</content>
internal partial record struct PitCounter
{
    private const int StatusOutput = 0x80;
    private const int StatusNullCount = 0x40;
    private const int StatusAccessShift = 4;
    private const int StatusModeShift = 1;
    private const int ModeBits = 7;
    private const int AccessBits = 3;

    // The third mode bit does not matter to modes 2 and 3.
    private const int ModeAlias = 4;

    /// <summary>A control word for this counter, not a latch command.</summary>
    public void WriteControl(byte word)
    {
        int mode = (word >> StatusModeShift) & ModeBits;
        _mode = (CounterMode)(mode > (int)CounterMode.HardwareStrobe ? mode - ModeAlias : mode);
        _access = (ByteAccess)((word >> StatusAccessShift) & AccessBits);
        _isDecimal = (word & 1) != 0;
        _hasCount = _loads = _isLoaded = false;
        _isNull = true;
        _elapsed = 0;
        _hasLatchedCount = _hasLatchedStatus = _readsHigh = _writesHigh = false;
        SetOutput(_mode != CounterMode.InterruptOnTerminalCount);
    }

    /// <summary>Keeps the count until it is read; a count that is kept already stays.</summary>
    public void LatchCount()
    {
        if (_hasLatchedCount)
        {
            return;
        }

        _latchedCount = Count;
        _hasLatchedCount = true;
    }

    /// <summary>Keeps the status until it is read.</summary>
    public void LatchStatus()
    {
        if (_hasLatchedStatus)
        {
            return;
        }

        _latchedStatus = (byte)((_output ? StatusOutput : 0) | (_isNull ? StatusNullCount : 0)
            | ((int)_access << StatusAccessShift) | ((int)_mode << StatusModeShift) | (_isDecimal ? 1 : 0));
        _hasLatchedStatus = true;
    }

    /// <summary>A byte of the count, or the status if that was latched.</summary>
    public byte Read()
    {
        if (_hasLatchedStatus)
        {
            _hasLatchedStatus = false;
            return _latchedStatus;
        }

        ushort count = _hasLatchedCount ? _latchedCount : Count;
        bool isHigh = _access == ByteAccess.High || (_access == ByteAccess.LowThenHigh && _readsHigh);
        if (_access == ByteAccess.LowThenHigh)
        {
            _readsHigh = !_readsHigh;
        }

        if (!_readsHigh)
        {
            _hasLatchedCount = false; // that was its last byte
        }

        return (byte)(isHigh ? count >> 8 : count);
    }

    /// <summary>A byte of the count.</summary>
    public void Write(byte value)
    {
        switch (_access)
        {
            case ByteAccess.Low:
                WriteCount(value);
                break;
            case ByteAccess.High:
                WriteCount((ushort)(value << 8));
                break;
            case ByteAccess.LowThenHigh when !_writesHigh:
                _lowByte = value;
                _writesHigh = true;
                if (_mode == CounterMode.InterruptOnTerminalCount)
                {
                    SetOutput(false);
                }

                break;
            case ByteAccess.LowThenHigh:
                _writesHigh = false;
                WriteCount((ushort)((value << 8) | _lowByte));
                break;
            default:
                break; // only a damaged snapshot has no access mode
        }
    }

    private void WriteCount(ushort count)
    {
        _initial = count;
        _hasCount = true;
        _isNull = true;
        if (IsTriggered || (IsPeriodic && _isLoaded))
        {
            return; // taken at the next trigger, or when the period ends
        }

        _loads = true;
        if (_mode == CounterMode.InterruptOnTerminalCount)
        {
            SetOutput(false);
        }
    }

    /// <summary>CE as it is read.</summary>
    private readonly ushort Count
    {
        get
        {
            uint range = Range;
            uint elapsed = (uint)(_elapsed % range);
            uint value = _mode == CounterMode.SquareWave
                ? (_length & ~1u) + (2 * range) - (2 * elapsed)
                : _length + range - elapsed;
            return Encode(value % range);
        }
    }

    private readonly ushort Encode(uint value)
    {
        if (!_isDecimal)
        {
            return (ushort)value;
        }

        uint digits = 0;
        for (int shift = 0; shift < 16; shift += 4, value /= 10) digits |= (value % 10) << shift;
        return (ushort)digits;
    }
}

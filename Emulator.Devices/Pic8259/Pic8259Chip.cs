using System.Numerics;
using static Emulator.Devices.Pic8259Pair;

namespace Emulator.Devices;

/// <summary>One 8259A: all of its registers, and what each cycle does to them. Safe with any bits in it.</summary>
internal record struct Pic8259Chip
{
    private const int Inputs = InputsPerChip;
    private const int SpuriousInput = 7;
    private const byte VectorMask = 0xf8; // 8086 mode: the input's number takes the low bits
    private const byte PollHasRequest = 0x80;
    private const int LevelMask = 7;
    private const int Ocw2CommandShift = 5;

    /// <summary>Levels of the inputs.</summary>
    private byte _lines;

    /// <summary>Edges that were seen and whose line is still high.</summary>
    private byte _edges;

    /// <summary>IMR.</summary>
    private byte _mask;

    /// <summary>ISR.</summary>
    private byte _inService;

    /// <summary>ICW2.</summary>
    private byte _vectorBase;

    /// <summary>ICW3: the master's inputs with slaves, or the slave's identity.</summary>
    private byte _cascade;

    /// <summary>ELCR.</summary>
    private byte _levelTriggered;

    /// <summary>The input of highest priority; those above follow.</summary>
    private byte _topInput;

    private Icw1 _icw1;
    private Icw4 _icw4;
    private NextWord _next;
    private bool _rotatesOnAutoEoi;
    private bool _specialMask;
    private bool _polls;
    private bool _readsInService;

    /// <summary>IRR.</summary>
    public readonly byte Requests
    {
        get
        {
            byte level = (_icw1 & Icw1.LevelTriggered) != 0 ? byte.MaxValue : _levelTriggered;
            return (byte)((_lines & level) | (_edges & ~level));
        }
    }

    /// <summary>INT: an input that is not masked has more priority than what is served.</summary>
    public readonly bool IsRequesting => TryFindRequest(out _);

    /// <summary>ELCR, of which only some bits can be set.</summary>
    public byte LevelTriggered
    {
        readonly get => _levelTriggered;
        set => _levelTriggered = value;
    }

    /// <summary>Drives an input.</summary>
    public void SetLine(int input, bool asserted)
    {
        byte bit = (byte)(1 << input);
        if (!asserted)
        {
            _lines &= (byte)~bit;
            _edges &= (byte)~bit; // a request must stay until it is acknowledged ("Edge and level triggered modes")
        }
        else if ((_lines & bit) == 0)
        {
            _lines |= bit;
            _edges |= bit;
        }
    }

    /// <summary>The cycles of an interrupt acknowledge: gives the input and whether there was a request at all.</summary>
    public int Acknowledge(out bool isSpurious)
    {
        isSpurious = !TryFindRequest(out int input);
        if (isSpurious)
        {
            return SpuriousInput; // the data sheet's "default IR7": not in service
        }

        byte bit = (byte)(1 << input);
        _edges &= (byte)~bit;
        if ((_icw4 & Icw4.AutoEndOfInterrupt) == 0)
        {
            _inService |= bit;
        }
        else if (_rotatesOnAutoEoi)
        {
            MakeLowest(input);
        }

        return input;
    }

    /// <summary>The vector of an input.</summary>
    public readonly byte VectorOf(int input) => (byte)((_vectorBase & VectorMask) | input);

    /// <summary>Whether ICW3 says that a slave is on an input.</summary>
    public readonly bool HasSlaveOn(int input) => (_icw1 & Icw1.Single) == 0 && (_cascade & (1 << input)) != 0;

    /// <summary>A read; in poll mode it acknowledges.</summary>
    /// <param name="isData">A0.</param>
    public byte Read(bool isData)
    {
        if (_polls)
        {
            _polls = false;
            int input = Acknowledge(out bool isSpurious);
            return isSpurious ? (byte)0 : (byte)(PollHasRequest | input);
        }

        return isData ? _mask : _readsInService ? _inService : Requests;
    }

    /// <summary>A write.</summary>
    /// <param name="isData">A0.</param>
    /// <param name="value">The command word.</param>
    public void Write(bool isData, byte value)
    {
        if (isData)
        {
            WriteData(value);
        }
        else if ((value & (byte)Icw1.Initialize) != 0)
        {
            Initialize((Icw1)value);
        }
        else if ((value & (byte)Ocw3.IsOcw3) != 0)
        {
            WriteOcw3((Ocw3)value);
        }
        else
        {
            WriteOcw2((Ocw2)(value >> Ocw2CommandShift), value & LevelMask);
        }
    }

    private void Initialize(Icw1 word)
    {
        this = new Pic8259Chip
        {
            _lines = _lines,
            _vectorBase = _vectorBase,
            _cascade = _cascade,
            _levelTriggered = _levelTriggered,
            _icw1 = word,
            _icw4 = (word & Icw1.NeedsIcw4) != 0 ? _icw4 : Icw4.None,
            _next = NextWord.Icw2,
        };
    }

    private void WriteData(byte value)
    {
        switch (_next)
        {
            case NextWord.Icw2:
                _vectorBase = value;
                _next = (_icw1 & Icw1.Single) == 0 ? NextWord.Icw3 : AfterIcw3;
                break;
            case NextWord.Icw3:
                _cascade = value;
                _next = AfterIcw3;
                break;
            case NextWord.Icw4:
                _icw4 = (Icw4)value;
                _next = NextWord.Ocw1;
                break;
            default:
                _mask = value;
                break;
        }
    }

    private readonly NextWord AfterIcw3 => (_icw1 & Icw1.NeedsIcw4) != 0 ? NextWord.Icw4 : NextWord.Ocw1;

    private void WriteOcw2(Ocw2 command, int level)
    {
        switch (command)
        {
            case Ocw2.ClearRotateOnAutoEoi:
            case Ocw2.SetRotateOnAutoEoi:
                _rotatesOnAutoEoi = command == Ocw2.SetRotateOnAutoEoi;
                break;
            case Ocw2.NonSpecificEoi:
            case Ocw2.RotateOnNonSpecificEoi:
                if (TryFindHighest(EndableInService, out int served))
                {
                    _inService &= (byte)~(1 << served);
                    if (command == Ocw2.RotateOnNonSpecificEoi)
                    {
                        MakeLowest(served);
                    }
                }

                break;
            case Ocw2.SpecificEoi:
                _inService &= (byte)~(1 << level);
                break;
            case Ocw2.RotateOnSpecificEoi:
                _inService &= (byte)~(1 << level);
                MakeLowest(level);
                break;
            case Ocw2.SetPriority:
                MakeLowest(level);
                break;
            default:
                break; // no operation
        }
    }

    private void WriteOcw3(Ocw3 word)
    {
        _polls = (word & Ocw3.Poll) != 0;
        if ((word & Ocw3.ReadRegister) != 0)
        {
            _readsInService = (word & Ocw3.ReadInService) != 0;
        }

        if ((word & Ocw3.EnableSpecialMask) != 0)
        {
            _specialMask = (word & Ocw3.SpecialMask) != 0;
        }
    }

    // In special mask mode a masked input that is served neither holds others back nor is ended without being named.
    private readonly byte EndableInService => (byte)(_specialMask ? _inService & ~_mask : _inService);

    private readonly bool TryFindRequest(out int input)
    {
        if (!TryFindHighest((byte)(Requests & ~_mask), out input))
        {
            return false;
        }

        byte served = EndableInService;
        if ((_icw4 & Icw4.SpecialFullyNested) != 0)
        {
            served &= (byte)~_cascade; // the slave may interrupt its own service
        }

        return !TryFindHighest(served, out int busy) || PriorityOf(input) < PriorityOf(busy);
    }

    private readonly int PriorityOf(int input) => (input - _topInput) & LevelMask;

    private readonly bool TryFindHighest(byte inputs, out int highest)
    {
        int top = _topInput & LevelMask;
        uint rotated = (byte)((inputs >> top) | (inputs << (Inputs - top)));
        highest = rotated == 0 ? 0 : (BitOperations.TrailingZeroCount(rotated) + top) & LevelMask;
        return rotated != 0;
    }

    private void MakeLowest(int input) => _topInput = (byte)((input + 1) & LevelMask);
}

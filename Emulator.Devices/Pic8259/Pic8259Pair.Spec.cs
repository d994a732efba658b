namespace Emulator.Devices;

/// <summary>
/// Command words of Intel's 8259A data sheet (order number 231468), and the edge/level control registers that the EISA specification
/// adds to the pair.
/// </summary>
public sealed partial class Pic8259Pair
{
    /// <summary>The first chip's ports: A0 = 0 and A0 = 1.</summary>
    internal const uint MasterOffset = 0;

    /// <summary>The second chip's ports.</summary>
    internal const uint SlaveOffset = 2;

    /// <summary>ELCR of both chips: a set bit makes an input level-triggered.</summary>
    internal const uint EdgeLevelOffset = 4;

    /// <summary>Inputs of one chip.</summary>
    internal const int InputsPerChip = 8;

    /// <summary>The master's input that the slave is on.</summary>
    internal const int CascadeInput = 2;

    /// <summary>Inputs that are always edge-triggered: timer, keyboard and cascade; clock and coprocessor on the slave.</summary>
    private const byte MasterLevelInputs = 0xf8;

    private const byte SlaveLevelInputs = 0xde;

    /// <summary>ICW1, written to A0 = 0; bit 4 tells it from the OCWs.</summary>
    [Flags]
    internal enum Icw1 : byte
    {
        NeedsIcw4 = 0x01,
        Single = 0x02,
        LevelTriggered = 0x08,
        Initialize = 0x10,
    }

    /// <summary>ICW4. Buffered mode and the 8085's way of vectoring mean nothing here.</summary>
    [Flags]
    internal enum Icw4 : byte
    {
        None = 0,
        AutoEndOfInterrupt = 0x02,
        SpecialFullyNested = 0x10,
    }

    /// <summary>Bits 7:5 of OCW2: rotate, specific, end of interrupt. Bits 2:0 are the level of specific commands.</summary>
    internal enum Ocw2 : byte
    {
        ClearRotateOnAutoEoi = 0,
        NonSpecificEoi = 1,
        NoOperation = 2,
        SpecificEoi = 3,
        SetRotateOnAutoEoi = 4,
        RotateOnNonSpecificEoi = 5,
        SetPriority = 6,
        RotateOnSpecificEoi = 7,
    }

    /// <summary>OCW3, told from OCW2 by bit 3.</summary>
    [Flags]
    internal enum Ocw3 : byte
    {
        ReadInService = 0x01,
        ReadRegister = 0x02,
        Poll = 0x04,
        IsOcw3 = 0x08,
        SpecialMask = 0x20,
        EnableSpecialMask = 0x40,
    }

    /// <summary>What a write to A0 = 1 is.</summary>
    internal enum NextWord : byte
    {
        Ocw1,
        Icw2,
        Icw3,
        Icw4,
    }
}

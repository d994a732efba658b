namespace Emulator.Devices;

/// <summary>Registers of Motorola's MC146818 data sheet (ADI-856), with the PC's century byte.</summary>
public sealed partial class Mc146818
{
    /// <summary>Bytes of registers: index and data.</summary>
    public const uint WindowSize = 2;

    internal const int MemoryBytes = 128;
    private const byte IndexMask = 0x7f; // bit 7 masks NMI on a PC; there is none here

    private const long SecondsPerDay = 24 * 60 * 60;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>UIP is set this long before an update (data sheet, table 4).</summary>
    private const ulong UpdateWarning = 244_000;

    private const uint OscillatorFrequency = 32_768;

    /// <summary>An alarm byte with both high bits set matches everything.</summary>
    private const byte DoNotCare = 0xc0;

    private const byte AfternoonBit = 0x80;

    /// <summary>Addresses of the bytes that are more than memory.</summary>
    internal enum Register : byte
    {
        Seconds = 0,
        SecondsAlarm = 1,
        Minutes = 2,
        MinutesAlarm = 3,
        Hours = 4,
        HoursAlarm = 5,
        DayOfWeek = 6,
        DayOfMonth = 7,
        Month = 8,
        Year = 9,
        A = 0x0a,
        B = 0x0b,
        C = 0x0c,
        D = 0x0d,
        Century = 0x32,
    }

    /// <summary>Register A.</summary>
    [Flags]
    internal enum ControlA : byte
    {
        RateMask = 0x0f,
        Divider32768 = 0x20,
        UpdateInProgress = 0x80,
    }

    /// <summary>Register B.</summary>
    [Flags]
    internal enum ControlB : byte
    {
        Is24Hour = 0x02,
        IsBinary = 0x04,
        UpdateInterrupt = 0x10,
        AlarmInterrupt = 0x20,
        PeriodicInterrupt = 0x40,
        Set = 0x80,
    }

    /// <summary>Register C; the flags are at the places of their enables in register B.</summary>
    [Flags]
    internal enum Flags : byte
    {
        None = 0,
        Update = 0x10,
        Alarm = 0x20,
        Periodic = 0x40,
        Interrupt = 0x80,
    }

    /// <summary>Register D: the battery is good.</summary>
    private const byte ValidMemory = 0x80;
}

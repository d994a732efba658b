namespace Emulator.Devices;

/// <summary>
/// Registers of the Goldfish virtual hardware's real-time clock (<c>google,goldfish-rtc</c>), as Linux's <c>timer-goldfish.h</c>
/// numbers them.
/// </summary>
public sealed partial class GoldfishRtc
{
    /// <summary>Bytes of address space the chip takes.</summary>
    public const uint WindowSize = 0x1000;

    /// <summary>32-bit registers; times are nanoseconds since 1970-01-01 00:00 UTC.</summary>
    internal enum Register : uint
    {
        /// <summary>Reading takes the time, gives its low half and keeps the high half; writing sets the time, after TIME_HIGH.</summary>
        TimeLow = 0x00,

        /// <summary>High half as of the last read of TIME_LOW.</summary>
        TimeHigh = 0x04,

        /// <summary>Writing sets the low half and arms the alarm.</summary>
        AlarmLow = 0x08,

        /// <summary>High half of the alarm, written before the low half.</summary>
        AlarmHigh = 0x0C,

        /// <summary>Bit 0 lets the alarm drive the interrupt line.</summary>
        IrqEnabled = 0x10,

        /// <summary>Writing anything disarms the alarm.</summary>
        ClearAlarm = 0x14,

        /// <summary>1 while the alarm is armed.</summary>
        AlarmStatus = 0x18,

        /// <summary>Writing anything takes the interrupt back.</summary>
        ClearInterrupt = 0x1C,
    }
}

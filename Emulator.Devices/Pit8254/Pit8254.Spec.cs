namespace Emulator.Devices;

/// <summary>
/// Registers of Intel's 8254 data sheet (order number 231164), and the PC's system control port B, which has the gate and the output
/// of counter 2.
/// </summary>
public sealed partial class Pit8254
{
    /// <summary>Ticks a second: a twelfth of the PC's 14.31818 MHz.</summary>
    public const uint Frequency = 1_193_182;

    /// <summary>Counters of the chip.</summary>
    internal const int Counters = 3;

    internal const uint ControlOffset = 3;
    internal const uint SystemControlOffset = 4;

    /// <summary>Counter 1 was once made to refresh memory every 18 ticks; software takes the bit for a clock of 15 microseconds.</summary>
    private const ulong RefreshTicks = 18;

    private const int ControlSelectShift = 6;
    private const int ReadBackSelect = 3;

    /// <summary>Which bytes of a count are read and written: control word bits 5:4.</summary>
    internal enum ByteAccess : byte
    {
        LatchCommand = 0,
        Low = 1,
        High = 2,
        LowThenHigh = 3,
    }

    /// <summary>Control word bits 3:1.</summary>
    internal enum CounterMode : byte
    {
        InterruptOnTerminalCount = 0,
        OneShot = 1,
        RateGenerator = 2,
        SquareWave = 3,
        SoftwareStrobe = 4,
        HardwareStrobe = 5,
    }

    /// <summary>The read-back command; bits 3:1 select counters.</summary>
    [Flags]
    internal enum ReadBack : byte
    {
        FirstCounter = 0x02,
        NoStatus = 0x10,
        NoCount = 0x20,
    }

    /// <summary>System control port B.</summary>
    [Flags]
    internal enum SystemControl : byte
    {
        None = 0,
        Gate2 = 0x01,
        Speaker = 0x02,
        Written = 0x0f,
        RefreshToggle = 0x10,
        Output2 = 0x20,
    }
}

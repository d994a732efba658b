namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="GoldfishRtc"/>.</summary>
public record struct GoldfishRtcState
{
    /// <summary>Time of day at the virtual clock's zero, in nanoseconds since the epoch; wraps.</summary>
    internal ulong Epoch;

    /// <summary>When the alarm is due, in nanoseconds since the epoch.</summary>
    internal ulong Alarm;

    /// <summary>TIME_HIGH as latched or written.</summary>
    internal uint TimeHigh;

    internal bool Armed;

    internal bool InterruptPending;

    internal bool InterruptEnabled;
}

namespace Emulator.Devices;

/// <summary>What may be chosen about a <see cref="GoldfishRtc"/>.</summary>
public sealed record GoldfishRtcOptions
{
    /// <summary>
    /// Time of day when the machine is switched on, in nanoseconds since 1970-01-01 00:00 UTC. From there it follows the virtual
    /// clock, so that a fixed value gives the same times in every run. See <see cref="Now"/> for the host's time.
    /// </summary>
    public ulong StartNanoseconds { get; init; }

    /// <summary>A clock that starts at the host's time of day.</summary>
    public static GoldfishRtcOptions Now() => StartingAt(DateTimeOffset.UtcNow);

    /// <summary>A clock that starts at a time of day.</summary>
    /// <param name="time">1970 to 2554.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time lies before 1970.</exception>
    public static GoldfishRtcOptions StartingAt(DateTimeOffset time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, DateTimeOffset.UnixEpoch);
        return new GoldfishRtcOptions { StartNanoseconds = (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick };
    }
}

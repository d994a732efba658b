namespace Emulator.Devices.Host;

/// <summary>What a <see cref="SerialPort"/> does with output its reader does not take in time.</summary>
public enum OverflowPolicy
{
    /// <summary>
    /// The chip shows a busy transmitter until the reader has caught up, so that a guest that looks loses nothing. A guest that
    /// sends regardless may fall behind by as much again; then its characters are lost.
    /// </summary>
    HoldGuest,

    /// <summary>The oldest characters are lost: for consoles that perhaps nobody reads.</summary>
    DropOldest,

    /// <summary>
    /// Everything is kept in memory: the guest never notices a slow reader, as runs that have to be repeatable need.
    /// </summary>
    KeepAll,
}

/// <summary>What may be chosen about a <see cref="SerialPort"/>.</summary>
public sealed record SerialPortOptions
{
    /// <summary>Characters that may wait for a slow reader before <see cref="WhenFull"/> applies; at least 1.</summary>
    public int OutputCapacity { get; init; } = 1 << 20;

    /// <summary>What happens then.</summary>
    public OverflowPolicy WhenFull { get; init; } = OverflowPolicy.HoldGuest;

    /// <summary>How long closing the port waits for the reader to take what is left.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);
}

namespace Emulator.Devices;

/// <summary>What may be chosen about a <see cref="Mc146818"/>.</summary>
public sealed record Mc146818Options
{
    /// <summary>Time of day at the virtual clock's zero, as the guest is to see it.</summary>
    public DateTimeOffset Start { get; init; } = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>What the memory holds at power-on, by address, 0x0e to 0x7f; elsewhere 0.</summary>
    public IReadOnlyDictionary<byte, byte> Memory { get; init; } = new Dictionary<byte, byte>();
}

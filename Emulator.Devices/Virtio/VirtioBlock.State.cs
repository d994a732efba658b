namespace Emulator.Devices.Virtio;

/// <summary>What a snapshot carries of a block device besides its transport and its disk.</summary>
/// <param name="Features">What the driver accepted.</param>
/// <param name="WriteBack">The field of the configuration space: writes may stay in the host's cache until a flush.</param>
public record struct VirtioBlockState(ulong Features, bool WriteBack);

/// <summary>What a user may choose of a block device.</summary>
public sealed record VirtioBlockOptions
{
    /// <summary>The answer to GET_ID: up to 20 ASCII characters. Linux shows it as the disk's serial number.</summary>
    public string Serial { get; init; } = "";

    /// <summary>Entries of the request queue: a power of two from 4 to 32768.</summary>
    public ushort QueueSize { get; init; } = 256;
}

using Emulator.Devices.Storage;

namespace Emulator.Devices;

/// <summary>What may be chosen about a <see cref="CfiFlash"/>.</summary>
public sealed record CfiFlashOptions
{
    /// <summary>
    /// What the flash holds, and where changes go; null: changes are gone with the machine. An image shorter than the flash is followed by
    /// erased cells, which it cannot keep. The device does not dispose of it.
    /// </summary>
    public IDiskImage? Image { get; init; }

    /// <summary>What the flash holds at first when there is no image; the rest is erased.</summary>
    public ReadOnlyMemory<byte> Contents { get; init; }

    /// <summary>The guest cannot program or erase: VPEN is low.</summary>
    public bool IsWriteProtected { get; init; }

    /// <summary>Changes do not go to the image.</summary>
    public bool IsSnapshot { get; init; }
}

namespace Emulator.Devices.Virtio;

/// <summary>Helps devices present their configuration space.</summary>
internal static class ConfigSpace
{
    /// <summary>Copies what an access covers; beyond the end of <paramref name="config"/> there are zeros.</summary>
    public static void Copy(ReadOnlySpan<byte> config, uint offset, Span<byte> destination)
    {
        destination.Clear();
        if (offset < (uint)config.Length)
        {
            ReadOnlySpan<byte> present = config[(int)offset..];
            present[..Math.Min(present.Length, destination.Length)].CopyTo(destination);
        }
    }
}

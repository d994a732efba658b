namespace Emulator.Core.Memory;

/// <summary>
/// Memory that belongs to a device, such as the cells of a flash chip: processors read it directly and fetch instructions from it, and
/// their writes go to the device, which may also take over their reads. All members may be called from any thread.
/// </summary>
public interface IDeviceMemory
{
    /// <summary>Bytes.</summary>
    long Length { get; }

    /// <summary>
    /// True while reads of processors go to the device; false at first. Set in a device's answer to a write, it holds for whatever any
    /// processor does after that write. Instruction fetches never go to the device.
    /// </summary>
    bool ReadsReachDevice { get; set; }

    /// <summary>Copies memory out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside.</exception>
    void Read(long offset, Span<byte> destination);

    /// <summary>Changes memory; processors see it, as data and as code.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside.</exception>
    void Write(long offset, ReadOnlySpan<byte> source);
}

/// <summary>A device's memory on a physical bus, made by <see cref="MemorySystem.AddDeviceMemory"/>.</summary>
// SAFETY: every access is checked against the block's length.
internal sealed unsafe class MappedDeviceMemory(MemorySystem system, RamBlock ram, GuestPhysicalAddress start) : IDeviceMemory
{
    public long Length => (long)ram.Length;

    public bool ReadsReachDevice
    {
        get => system.Map.Find(start) is { ReadsReachDevice: true };
        set => system.Replace(start, region => region with { ReadsReachDevice = value });
    }

    public void Read(long offset, Span<byte> destination)
    {
        Check(offset, destination.Length);
        new ReadOnlySpan<byte>(ram.Pointer + offset, destination.Length).CopyTo(destination);
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        Check(offset, source.Length);
        source.CopyTo(new Span<byte>(ram.Pointer + offset, source.Length));
        system.NotifyWrite(ram, (ulong)offset, source.Length);
    }

    private void Check(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
    }
}

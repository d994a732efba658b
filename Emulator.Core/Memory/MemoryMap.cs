using System.Collections.Immutable;
using Emulator.Core.Bus;

namespace Emulator.Core.Memory;

/// <summary>A window of the physical address space and what answers there.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Start">First byte.</param>
/// <param name="Length">Bytes; at least 1.</param>
public sealed record MemoryRegion(string Name, GuestPhysicalAddress Start, ulong Length)
{
    internal RamBlock? Ram { get; init; }

    internal bool IsReadOnly { get; init; }

    internal IMmioDevice? Device { get; init; }

    /// <summary>Memory of a device that answers reads itself at the moment.</summary>
    internal bool ReadsReachDevice { get; init; }

    /// <summary>A write may change the map: memory with a device behind it.</summary>
    internal bool IsDeviceMemory => Ram is not null && Device is not null;

    /// <summary>The last byte.</summary>
    public GuestPhysicalAddress Last => Start + (Length - 1);

    /// <summary>True where processors read memory directly: RAM, ROM and memory of a device; false for a device's registers.</summary>
    public bool IsMemory => Ram is not null && !ReadsReachDevice;

    internal bool Contains(GuestPhysicalAddress address) => address - Start < Length;
}

/// <summary>The physical address space at one moment: immutable, so that readers need no lock. Holes are where no region is.</summary>
public sealed class MemoryMap
{
    private readonly MemoryRegion[] _regions;
    private readonly MemoryRegion? _largestRam; // where nearly every search ends

    /// <summary>An empty map.</summary>
    public static MemoryMap Empty { get; } = new([]);

    private MemoryMap(ImmutableArray<MemoryRegion> regions)
    {
        Regions = regions;
        _regions = [.. regions];
        var rams = new List<RamBlock>();
        foreach (var region in _regions)
        {
            if (region.Ram is { } ram) rams.Insert(rams.Count > 0 && ram.Length > rams[0].Length ? 0 : rams.Count, ram);
            if (region is { Ram: not null, Device: null, IsReadOnly: false } && region.Length > (LargestPlainRam?.Length ?? 0)) LargestPlainRam = region;
            if (region.IsMemory && region.Length > (_largestRam?.Length ?? 0)) _largestRam = region;
        }

        Rams = [.. rams];
    }

    /// <summary>All regions by address.</summary>
    public ImmutableArray<MemoryRegion> Regions { get; }

    /// <summary>The memory behind the regions, the largest first.</summary>
    internal RamBlock[] Rams { get; }

    /// <summary>The largest memory that no device is behind and that can be written, if there is any.</summary>
    internal MemoryRegion? LargestPlainRam { get; }

    /// <summary>The map with one region more.</summary>
    /// <exception cref="ArgumentException">It overlaps another or wraps around.</exception>
    public MemoryMap With(MemoryRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        if (region.Length == 0 || region.Last < region.Start) throw new ArgumentException($"{region.Name} at {region.Start}: length {region.Length} is not possible", nameof(region));
        int index = 0; // where it belongs
        foreach (var other in Regions)
        {
            if (region.Start <= other.Last && other.Start <= region.Last)
            {
                throw new ArgumentException($"{region.Name} at {region.Start}..{region.Last} overlaps '{other.Name}' at {other.Start}..{other.Last}", nameof(region));
            }

            if (other.Start < region.Start) index++;
        }

        return new MemoryMap(Regions.Insert(index, region));
    }

    internal MemoryMap Replace(MemoryRegion old, MemoryRegion region) => new(Regions.Replace(old, region));

    /// <summary>The region at an address, or null for a hole.</summary>
    public MemoryRegion? Find(GuestPhysicalAddress address)
    {
        if (_largestRam is { } ram && ram.Contains(address)) return ram;
        int low = 0;
        int high = _regions.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            var region = _regions[middle];
            if (region.Contains(address)) return region;
            if (address < region.Start) high = middle - 1;
            else low = middle + 1;
        }

        return null;
    }
}

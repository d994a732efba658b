using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Emulator.Core.Bus;

namespace Emulator.Core.Memory;

/// <summary>Told when memory that translated code came from is written by something that is not a processor's TLB.</summary>
internal interface ICodeObserver
{
    /// <summary>Drops translations that overlap a range of a page with code. Any thread.</summary>
    void OnCodeWritten(RamBlock block, ulong offset, int length);

    /// <summary>True when translations came from any of these bytes.</summary>
    bool HoldsCode(RamBlock block, ulong offset, int length);
}

/// <summary>
/// The physical bus: routes accesses by the published map. Processors reach RAM through their TLBs and come here for misses and
/// devices; devices come here for DMA. All members may be called from any thread.
/// </summary>
// SAFETY: raw pointers are formed only from a region's RamBlock after the whole range was checked against it.
public sealed unsafe class MemorySystem : IGuestMemory, IDisposable
{
    private readonly Lock _change = new();
    private MemoryMap _map = MemoryMap.Empty;

    /// <summary>The map in force.</summary>
    public MemoryMap Map => Volatile.Read(ref _map);

    private MemoryRegion? _directRam;

    /// <summary>The largest RAM when that was first asked for; it stays what it is and where it is. Null without RAM.</summary>
    internal MemoryRegion? DirectRam
    {
        get
        {
            lock (_change) return _directRam ??= Map.LargestPlainRam;
        }
    }

    internal ICodeObserver? CodeObserver { get; set; }

    private WriteWatch[] _watches = [];

    /// <summary>Has writes of processors and devices to a range of RAM reported, after each of them.</summary>
    /// <param name="start">First byte; the range must not cross a page.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="onWrite">Called on the writer's thread with the write's address and size.</param>
    /// <returns>Ends the watch when disposed.</returns>
    public IDisposable WatchWrites(GuestPhysicalAddress start, int length, Action<GuestPhysicalAddress, int> onWrite)
    {
        if (HostAddress(start, length, true, out var ram, out ulong offset) == null) throw new ArgumentException($"{start}: expected an address in RAM", nameof(start));
        var watch = new WriteWatch(this, ram!, offset, length, start, onWrite);
        lock (_change)
        {
            ram!.Set(offset, PageFlags.Watched);
            Volatile.Write(ref _watches, [.. _watches, watch]);
        }

        return watch;
    }

    private sealed record WriteWatch(
        MemorySystem Owner, RamBlock Ram, ulong Offset, int Length, GuestPhysicalAddress Start, Action<GuestPhysicalAddress, int> OnWrite) : IDisposable
    {
        public void Dispose()
        {
            lock (Owner._change) Volatile.Write(ref Owner._watches, [.. Owner._watches.Where(w => !ReferenceEquals(w, this))]);
        }
    }

    /// <summary>Adds RAM, zeroed.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="start">Page-aligned.</param>
    /// <param name="length">Bytes; a multiple of 4096.</param>
    public void AddRam(string name, GuestPhysicalAddress start, ulong length) => AddMemory(name, start, length, default, false);

    /// <summary>Adds memory that the guest cannot write.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="start">Page-aligned.</param>
    /// <param name="length">Bytes; a multiple of 4096.</param>
    /// <param name="content">What it holds from its start on.</param>
    public void AddRom(string name, GuestPhysicalAddress start, ulong length, ReadOnlySpan<byte> content) => AddMemory(name, start, length, content, true);

    /// <summary>Adds a device's window.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="start">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="device">What answers there.</param>
    public void AddDevice(string name, GuestPhysicalAddress start, ulong length, IMmioDevice device) =>
        Add(new MemoryRegion(name, start, length) { Device = device });

    /// <summary>Adds memory that belongs to a device: zeroed, read directly, written through the device.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="start">Page-aligned.</param>
    /// <param name="length">Bytes; a multiple of 4096.</param>
    /// <param name="create">Makes the device that the memory belongs to.</param>
    /// <returns>The device.</returns>
    public TDevice AddDeviceMemory<TDevice>(string name, GuestPhysicalAddress start, ulong length, Func<IDeviceMemory, TDevice> create)
        where TDevice : IMmioDevice
    {
        ArgumentNullException.ThrowIfNull(create);
        var ram = AddMemory(name, start, length, default, true);
        var device = create(new MappedDeviceMemory(this, ram, start));
        Replace(start, region => region with { Device = device });
        return device;
    }

    /// <summary>Publishes a map in which one region is another. Harts may go on with what they know of the old one until told.</summary>
    internal void Replace(GuestPhysicalAddress start, Func<MemoryRegion, MemoryRegion> change)
    {
        lock (_change)
        {
            if (_map.Find(start) is not { } region || change(region) is var changed && changed == region) return;
            Volatile.Write(ref _map, _map.Replace(region, changed));
        }
    }

    private RamBlock AddMemory(string name, GuestPhysicalAddress start, ulong length, ReadOnlySpan<byte> content, bool readOnly)
    {
        if ((start.Value & 0xfff) != 0) throw new ArgumentException($"{name} at {start}: expected a multiple of 4096", nameof(start));
        var ram = new RamBlock(length);
        content.CopyTo(new Span<byte>(ram.Pointer, checked((int)Math.Min(length, int.MaxValue))));
        Add(new MemoryRegion(name, start, length) { Ram = ram, IsReadOnly = readOnly });
        return ram;
    }

    private void Add(MemoryRegion region)
    {
        lock (_change) Volatile.Write(ref _map, _map.With(region));
    }

    /// <summary>Host address of a range inside RAM or ROM, or null.</summary>
    internal byte* HostAddress(GuestPhysicalAddress address, int length, bool forWrite, out RamBlock? ram, out ulong offset)
    {
        var region = Map.Find(address);
        offset = region is null ? 0 : address - region.Start;
        ram = region?.Ram;
        if (region is not { IsMemory: true } || length < 0 || (ulong)length > region.Length - offset || (forWrite && region.IsReadOnly)) return null;
        return ram!.Pointer + offset;
    }

    /// <summary>True when somebody has to hear of writes to the page at a host address in RAM.</summary>
    internal bool IsObserved(byte* host) => BlockAt(host, out ulong offset).HasAny(offset);

    /// <summary>The RAM around a host address that was got from the map, and the offset in it.</summary>
    internal RamBlock BlockAt(byte* host, out ulong offset)
    {
        foreach (var ram in Map.Rams)
        {
            offset = (ulong)(host - ram.Pointer);
            if (offset < ram.Length) return ram;
        }

        throw new UnreachableException("RAM stays in the map");
    }

    /// <summary>Finds the memory that instructions at an address come from; a device's memory is that, whoever answers reads.</summary>
    internal bool TryGetCode(GuestPhysicalAddress address, [NotNullWhen(true)] out RamBlock? ram, out ulong offset)
    {
        var region = Map.Find(address);
        offset = region is null ? 0 : address - region.Start;
        ram = region?.Ram;
        return ram is not null;
    }

    /// <summary>Reads 1, 2, 4 or 8 bytes inside one page for a processor; the value is zero-extended.</summary>
    public bool TryRead(GuestPhysicalAddress address, int size, out ulong value)
    {
        var region = Map.Find(address);
        value = 0;
        if (region is null || (ulong)size > region.Length - (address - region.Start)) return false;
        ulong offset = address - region.Start;
        if (region.IsMemory)
        {
            value = ReadHost(region.Ram!.Pointer + offset, size);
            return true;
        }

        return region.Device!.Read(new MmioAccess((uint)offset, size), out value) == BusStatus.Ok;
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes inside one page for a processor.</summary>
    public bool TryWrite(GuestPhysicalAddress address, int size, ulong value)
    {
        var region = Map.Find(address);
        if (region is null || (ulong)size > region.Length - (address - region.Start) || (region.IsReadOnly && region.Device is null)) return false;
        ulong offset = address - region.Start;
        if (region is { Device: null, Ram: { } ram })
        {
            WriteHost(ram.Pointer + offset, size, value);
            NotifyWrite(ram, offset, size);
            return true;
        }

        return region.Device!.Write(new MmioAccess((uint)offset, size), value) == BusStatus.Ok;
    }

    /// <summary>Atomically replaces an aligned 4- or 8-byte value in RAM.</summary>
    internal bool TryCompareExchange(GuestPhysicalAddress address, int size, ulong expected, ulong desired, out bool exchanged)
    {
        exchanged = false;
        byte* host = HostAddress(address, size, true, out var ram, out ulong offset);
        if (host == null || (address.Value & (ulong)(size - 1)) != 0) return false;
        exchanged = size == 4
            ? Interlocked.CompareExchange(ref *(uint*)host, (uint)desired, (uint)expected) == (uint)expected
            : Interlocked.CompareExchange(ref *(ulong*)host, desired, expected) == expected;
        NotifyWrite(ram!, offset, size);
        return true;
    }

    /// <inheritdoc/>
    public bool TryRead(GuestPhysicalAddress address, Span<byte> destination)
    {
        byte* host = HostAddress(address, destination.Length, false, out _, out _);
        if (host == null) return false;
        CopyOrdered(host, destination);
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> source)
    {
        byte* host = HostAddress(address, source.Length, true, out var ram, out ulong offset);
        if (host == null) return false;
        bool aligned = ((nuint)host & (nuint)(source.Length - 1)) == 0;
        if (source.Length == 2 && aligned) Volatile.Write(ref *(ushort*)host, BitConverter.ToUInt16(source));
        else if (source.Length == 4 && aligned) Volatile.Write(ref *(uint*)host, BitConverter.ToUInt32(source));
        else if (source.Length == 8 && aligned) Volatile.Write(ref *(ulong*)host, BitConverter.ToUInt64(source));
        else source.CopyTo(new Span<byte>(host, source.Length));
        NotifyWrite(ram!, offset, source.Length);
        return true;
    }

    /// <inheritdoc/>
    public bool TryGetReadableSpan(GuestPhysicalAddress address, int length, out ReadOnlySpan<byte> span)
    {
        byte* host = HostAddress(address, length, false, out _, out _);
        span = host == null ? default : new ReadOnlySpan<byte>(host, length);
        return host != null;
    }

    /// <inheritdoc/>
    public bool TryGetWritableSpan(GuestPhysicalAddress address, int length, out Span<byte> span)
    {
        byte* host = HostAddress(address, length, true, out _, out _);
        span = host == null ? default : new Span<byte>(host, length);
        return host != null;
    }

    /// <inheritdoc/>
    public void MarkWritten(GuestPhysicalAddress address, int length)
    {
        if (HostAddress(address, length, true, out var ram, out ulong offset) != null) NotifyWrite(ram!, offset, length);
    }

    /// <summary>Tells the code cache and watches about a write to pages they have marked.</summary>
    internal void NotifyWrite(RamBlock ram, ulong offset, int length)
    {
        ulong end = offset + (ulong)length;
        for (ulong page = offset & GuestPage.Mask; page < end; page += GuestPage.Size)
        {
            ulong from = Math.Max(page, offset);
            int count = (int)(Math.Min(page + GuestPage.Size, end) - from);
            if (ram.Has(page, PageFlags.HasCode)) CodeObserver?.OnCodeWritten(ram, from, count);
            if (ram.Has(page, PageFlags.Watched)) NotifyWatches(ram, from, count);
        }
    }

    private void NotifyWatches(RamBlock ram, ulong offset, int length)
    {
        foreach (var watch in Volatile.Read(ref _watches))
        {
            if (watch.Ram == ram && offset < watch.Offset + (ulong)watch.Length && watch.Offset < offset + (ulong)length)
            {
                watch.OnWrite(watch.Start + (offset - watch.Offset), length);
            }
        }
    }

    /// <summary>True when translations came from any of these bytes of one page.</summary>
    internal bool HoldsCode(GuestPhysicalAddress address, int length) =>
        HostAddress(address, length, false, out var ram, out ulong offset) != null && HoldsCode(ram!, offset, length);

    /// <inheritdoc cref="HoldsCode(GuestPhysicalAddress, int)"/>
    internal bool HoldsCode(RamBlock ram, ulong offset, int length) =>
        ram.Has(offset, PageFlags.HasCode) && CodeObserver is { } observer && observer.HoldsCode(ram, offset, length);

    internal static ulong ReadHost(byte* host, int size) => size switch
    {
        1 => *host,
        2 => *(ushort*)host,
        4 => *(uint*)host,
        _ => *(ulong*)host,
    };

    internal static void WriteHost(byte* host, int size, ulong value)
    {
        switch (size)
        {
            case 1: *host = (byte)value; break;
            case 2: *(ushort*)host = (ushort)value; break;
            case 4: *(uint*)host = (uint)value; break;
            default: *(ulong*)host = value; break;
        }
    }

    private static void CopyOrdered(byte* host, Span<byte> destination)
    {
        bool aligned = ((nuint)host & (nuint)(destination.Length - 1)) == 0;
        if (destination.Length == 2 && aligned) BitConverter.TryWriteBytes(destination, Volatile.Read(ref *(ushort*)host));
        else if (destination.Length == 4 && aligned) BitConverter.TryWriteBytes(destination, Volatile.Read(ref *(uint*)host));
        else if (destination.Length == 8 && aligned) BitConverter.TryWriteBytes(destination, Volatile.Read(ref *(ulong*)host));
        else new ReadOnlySpan<byte>(host, destination.Length).CopyTo(destination);
    }

    /// <summary>Frees all RAM. Called when no hart and no device uses it any more.</summary>
    public void Dispose()
    {
        foreach (var region in Map.Regions) region.Ram?.Dispose();
        Volatile.Write(ref _map, MemoryMap.Empty);
    }
}

/// <summary>The grain of translation, dirty tracking and code tracking.</summary>
internal static class GuestPage
{
    public const ulong Size = 4096;
    public const ulong Mask = ~(Size - 1);
}

using System.Collections.Immutable;
using System.Numerics;

namespace Emulator.Core.Bus;

/// <summary>A range of ports and the chip that answers there.</summary>
/// <param name="Name">For messages.</param>
/// <param name="First">The first port.</param>
/// <param name="Count">Ports, at least 1; the range does not wrap.</param>
/// <param name="Device">What answers.</param>
public sealed record PortWindow(string Name, ushort First, int Count, IMmioDevice Device)
{
    /// <summary>Where the first port is in the device's registers.</summary>
    public uint Offset { get; init; }

    /// <summary>
    /// The widest access the device takes as a whole: 1, 2 or 4 bytes. One that begins in the window may go beyond its end; wider ones
    /// arrive in pieces, lowest port first, as a bus of that width divides them.
    /// </summary>
    public int WidestAccess { get; init; } = 1;

    /// <summary>The last port.</summary>
    public int Last => First + Count - 1;

    internal bool Contains(ushort port) => port >= First && port <= Last;
}

/// <summary>The port space at one moment: immutable, so that readers need no lock.</summary>
public sealed class PortMap
{
    private const int WidestAccess = 4;
    private readonly PortWindow[] _windows;

    private PortMap(IEnumerable<PortWindow> windows) => _windows = [.. windows.OrderBy(static window => (int)window.First)];

    /// <summary>A map where nothing answers.</summary>
    public static PortMap Empty { get; } = new([]);

    /// <summary>All windows by port.</summary>
    public ImmutableArray<PortWindow> Windows => [.. _windows];

    /// <summary>The map with one window more.</summary>
    /// <exception cref="ArgumentException">It overlaps another, ends behind the last port, or has an impossible width.</exception>
    public PortMap With(PortWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        if (window.Count < 1 || window.Last > ushort.MaxValue)
        {
            throw new ArgumentException($"{window.Name}: {window.Count} ports from 0x{window.First:x}; expected at least 1, up to port 0xffff", nameof(window));
        }

        if (!BitOperations.IsPow2(window.WidestAccess) || window.WidestAccess > WidestAccess)
        {
            throw new ArgumentException($"{window.Name}: accesses of {window.WidestAccess} bytes; expected 1, 2 or 4", nameof(window));
        }

        if (_windows.FirstOrDefault(other => window.First <= other.Last && other.First <= window.Last) is { } taken)
        {
            throw new ArgumentException(
                $"{window.Name} at ports 0x{window.First:x}..0x{window.Last:x} overlaps '{taken.Name}' at 0x{taken.First:x}..0x{taken.Last:x}", nameof(window));
        }

        return new PortMap(_windows.Append(window));
    }

    /// <summary>The window of a port, or null where nothing answers.</summary>
    public PortWindow? Find(ushort port)
    {
        int low = 0;
        int high = _windows.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            var window = _windows[middle];
            if (window.Contains(port)) return window;
            if (port < window.First) high = middle - 1;
            else low = middle + 1;
        }

        return null;
    }
}

/// <summary>The port bus: routes accesses by the published map, divided as far as the chips are narrower. May be called from any thread.</summary>
public sealed class PortSpace : IPortBus
{
    private const int BitsPerByte = 8;
    private readonly Lock _change = new();
    private PortMap _map = PortMap.Empty;

    /// <summary>The map in force.</summary>
    public PortMap Map => Volatile.Read(ref _map);

    /// <summary>Adds a window.</summary>
    /// <exception cref="ArgumentException">It does not fit, as <see cref="PortMap.With"/> says.</exception>
    public void Add(PortWindow window)
    {
        lock (_change) Volatile.Write(ref _map, _map.With(window));
    }

    /// <inheritdoc/>
    public ulong Read(ushort port, int size)
    {
        var map = Map;
        ulong value = 0;
        int width;
        for (int done = 0; done < size; done += width)
        {
            ushort at = (ushort)(port + done);
            var window = map.Find(at);
            width = WidthOf(window, size - done);
            ulong part = ulong.MaxValue >> (64 - (BitsPerByte * width));
            if (window is not null && window.Device.Read(AccessOf(window, at, width), out ulong answer) == BusStatus.Ok) part &= answer;
            value |= part << (BitsPerByte * done);
        }

        return value;
    }

    /// <inheritdoc/>
    public void Write(ushort port, int size, ulong value)
    {
        var map = Map;
        int width;
        for (int done = 0; done < size; done += width)
        {
            ushort at = (ushort)(port + done);
            var window = map.Find(at);
            width = WidthOf(window, size - done);
            ulong part = (value >> (BitsPerByte * done)) & (ulong.MaxValue >> (64 - (BitsPerByte * width)));
            window?.Device.Write(AccessOf(window, at, width), part);
        }
    }

    private static int WidthOf(PortWindow? window, int left) =>
        window is null ? 1 : Math.Min(window.WidestAccess, (int)BitOperations.RoundUpToPowerOf2((uint)(left + 1)) >> 1);

    private static MmioAccess AccessOf(PortWindow window, ushort port, int width) => new(window.Offset + (uint)(port - window.First), width);
}

using Emulator.Core.Memory;

namespace Emulator.Tests.Fakes;

/// <summary>
/// Guest RAM in an array. It can refuse to be looked at in place, as RAM does where two blocks meet, and remembers which ranges were
/// handed out to be filled and not yet announced.
/// </summary>
internal sealed class ArrayGuestMemory(ulong start, int size) : IGuestMemory
{
    private readonly byte[] _bytes = new byte[size];
    private readonly List<(ulong Address, int Length)> _unannounced = [];
    private readonly Lock _lock = new();

    public GuestPhysicalAddress Start { get; } = new(start);

    public int Size => _bytes.Length;

    /// <summary>All of it, for tests to prepare and to look at.</summary>
    public Span<byte> Bytes => _bytes;

    public bool AllowsSpans { get; set; } = true;

    public int UnannouncedWrites
    {
        get
        {
            lock (_lock)
            {
                return _unannounced.Count;
            }
        }
    }

    public Span<byte> At(GuestPhysicalAddress address, int length) => _bytes.AsSpan((int)(address - Start), length);

    public bool TryRead(GuestPhysicalAddress address, Span<byte> destination)
    {
        if (!Contains(address, destination.Length))
        {
            return false;
        }

        At(address, destination.Length).CopyTo(destination);
        Volatile.ReadBarrier();
        return true;
    }

    public bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> source)
    {
        if (!Contains(address, source.Length))
        {
            return false;
        }

        Volatile.WriteBarrier();
        source.CopyTo(At(address, source.Length));
        return true;
    }

    public bool TryGetReadableSpan(GuestPhysicalAddress address, int length, out ReadOnlySpan<byte> span)
    {
        bool ok = AllowsSpans && Contains(address, length);
        span = ok ? At(address, length) : default;
        return ok;
    }

    public bool TryGetWritableSpan(GuestPhysicalAddress address, int length, out Span<byte> span)
    {
        bool ok = AllowsSpans && Contains(address, length);
        span = ok ? At(address, length) : default;
        if (ok)
        {
            lock (_lock)
            {
                _unannounced.Add((address.Value, length));
            }
        }

        return ok;
    }

    public void MarkWritten(GuestPhysicalAddress address, int length)
    {
        lock (_lock)
        {
            if (!_unannounced.Remove((address.Value, length)))
            {
                throw new InvalidOperationException($"{address}, {length} bytes were announced but never handed out");
            }
        }
    }

    private bool Contains(GuestPhysicalAddress address, int length) =>
        address - Start <= (ulong)_bytes.Length && (ulong)length <= (ulong)_bytes.Length - (address - Start);
}

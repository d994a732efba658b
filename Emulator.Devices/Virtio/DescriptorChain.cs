using Emulator.Core.Memory;

namespace Emulator.Devices.Virtio;

/// <summary>A piece of guest memory named by a descriptor; not checked to be RAM before it is used.</summary>
/// <param name="Address">Where it starts.</param>
/// <param name="Length">Its size in bytes, 1 or more.</param>
public readonly record struct DescriptorSegment(GuestPhysicalAddress Address, uint Length);

/// <summary>
/// One buffer of a driver, valid until the next one is taken from the same queue: first what the device reads, then what it writes.
/// How the driver cut it into descriptors means nothing (section 2.7.4).
/// </summary>
public sealed class DescriptorChain
{
    private const int InitialSegments = 16;

    private readonly IGuestMemory _memory;
    private DescriptorSegment[] _segments = new DescriptorSegment[InitialSegments];
    private int _readableCount;
    private int _count;
    private long _readableLength;
    private long _writableLength;

    internal DescriptorChain(IGuestMemory memory) => _memory = memory;

    /// <summary>Index of the first descriptor, by which the driver knows the buffer.</summary>
    public ushort Head { get; private set; }

    /// <summary>What the driver gives to the device.</summary>
    public DescriptorBuffer Readable => new(_memory, _segments.AsSpan(0, _readableCount), 0, _readableLength);

    /// <summary>What the driver wants filled.</summary>
    public DescriptorBuffer Writable => new(_memory, _segments.AsSpan(_readableCount, _count - _readableCount), 0, _writableLength);

    internal long Length => _readableLength + _writableLength;

    internal void Clear(ushort head)
    {
        Head = head;
        _readableCount = 0;
        _count = 0;
        _readableLength = 0;
        _writableLength = 0;
    }

    /// <summary>Appends a segment; neighbours that continue each other become one.</summary>
    /// <returns>False when a readable segment follows a writable one, which the driver must not do (section 2.7.4.2).</returns>
    internal bool TryAdd(DescriptorSegment segment, bool writable)
    {
        if (!writable && _count > _readableCount)
        {
            return false;
        }

        if (segment.Length == 0)
        {
            return true;
        }

        int first = writable ? _readableCount : 0;
        if (_count > first)
        {
            ref DescriptorSegment last = ref _segments[_count - 1];
            if (last.Address + last.Length == segment.Address && (ulong)last.Length + segment.Length <= int.MaxValue)
            {
                last = last with { Length = last.Length + segment.Length };
                AddLength(segment.Length, writable);
                return true;
            }
        }

        if (_count == _segments.Length)
        {
            Array.Resize(ref _segments, _count * 2);
        }

        _segments[_count++] = segment;
        if (!writable)
        {
            _readableCount = _count;
        }

        AddLength(segment.Length, writable);
        return true;
    }

    private void AddLength(uint length, bool writable)
    {
        if (writable)
        {
            _writableLength += length;
        }
        else
        {
            _readableLength += length;
        }
    }
}

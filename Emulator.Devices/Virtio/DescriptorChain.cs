using System.Buffers;
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

/// <summary>Scattered guest memory seen as one run of bytes.</summary>
public readonly ref struct DescriptorBuffer
{
    /// <summary>The largest piece the enumerator gives, so that a device can stop between two.</summary>
    public const int MaxPiece = 1 << 20;

    private readonly IGuestMemory _memory;
    private readonly ReadOnlySpan<DescriptorSegment> _segments;
    private readonly long _start;

    internal DescriptorBuffer(IGuestMemory memory, ReadOnlySpan<DescriptorSegment> segments, long start, long length)
    {
        _memory = memory;
        _segments = segments;
        _start = start;
        Length = length;
    }

    /// <summary>Bytes, up to 2^32 - 1.</summary>
    public long Length { get; }

    /// <summary>A part of it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside.</exception>
    public DescriptorBuffer Slice(long start, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - length);
        return new DescriptorBuffer(_memory, _segments, _start + start, length);
    }

    /// <summary>All from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public DescriptorBuffer Slice(long start) => Slice(start, Length - start);

    /// <summary>Copies the whole buffer out of guest memory; it must not be longer than the destination.</summary>
    /// <returns>False when some of it is not RAM or does not fit.</returns>
    public bool TryCopyTo(Span<byte> destination)
    {
        if (Length > destination.Length)
        {
            return false;
        }

        foreach (DescriptorSegment piece in this)
        {
            if (!_memory.TryRead(piece.Address, destination[..(int)piece.Length]))
            {
                return false;
            }

            destination = destination[(int)piece.Length..];
        }

        return true;
    }

    /// <summary>Copies into the start of the buffer.</summary>
    /// <returns>False when the buffer is too short or some of it is not RAM.</returns>
    public bool TryCopyFrom(ReadOnlySpan<byte> source)
    {
        if (source.Length > Length)
        {
            return false;
        }

        foreach (DescriptorSegment piece in Slice(0, source.Length))
        {
            if (!_memory.TryWrite(piece.Address, source[..(int)piece.Length]))
            {
                return false;
            }

            source = source[(int)piece.Length..];
        }

        return true;
    }

    /// <summary>Gives the bytes to <paramref name="consumer"/> piece by piece, in place where guest memory allows it.</summary>
    /// <returns>False when some of it is not RAM; the pieces before it have been given.</returns>
    public bool TryRead<TContext>(TContext context, BufferConsumer<TContext> consumer)
        where TContext : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(consumer);
        long offset = 0;
        foreach (DescriptorSegment piece in this)
        {
            int length = (int)piece.Length;
            if (_memory.TryGetReadableSpan(piece.Address, length, out ReadOnlySpan<byte> span))
            {
                consumer(context, offset, span);
            }
            else if (!TryReadCopied(piece, offset, context, consumer))
            {
                return false;
            }

            offset += length;
        }

        return true;
    }

    /// <summary>Has <paramref name="producer"/> fill the bytes piece by piece, in place where guest memory allows it.</summary>
    /// <param name="context">Handed to the producer.</param>
    /// <param name="producer">Fills a span wholly; when it throws, what it has filled so far is the guest's.</param>
    /// <param name="written">How many bytes from the start were filled.</param>
    /// <returns>False when some of it is not RAM; the pieces before it have been filled.</returns>
    public bool TryFill<TContext>(TContext context, BufferProducer<TContext> producer, out long written)
        where TContext : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(producer);
        written = 0;
        foreach (DescriptorSegment piece in this)
        {
            int length = (int)piece.Length;
            if (_memory.TryGetWritableSpan(piece.Address, length, out Span<byte> span))
            {
                try
                {
                    producer(context, written, span);
                }
                finally
                {
                    _memory.MarkWritten(piece.Address, length);
                }
            }
            else if (!TryFillCopied(piece, written, context, producer))
            {
                return false;
            }

            written += length;
        }

        return true;
    }

    /// <summary>The pieces in order, each at most <see cref="MaxPiece"/> long.</summary>
    public Enumerator GetEnumerator() => new(_segments, _start, Length);

    private bool TryReadCopied<TContext>(DescriptorSegment piece, long offset, TContext context, BufferConsumer<TContext> consumer)
        where TContext : allows ref struct
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent((int)piece.Length);
        try
        {
            Span<byte> bytes = copy.AsSpan(0, (int)piece.Length);
            if (!_memory.TryRead(piece.Address, bytes))
            {
                return false;
            }

            consumer(context, offset, bytes);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private bool TryFillCopied<TContext>(DescriptorSegment piece, long offset, TContext context, BufferProducer<TContext> producer)
        where TContext : allows ref struct
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent((int)piece.Length);
        try
        {
            Span<byte> bytes = copy.AsSpan(0, (int)piece.Length);

            // Ask before the work is done whether there is anywhere to put it.
            if (!_memory.TryRead(piece.Address, bytes))
            {
                return false;
            }

            producer(context, offset, bytes);
            return _memory.TryWrite(piece.Address, bytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>Walks the pieces.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<DescriptorSegment> _segments;
        private long _skip;
        private long _left;
        private int _next;

        internal Enumerator(ReadOnlySpan<DescriptorSegment> segments, long start, long length)
        {
            _segments = segments;
            _skip = start;
            _left = length;
        }

        /// <summary>The piece at hand.</summary>
        public DescriptorSegment Current { get; private set; }

        /// <summary>Goes to the next piece.</summary>
        public bool MoveNext()
        {
            if (_left == 0)
            {
                return false;
            }

            while (_skip >= _segments[_next].Length)
            {
                _skip -= _segments[_next++].Length;
            }

            DescriptorSegment segment = _segments[_next];
            uint length = (uint)Math.Min(Math.Min(segment.Length - _skip, _left), MaxPiece);
            Current = new DescriptorSegment(segment.Address + (ulong)_skip, length);
            _skip += length;
            _left -= length;
            return true;
        }
    }
}

/// <summary>Takes bytes of a buffer; <paramref name="offset"/> counts from its start.</summary>
/// <typeparam name="TContext">What the consumer needs.</typeparam>
/// <param name="context">What the consumer needs.</param>
/// <param name="offset">Where in the buffer the bytes are.</param>
/// <param name="bytes">The bytes; the guest may change them meanwhile.</param>
public delegate void BufferConsumer<in TContext>(TContext context, long offset, ReadOnlySpan<byte> bytes)
    where TContext : allows ref struct;

/// <summary>Fills bytes of a buffer; <paramref name="offset"/> counts from its start.</summary>
/// <typeparam name="TContext">What the producer needs.</typeparam>
/// <param name="context">What the producer needs.</param>
/// <param name="offset">Where in the buffer the bytes go.</param>
/// <param name="bytes">The bytes to fill; the guest may look meanwhile.</param>
public delegate void BufferProducer<in TContext>(TContext context, long offset, Span<byte> bytes)
    where TContext : allows ref struct;

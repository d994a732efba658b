using System.Buffers;
using Emulator.Core.Memory;

namespace Emulator.Devices.Virtio;

/// <summary>Scattered guest memory seen as one run of bytes.</summary>
public readonly ref struct DescriptorBuffer
{
    /// <summary>The largest piece the enumerator gives, so that a device can stop between two.</summary>
    public const int MaxPiece = 1 << 20;

    // A page cache in the guest scatters a request over pages. Reading 128 KiB of a cached file into 4 KiB pieces one by one costs
    // 45 us of CPU, by one read and copies 30 us; from 16 KiB on there is no difference.
    private const int SmallPiece = 16 * 1024;
    private const int MaxGathered = 128 * 1024;

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

    /// <summary>Gives the bytes to <paramref name="consumer"/> in order: large pieces in place, small ones gathered.</summary>
    /// <returns>False when some of it is not RAM; what was before it has been given.</returns>
    public bool TryRead<TContext>(TContext context, BufferConsumer<TContext> consumer)
        where TContext : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(consumer);
        long offset = 0;
        for (Enumerator pieces = GetEnumerator(); pieces.MoveNext();)
        {
            (DescriptorSegment piece, int length) = (pieces.Current, pieces.TakeSmall());
            if (length == piece.Length && _memory.TryGetReadableSpan(piece.Address, length, out ReadOnlySpan<byte> span))
            {
                consumer(context, offset, span);
            }
            else if (!TryReadCopied(offset, length, context, consumer))
            {
                return false;
            }

            offset += length;
        }

        return true;
    }

    /// <summary>Has <paramref name="producer"/> fill the bytes in order: large pieces in place, small ones from a gathered copy.</summary>
    /// <param name="context">Handed to the producer.</param>
    /// <param name="producer">Fills a span wholly; when it throws, what it has filled so far may be the guest's.</param>
    /// <param name="written">How many bytes from the start were filled.</param>
    /// <returns>False when some of it is not RAM; what was before it has been filled.</returns>
    public bool TryFill<TContext>(TContext context, BufferProducer<TContext> producer, out long written)
        where TContext : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(producer);
        written = 0;
        for (Enumerator pieces = GetEnumerator(); pieces.MoveNext();)
        {
            (DescriptorSegment piece, int length) = (pieces.Current, pieces.TakeSmall());
            if (length == piece.Length && _memory.TryGetWritableSpan(piece.Address, length, out Span<byte> span))
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
            else if (!TryFillCopied(written, length, context, producer))
            {
                return false;
            }

            written += length;
        }

        return true;
    }

    /// <summary>The pieces in order, each at most <see cref="MaxPiece"/> long.</summary>
    public Enumerator GetEnumerator() => new(_segments, _start, Length);

    private bool TryReadCopied<TContext>(long offset, int length, TContext context, BufferConsumer<TContext> consumer)
        where TContext : allows ref struct
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Span<byte> bytes = copy.AsSpan(0, length);
            if (!Slice(offset, length).TryCopyTo(bytes))
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

    private bool TryFillCopied<TContext>(long offset, int length, TContext context, BufferProducer<TContext> producer)
        where TContext : allows ref struct
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Span<byte> bytes = copy.AsSpan(0, length);
            producer(context, offset, bytes);
            return Slice(offset, length).TryCopyFrom(bytes);
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

        /// <summary>If the piece at hand and the next ones are small, goes to the last of them that are worth gathering.</summary>
        /// <returns>The bytes from the piece that was at hand to the one that is.</returns>
        internal int TakeSmall()
        {
            int length = (int)Current.Length;
            for (Enumerator ahead = this;
                Current.Length < SmallPiece && ahead.MoveNext() && ahead.Current.Length < SmallPiece && length + ahead.Current.Length <= MaxGathered;
                this = ahead)
            {
                length += (int)ahead.Current.Length;
            }

            return length;
        }

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

using System.Diagnostics.CodeAnalysis;

namespace Emulator.Devices.Storage;

/// <summary>A chunk of a disk and who may write to it in place.</summary>
/// <param name="Bytes">The data.</param>
/// <param name="Owner">The index that made the chunk, as long as nobody has captured it.</param>
internal readonly record struct DiskChunk(byte[] Bytes, object? Owner);

/// <summary>
/// Written parts of a disk, kept in memory in chunks. A capture shares the chunks; whoever writes to a shared chunk copies it first,
/// so that taking a snapshot costs a copy of the index and forks of a machine share what neither has changed.
/// </summary>
/// <param name="imageLength">Bytes of the whole image.</param>
/// <param name="memoryLimit">Bytes of memory to be taken at most.</param>
/// <param name="below">Where unwritten parts come from; null when they are zeros.</param>
internal sealed class SparseSectors(long imageLength, long memoryLimit, SparseSectors.ReadBelow? below)
{
    // Small enough that a 4 KiB write at random does not drag much along, large enough to keep the index small.
    public const int ChunkSize = 16 * 1024;

    // A chunk of zeros takes no more than its entry in the index, but of those there can be many.
    private const int EntryCost = 64;

    private Dictionary<long, DiskChunk> _chunks = [];
    private object _owner = new();
    private long _memory;

    public delegate void ReadBelow(long offset, Span<byte> destination);

    /// <summary>Stands for every chunk of zeros.</summary>
    public static byte[] Zeros { get; } = new byte[ChunkSize];

    public void Read(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            (long index, int start, int count) = Locate(offset, destination.Length);
            if (_chunks.TryGetValue(index, out DiskChunk chunk))
            {
                chunk.Bytes.AsSpan(start, count).CopyTo(destination);
            }
            else
            {
                // What follows and is not here either comes from below in one piece.
                while (count < destination.Length && !_chunks.ContainsKey((offset + count) / ChunkSize))
                {
                    count = Math.Min(destination.Length, count + ChunkSize);
                }

                ReadUnwritten(offset, destination[..count]);
            }

            offset += count;
            destination = destination[count..];
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            (long index, int start, int count) = Locate(offset, source.Length);
            source[..count].CopyTo(Writable(index, IsWhole(start, offset + count)).AsSpan(start));
            offset += count;
            source = source[count..];
        }
    }

    public void WriteZeroes(long offset, long length)
    {
        while (length > 0)
        {
            (long index, int start, int count) = Locate(offset, (int)Math.Min(length, ChunkSize));
            if (IsWhole(start, offset + count))
            {
                ZeroChunk(index);
            }
            else if (_chunks.TryGetValue(index, out DiskChunk chunk) ? chunk.Bytes != Zeros : below is not null)
            {
                Writable(index, whole: false).AsSpan(start, count).Clear();
            }

            offset += count;
            length -= count;
        }
    }

    /// <summary>Zeros what can be had by forgetting whole chunks, and leaves the rest.</summary>
    public void Discard(long offset, long length)
    {
        long end = offset + length;
        long last = end == imageLength ? (end + ChunkSize - 1) / ChunkSize : end / ChunkSize;
        for (long index = (offset + ChunkSize - 1) / ChunkSize; index < last; index++)
        {
            ZeroChunk(index);
        }
    }

    public SparseDiskContents Capture()
    {
        _owner = new object();
        return new SparseDiskContents(new Dictionary<long, DiskChunk>(_chunks));
    }

    public void Restore(SparseDiskContents? contents)
    {
        _chunks = contents is null ? [] : new Dictionary<long, DiskChunk>(contents.Chunks);
        _memory = _chunks.Values.Sum(static chunk => Cost(chunk.Bytes));
    }

    private static long Cost(byte[] bytes) => bytes == Zeros ? EntryCost : EntryCost + ChunkSize;

    private static (long Index, int Start, int Count) Locate(long offset, int length)
    {
        (long index, long start) = Math.DivRem(offset, ChunkSize);
        return (index, (int)start, Math.Min(length, ChunkSize - (int)start));
    }

    private bool IsWhole(int start, long end) => start == 0 && (end % ChunkSize == 0 || end == imageLength);

    private void ReadUnwritten(long offset, Span<byte> destination)
    {
        if (below is null)
        {
            destination.Clear();
        }
        else
        {
            below(offset, destination);
        }
    }

    private byte[] Writable(long index, bool whole)
    {
        bool present = _chunks.TryGetValue(index, out DiskChunk chunk);
        if (present && chunk.Owner == _owner)
        {
            return chunk.Bytes;
        }

        Reserve(EntryCost + ChunkSize - (present ? Cost(chunk.Bytes) : 0));
        byte[] bytes = new byte[ChunkSize];
        if (!whole && present)
        {
            chunk.Bytes.CopyTo(bytes, 0);
        }
        else if (!whole)
        {
            long offset = index * ChunkSize;
            ReadUnwritten(offset, bytes.AsSpan(0, (int)Math.Min(ChunkSize, imageLength - offset)));
        }

        Put(index, new DiskChunk(bytes, _owner));
        return bytes;
    }

    private void ZeroChunk(long index)
    {
        if (below is null)
        {
            if (_chunks.Remove(index, out DiskChunk old))
            {
                _memory -= Cost(old.Bytes);
            }
        }
        else
        {
            Reserve(_chunks.ContainsKey(index) ? 0 : EntryCost);
            Put(index, new DiskChunk(Zeros, Owner: null));
        }
    }

    private void Reserve(long bytes)
    {
        if (bytes > 0 && _memory + bytes > memoryLimit)
        {
            throw new IOException($"The disk's written data has reached its limit of {memoryLimit} bytes of memory.");
        }
    }

    private void Put(long index, DiskChunk chunk)
    {
        _memory += Cost(chunk.Bytes) - (_chunks.TryGetValue(index, out DiskChunk old) ? Cost(old.Bytes) : 0);
        _chunks[index] = chunk;
    }
}

/// <summary>The written parts of a disk at one moment: immutable, compared by content.</summary>
public sealed class SparseDiskContents : IEquatable<SparseDiskContents>
{
    /// <summary>Bytes in a chunk.</summary>
    public const int ChunkSize = SparseSectors.ChunkSize;

    internal SparseDiskContents(Dictionary<long, DiskChunk> chunks) => Chunks = chunks;

    /// <summary>Makes contents out of chunks read from a snapshot.</summary>
    /// <param name="chunks">Each with its index, which counts in <see cref="ChunkSize"/>, and exactly that many bytes.</param>
    /// <exception cref="ArgumentException">A chunk has the wrong size or an index comes twice.</exception>
    public SparseDiskContents(IEnumerable<KeyValuePair<long, ReadOnlyMemory<byte>>> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        Chunks = [];
        foreach ((long index, ReadOnlyMemory<byte> bytes) in chunks)
        {
            if (bytes.Length != ChunkSize || index < 0)
            {
                throw new ArgumentException($"disk chunk {index} has {bytes.Length} bytes; expected {ChunkSize}", nameof(chunks));
            }

            bool zeros = !bytes.Span.ContainsAnyExcept((byte)0);
            Chunks.Add(index, new DiskChunk(zeros ? SparseSectors.Zeros : bytes.ToArray(), Owner: null));
        }
    }

    /// <summary>The chunks in order, to be written to a snapshot.</summary>
    public IEnumerable<KeyValuePair<long, ReadOnlyMemory<byte>>> OrderedChunks =>
        Chunks.OrderBy(static chunk => chunk.Key).Select(static chunk => KeyValuePair.Create<long, ReadOnlyMemory<byte>>(chunk.Key, chunk.Value.Bytes));

    internal Dictionary<long, DiskChunk> Chunks { get; }

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] SparseDiskContents? other) =>
        other is not null
        && Chunks.Count == other.Chunks.Count
        && Chunks.All(chunk => other.Chunks.TryGetValue(chunk.Key, out DiskChunk theirs) && SameBytes(theirs, chunk.Value));

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as SparseDiskContents);

    /// <inheritdoc/>
    public override int GetHashCode() => Chunks.Count;

    private static bool SameBytes(DiskChunk left, DiskChunk right) =>
        left.Bytes == right.Bytes || left.Bytes.AsSpan().SequenceEqual(right.Bytes);
}

using System.Buffers;
using System.Runtime.InteropServices;

namespace Emulator.Core.Loading;

/// <summary>What tells a file from what it was before.</summary>
/// <param name="Length">Bytes in it.</param>
/// <param name="Written">When it was last written.</param>
internal readonly record struct FileStamp(long Length, DateTime Written);

/// <summary>
/// The bytes of an image that its file can give again: they may be let go once they are in guest memory, and are read again for
/// whoever looks at them afterwards, as a reset does. Spans taken before keep what they are over.
/// </summary>
internal sealed class ImageContent : MemoryManager<byte>
{
    private readonly Lock _lock = new();
    private readonly Func<ReadOnlyMemory<byte>> _read;
    private readonly int _length;
    private ReadOnlyMemory<byte> _bytes;

    /// <summary>Takes the bytes.</summary>
    /// <param name="bytes">They; in an array.</param>
    /// <param name="read">Gives the same bytes again, or throws an <see cref="IOException"/>.</param>
    public ImageContent(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>> read)
    {
        _bytes = bytes;
        _length = bytes.Length;
        _read = read;
    }

    /// <summary>All of the bytes; slices of it are read again too.</summary>
    public override Memory<byte> Memory => CreateMemory(_length);

    /// <summary>Reads the bytes again if they were let go.</summary>
    public ReadOnlyMemory<byte> Require()
    {
        lock (_lock)
        {
            if (_bytes.IsEmpty) _bytes = _read();
            return _bytes;
        }
    }

    /// <summary>Lets the bytes go.</summary>
    public void Release()
    {
        lock (_lock) _bytes = default;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => MemoryMarshal.AsMemory(Require()).Span;

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => Require()[elementIndex..].Pin();

    /// <summary>The array that was pinned is released by the handle itself.</summary>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override bool TryGetArray(out ArraySegment<byte> segment) => MemoryMarshal.TryGetArray(Require(), out segment);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Release();
}

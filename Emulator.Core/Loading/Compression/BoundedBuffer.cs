namespace Emulator.Core.Loading.Compression;

/// <summary>Bytes gathered up to a limit. It holds at most one byte more than that, which tells that there was too much.</summary>
internal sealed class BoundedBuffer
{
    private const long SmallestCapacity = 4096;
    private readonly long _limit;
    private readonly long _greatestCapacity;
    private byte[] _bytes;
    private int _length;

    public BoundedBuffer(long limit, long sizeHint)
    {
        _limit = limit;
        _greatestCapacity = limit + 1;
        _bytes = new byte[Math.Min(Math.Max(sizeHint + 1, SmallestCapacity), _greatestCapacity)];
    }

    public bool IsOverLimit => _length > _limit;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    /// <summary>Room for more; empty only when the limit is passed.</summary>
    public Span<byte> GetSpan()
    {
        if (_length == _bytes.Length && _length < _greatestCapacity)
        {
            Array.Resize(ref _bytes, (int)Math.Min(_bytes.LongLength * 2, _greatestCapacity));
        }

        return _bytes.AsSpan(_length);
    }

    public void Advance(int count) => _length += count;
}

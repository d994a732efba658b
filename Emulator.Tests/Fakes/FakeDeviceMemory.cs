using Emulator.Core.Memory;

namespace Emulator.Tests.Fakes;

/// <summary>A device's memory in arrays, which exist only where it is not erased.</summary>
internal sealed class FakeDeviceMemory(long length) : IDeviceMemory
{
    private const int ChunkSize = 1 << 16;
    private readonly byte[]?[] _chunks = new byte[]?[length / ChunkSize];

    public long Length => length;

    public bool ReadsReachDevice { get; set; }

    public void Read(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var part = destination[..Count(offset, destination.Length)];
            if (_chunks[offset / ChunkSize] is { } chunk) chunk.AsSpan((int)(offset % ChunkSize), part.Length).CopyTo(part);
            else part.Fill(byte.MaxValue);
            destination = destination[part.Length..];
            offset += part.Length;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            int count = Count(offset, source.Length);
            ref byte[]? chunk = ref _chunks[offset / ChunkSize];
            if (chunk is null && source[..count].ContainsAnyExcept(byte.MaxValue))
            {
                chunk = new byte[ChunkSize];
                chunk.AsSpan().Fill(byte.MaxValue);
            }

            if (chunk is not null) source[..count].CopyTo(chunk.AsSpan((int)(offset % ChunkSize)));
            source = source[count..];
            offset += count;
        }
    }

    private static int Count(long offset, int length) => (int)Math.Min(ChunkSize - (offset % ChunkSize), length);
}

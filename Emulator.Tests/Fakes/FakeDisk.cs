using Emulator.Devices.Storage;

namespace Emulator.Tests.Fakes;

/// <summary>A disk in an array, with a pattern on it, that counts and can fail.</summary>
internal sealed class FakeDisk : IDiskImage
{
    public FakeDisk(int length)
    {
        Bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            Bytes[i] = (byte)((i % 255) + 1);
        }
    }

    public byte[] Bytes { get; }

    public List<(long Offset, long Length)> Discarded { get; } = [];

    public int Flushes { get; private set; }

    public bool Failing { get; set; }

    public long Length => Bytes.Length;

    public bool IsReadOnly { get; init; }

    public bool CanDiscard { get; init; } = true;

    public void Read(long offset, Span<byte> destination)
    {
        Check();
        Bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        Check();
        source.CopyTo(Bytes.AsSpan((int)offset));
    }

    public void Flush()
    {
        Check();
        Flushes++;
    }

    public void Discard(long offset, long length)
    {
        Check();
        Discarded.Add((offset, length));
    }

    public void WriteZeroes(long offset, long length)
    {
        Check();
        Bytes.AsSpan((int)offset, (int)length).Clear();
    }

    public void Dispose()
    {
    }

    private void Check()
    {
        if (Failing)
        {
            throw new IOException("the fake disk fails");
        }
    }
}

using System.Buffers.Binary;

namespace Emulator.Core.Loading;

/// <summary>
/// The bytes of an image with the name to blame them on. Every read is checked against the length, in arithmetic that cannot wrap,
/// and a bad one becomes an <see cref="ImageFormatException"/>. Values are little-endian, as in every format read here.
/// </summary>
internal readonly struct ImageReader(ReadOnlyMemory<byte> data, string name)
{
    public ReadOnlyMemory<byte> Data => data;

    public string Name => name;

    public ulong Length => (ulong)data.Length;

    public byte Byte(ulong offset, string what) => Slice(offset, sizeof(byte), what).Span[0];

    public ushort UInt16(ulong offset, string what) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(offset, sizeof(ushort), what).Span);

    public uint UInt32(ulong offset, string what) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(offset, sizeof(uint), what).Span);

    public ulong UInt64(ulong offset, string what) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(offset, sizeof(ulong), what).Span);

    /// <summary>A range that must lie wholly inside the data.</summary>
    public ReadOnlyMemory<byte> Slice(ulong offset, ulong size, string what)
    {
        if (offset > Length || size > Length - offset)
        {
            throw Fail(offset, $"{what} of 0x{size:x} bytes that runs past the end", $"it inside the 0x{Length:x} bytes there are");
        }

        return data.Slice((int)offset, (int)size);
    }

    /// <summary>Whether the data have these bytes at this place; false when they are too short.</summary>
    public bool Has(ulong offset, ReadOnlySpan<byte> bytes) =>
        offset <= Length && (ulong)bytes.Length <= Length - offset && data.Span.Slice((int)offset, bytes.Length).SequenceEqual(bytes);

    public ImageFormatException Fail(ulong offset, string found, string expected) => new(name, offset, found, expected);
}

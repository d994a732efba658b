using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Emulator.Core.Loading.Compression;

/// <summary>
/// RFC 1952. The wrapper is read here because GZipStream takes a stream that is cut short for a whole one: the trailer (checksum
/// and length of what was unpacked) is looked for behind the data, and found only if all of them came out right.
/// </summary>
internal static class GzipUnpacker
{
    private const ulong FlagsField = 3;
    private const ulong FixedHeaderSize = 10;
    private const byte HeaderChecksumFlag = 1 << 1;
    private const byte ExtraFlag = 1 << 2;
    private const byte NameFlag = 1 << 3;
    private const byte CommentFlag = 1 << 4;
    private const int TrailerSize = 8;

    // Members may follow each other; a file of countless empty ones would keep the loader busy for nothing.
    private const int MaximumMembers = 4096;

    // Identification and the one method there is, deflate.
    private static ReadOnlySpan<byte> Magic => [0x1f, 0x8b, 0x08];

    public static bool Matches(ImageReader reader, ulong offset) => reader.Has(offset, Magic);

    public static void Unpack(ImageReader reader, BoundedBuffer output, long maximumBytes)
    {
        ulong offset = 0;
        int members = 0;
        do
        {
            if (++members > MaximumMembers)
            {
                throw reader.Fail(offset, "one gzip member too many", $"at most {MaximumMembers}");
            }

            offset = UnpackMember(reader, offset, output, maximumBytes);
        }
        while (Matches(reader, offset));
    }

    private static ulong UnpackMember(ImageReader reader, ulong start, BoundedBuffer output, long maximumBytes)
    {
        ulong deflated = SkipHeader(reader, start);
        ReadOnlyMemory<byte> rest = reader.Data[(int)deflated..];
        int before = output.Written.Length;
        Inflate(reader, deflated, rest, output);
        ImageCompression.RequireWithin(reader, output, maximumBytes);

        ReadOnlySpan<byte> unpacked = output.Written.Span[before..];
        Span<byte> trailer = stackalloc byte[TrailerSize];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, Crc32.Compute(unpacked));
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[sizeof(uint)..], (uint)unpacked.Length);
        int end = rest.Span.IndexOf(trailer);
        if (end < 0)
        {
            throw reader.Fail(
                reader.Length,
                $"the end of gzip data that are cut short or damaged (0x{unpacked.Length:x} bytes came out)",
                "their checksum and length");
        }

        return deflated + (ulong)(end + TrailerSize);
    }

    private static ulong SkipHeader(ImageReader reader, ulong start)
    {
        byte flags = reader.Slice(start, FixedHeaderSize, "a gzip header").Span[(int)FlagsField];
        ulong offset = start + FixedHeaderSize;
        if ((flags & ExtraFlag) != 0)
        {
            ulong length = reader.UInt16(offset, "gzip extra length");
            reader.Slice(offset + sizeof(ushort), length, "a gzip extra field");
            offset += sizeof(ushort) + length;
        }

        offset = (flags & NameFlag) != 0 ? SkipText(reader, offset) : offset;
        offset = (flags & CommentFlag) != 0 ? SkipText(reader, offset) : offset;
        if ((flags & HeaderChecksumFlag) != 0)
        {
            reader.Slice(offset, sizeof(ushort), "a gzip header checksum");
            offset += sizeof(ushort);
        }

        return offset;
    }

    private static ulong SkipText(ImageReader reader, ulong offset)
    {
        int end = reader.Data.Span[(int)offset..].IndexOf((byte)0);
        return end >= 0 ? offset + (ulong)end + 1 : throw reader.Fail(offset, "a gzip name without end", "a zero byte behind it");
    }

    private static void Inflate(ImageReader reader, ulong offset, ReadOnlyMemory<byte> data, BoundedBuffer output)
    {
        MemoryMarshal.TryGetArray(data, out ArraySegment<byte> segment);
        using MemoryStream source = segment.Array is null
            ? new MemoryStream(data.ToArray(), writable: false)
            : new MemoryStream(segment.Array, segment.Offset, segment.Count, writable: false);
        using DeflateStream inflater = new(source, CompressionMode.Decompress);
        try
        {
            int count;
            do
            {
                count = inflater.Read(output.GetSpan());
                output.Advance(count);
            }
            while (count > 0 && !output.IsOverLimit);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new ImageFormatException(reader.Name, offset, "damaged deflate data", "data that unpack", e);
        }
    }
}

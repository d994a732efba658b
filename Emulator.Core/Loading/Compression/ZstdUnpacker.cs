using System.Buffers;
using System.Numerics;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Emulator.Core.Loading.Compression;

/// <summary>RFC 8878: one or more frames, to the last byte.</summary>
internal static class ZstdUnpacker
{
    // The window is memory that a frame's header asks for: 8 MiB is what section 3.1.1.1.2 wants every decoder to grant; beyond
    // that no more than the result may have.
    private const int SmallestWindowLog = 23;
    private const int GreatestWindowLog = 30;

    // The library may need a call more to notice that it is done, never many.
    private const int MaximumIdleSteps = 4;
    private const ulong DescriptorField = 4;
    private const int ContentSizeShift = 6;
    private const int SingleSegmentFlag = 1 << 5;
    private const int DictionaryIdMask = 3;
    private const ulong ShortContentSizeBias = 256;
    private const string ContentSizeName = "a zstd frame's content size";

    private static ReadOnlySpan<byte> Magic => [0x28, 0xb5, 0x2f, 0xfd];

    public static bool Matches(ImageReader reader) => reader.Has(0, Magic);

    public static void Unpack(ImageReader reader, BoundedBuffer output, long maximumBytes)
    {
        if (ContentSize(reader) is { } size && size > (ulong)maximumBytes)
        {
            throw reader.Fail(DescriptorField, $"compressed data that unpack to 0x{size:x} bytes", $"at most 0x{maximumBytes:x} bytes");
        }

        using Decompressor decompressor = new();
        int windowLog = BitOperations.Log2((ulong)maximumBytes) + 1;
        decompressor.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, Math.Clamp(windowLog, SmallestWindowLog, GreatestWindowLog));
        ReadOnlySpan<byte> rest = reader.Data.Span;
        int idleSteps = 0;
        while (true)
        {
            ulong offset = reader.Length - (ulong)rest.Length;
            int before = output.Written.Length;
            OperationStatus status = Step(decompressor, reader, offset, rest, output, out int consumed);
            rest = rest[consumed..];
            idleSteps = consumed == 0 && output.Written.Length == before ? idleSteps + 1 : 0;
            ImageCompression.RequireWithin(reader, output, maximumBytes);
            switch (status)
            {
                case OperationStatus.Done when rest.IsEmpty:
                    return;
                case OperationStatus.NeedMoreData when rest.IsEmpty:
                    throw reader.Fail(reader.Length, "the end of zstd data that are cut short", "the rest of a frame");
                case OperationStatus.InvalidData:
                case var _ when idleSteps > MaximumIdleSteps:
                    throw reader.Fail(offset, "damaged zstd data, or data behind their end", "frames that unpack");
            }
        }
    }

    // Section 3.1.1.1: the first frame's content size, when its header tells it.
    private static ulong? ContentSize(ImageReader reader)
    {
        int descriptor = reader.Byte(DescriptorField, "a zstd frame header");
        bool singleSegment = (descriptor & SingleSegmentFlag) != 0;
        int dictionaryIdSize = (1 << (descriptor & DictionaryIdMask)) >> 1;
        ulong field = DescriptorField + 1 + (singleSegment ? 0UL : 1UL) + (ulong)dictionaryIdSize;
        return (descriptor >> ContentSizeShift) switch
        {
            0 => singleSegment ? reader.Byte(field, ContentSizeName) : null,
            1 => reader.UInt16(field, ContentSizeName) + ShortContentSizeBias,
            2 => reader.UInt32(field, ContentSizeName),
            _ => reader.UInt64(field, ContentSizeName),
        };
    }

    private static OperationStatus Step(
        Decompressor decompressor, ImageReader reader, ulong offset, ReadOnlySpan<byte> source, BoundedBuffer output, out int consumed)
    {
        try
        {
            OperationStatus status = decompressor.UnwrapStream(source, output.GetSpan(), out consumed, out int written);
            output.Advance(written);
            return status;
        }
        catch (ZstdException e)
        {
            throw new ImageFormatException(reader.Name, offset, $"damaged zstd data ({e.Message})", "frames that unpack", e);
        }
    }
}

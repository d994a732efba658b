using Emulator.Core.Loading.Compression;

namespace Emulator.Core.Loading;

/// <summary>
/// A kernel as an EFI program that unpacks itself: a header (the kernel's drivers/firmware/efi/libstub/zboot-header.S), then the
/// packed image. Booted without EFI, the image is unpacked here instead.
/// </summary>
internal static class EfiZboot
{
    private const ulong ImageTypeField = 0x04;
    private const ulong PayloadOffsetField = 0x08;
    private const ulong PayloadSizeField = 0x0c;
    private const ulong CompressionTypeField = 0x18;
    private const int CompressionTypeLength = 0x20;

    public static bool Matches(ImageReader reader) => reader.Has(0, "MZ"u8) && reader.Has(ImageTypeField, "zimg"u8);

    public static ImageReader Unpack(ImageReader reader, ImageLoadOptions options)
    {
        ulong offset = reader.UInt32(PayloadOffsetField, "payload offset");
        ulong size = reader.UInt32(PayloadSizeField, "payload size");
        CompressionFormat expected = Compression(reader);
        ImageReader payload = new(reader.Slice(offset, size, "a zboot payload"), $"{reader.Name} (zboot payload)");
        if (ImageCompression.Detect(payload) != expected)
        {
            throw reader.Fail(offset, "a payload that is not so compressed", $"{expected} data, as the zboot header says");
        }

        return ImageCompression.Unpack(payload, expected, options);
    }

    private static CompressionFormat Compression(ImageReader reader)
    {
        ReadOnlySpan<byte> text = reader.Slice(CompressionTypeField, CompressionTypeLength, "compression type").Span;
        int end = text.IndexOf((byte)0);
        if (end >= 0)
        {
            text = text[..end];
        }

        // "zstd22" is the build's name for the same format at the highest level.
        return text.SequenceEqual("gzip"u8) ? CompressionFormat.Gzip
            : text.SequenceEqual("zstd22"u8) || text.SequenceEqual("zstd"u8) ? CompressionFormat.Zstd
            : throw reader.Fail(
                CompressionTypeField, $"zboot compression '{System.Text.Encoding.Latin1.GetString(text)}'", "'gzip', 'zstd' or 'zstd22'");
    }
}

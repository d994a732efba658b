namespace Emulator.Core.Loading.Compression;

/// <summary>How an image is packed.</summary>
internal enum CompressionFormat
{
    Gzip,
    Zstd,
}

/// <summary>Unpacks images. What comes out is whole and, where the format carries a checksum, proven so, or it is refused.</summary>
internal static class ImageCompression
{
    // The ratio of a typical kernel, so that the buffer grows seldom.
    private const long UsualRatio = 4;

    public static CompressionFormat? Detect(ImageReader reader) =>
        GzipUnpacker.Matches(reader, 0) ? CompressionFormat.Gzip
        : ZstdUnpacker.Matches(reader) ? CompressionFormat.Zstd
        : null;

    /// <summary>Unpacks the whole of the data.</summary>
    /// <exception cref="ImageFormatException">The data are damaged, cut short or too large.</exception>
    public static ImageReader Unpack(ImageReader reader, CompressionFormat format, ImageLoadOptions options)
    {
        BoundedBuffer output = new(options.MaximumBytes, (long)reader.Length * UsualRatio);
        if (format == CompressionFormat.Gzip)
        {
            GzipUnpacker.Unpack(reader, output, options.MaximumBytes);
        }
        else
        {
            ZstdUnpacker.Unpack(reader, output, options.MaximumBytes);
        }

        return new ImageReader(output.Written, $"{reader.Name} ({(format == CompressionFormat.Gzip ? "gunzipped" : "unzstd")})");
    }

    public static void RequireWithin(ImageReader reader, BoundedBuffer output, long maximumBytes)
    {
        if (output.IsOverLimit)
        {
            throw reader.Fail(0, "compressed data that unpack to more", $"at most 0x{maximumBytes:x} bytes");
        }
    }
}

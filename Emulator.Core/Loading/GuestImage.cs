using Emulator.Core.Loading.Compression;

namespace Emulator.Core.Loading;

/// <summary>
/// Something to boot, as read from a file: an <see cref="ElfImage"/>, a <see cref="LinuxImage"/> or a <see cref="RawImage"/>, told
/// apart by content and never by name. Loading is pure: bytes in, records out; placing them in memory is the machine's affair.
/// </summary>
public abstract record GuestImage
{
    // An EFI zboot image around a compressed image is two; nothing real is deeper than that.
    private const int MaximumNesting = 4;

    private protected GuestImage(string name) => Name = name;

    /// <summary>The name given to the loader: of the file, or of whatever the bytes came from.</summary>
    public string Name { get; }

    /// <summary>Reads a file and finds out what it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Limits; the defaults when null.</param>
    /// <exception cref="ImageFormatException">The content cannot be used.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a directory.</exception>
    public static GuestImage Load(string path, ImageLoadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= ImageLoadOptions.Default;
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        BoundedBuffer content = new(options.MaximumBytes, file.CanSeek ? file.Length : 0);
        int count;
        do
        {
            count = file.Read(content.GetSpan());
            content.Advance(count);
        }
        while (count > 0 && !content.IsOverLimit);

        if (content.IsOverLimit)
        {
            throw new ImageFormatException(path, (ulong)options.MaximumBytes, "more data", $"at most 0x{options.MaximumBytes:x} bytes");
        }

        return Parse(content.Written, path, options);
    }

    /// <summary>Finds out what some bytes are; the records keep referring to them.</summary>
    /// <param name="data">The content of a file.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="options">Limits; the defaults when null.</param>
    /// <exception cref="ImageFormatException">The content cannot be used.</exception>
    public static GuestImage Parse(ReadOnlyMemory<byte> data, string name, ImageLoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Parse(new ImageReader(data, name), name, options ?? ImageLoadOptions.Default, nesting: 0);
    }

    private static GuestImage Parse(ImageReader reader, string name, ImageLoadOptions options, int nesting)
    {
        if (reader.Length == 0)
        {
            throw reader.Fail(0, "nothing", "an image");
        }

        if (nesting > MaximumNesting)
        {
            throw reader.Fail(0, $"an image packed more than {MaximumNesting} times", "at most a packed image inside an EFI zboot image");
        }

        if (ImageCompression.Detect(reader) is { } format)
        {
            return Parse(ImageCompression.Unpack(reader, format, options), name, options, nesting + 1);
        }

        if (EfiZboot.Matches(reader))
        {
            return Parse(EfiZboot.Unpack(reader, options), name, options, nesting + 1);
        }

        return ElfReader.Matches(reader) ? ElfReader.Read(reader, name)
            : LinuxImage.Matches(reader) ? LinuxImage.Read(reader, name)
            : new RawImage(name, reader.Data);
    }
}

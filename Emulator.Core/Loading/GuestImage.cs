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

    /// <summary>The bytes, when they can be let go.</summary>
    private ImageContent? Content { get; init; }

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
        var (bytes, stamp) = ReadFile(path, options);
        var reader = Unpack(new ImageReader(bytes, path), path, options, nesting: 0);
        if (stamp is not { } expected || ElfReader.Matches(reader)) return Identify(reader, path); // symbols are looked up at any time
        ImageContent content = new(reader.Data, () => ReadAgain(path, expected, options));
        return Identify(new ImageReader(content.Memory, reader.Name), path) with { Content = content };
    }

    /// <summary>
    /// Lets go of the bytes of a file that can give them again: whoever looks at them afterwards has it read once more, and gets an
    /// <see cref="IOException"/> if it has changed or gone. Of an ELF program, and of bytes that came from elsewhere, nothing is let go.
    /// </summary>
    public void ReleaseContent() => Content?.Release();

    /// <summary>Reads the bytes again if they were let go.</summary>
    /// <exception cref="IOException">The file has changed or gone.</exception>
    public void RequireContent() => Content?.Require();

    // A stamp comes only with a file that can be read again.
    private static (ReadOnlyMemory<byte> Bytes, FileStamp? Stamp) ReadFile(string path, ImageLoadOptions options)
    {
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

        FileStamp? stamp = file.CanSeek ? new FileStamp(file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle)) : null;
        return (content.Written, stamp);
    }

    private static ReadOnlyMemory<byte> ReadAgain(string path, FileStamp expected, ImageLoadOptions options)
    {
        const string Need = "expected the file that was loaded, to load it once more";
        try
        {
            var (bytes, stamp) = ReadFile(path, options);
            return stamp == expected
                ? Unpack(new ImageReader(bytes, path), path, options, nesting: 0).Data
                : throw new InvalidDataException("it has changed");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ImageFormatException or InvalidDataException)
        {
            throw new IOException($"{path}: {exception.Message}; {Need}", exception);
        }
    }

    /// <summary>Finds out what some bytes are; the records keep referring to them.</summary>
    /// <param name="data">The content of a file.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="options">Limits; the defaults when null.</param>
    /// <exception cref="ImageFormatException">The content cannot be used.</exception>
    public static GuestImage Parse(ReadOnlyMemory<byte> data, string name, ImageLoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Identify(Unpack(new ImageReader(data, name), name, options ?? ImageLoadOptions.Default, nesting: 0), name);
    }

    private static ImageReader Unpack(ImageReader reader, string name, ImageLoadOptions options, int nesting)
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
            return Unpack(ImageCompression.Unpack(reader, format, options), name, options, nesting + 1);
        }

        if (EfiZboot.Matches(reader))
        {
            return Unpack(EfiZboot.Unpack(reader, options), name, options, nesting + 1);
        }

        return reader;
    }

    private static GuestImage Identify(ImageReader reader, string name)
    {
        return ElfReader.Matches(reader) ? ElfReader.Read(reader, name)
            : LinuxImage.Matches(reader) ? LinuxImage.Read(reader, name)
            : new RawImage(name, reader.Data);
    }
}

namespace Emulator.Devices.Storage;

/// <summary>How an image file is laid out.</summary>
public enum DiskFormat
{
    /// <summary>Raw, unless the file begins like another format, which is then an error.</summary>
    Auto,

    /// <summary>The bytes of the disk and nothing else, whatever they look like.</summary>
    Raw,
}

/// <summary>A disk as the user names it.</summary>
public sealed record DiskOptions
{
    /// <summary>The image file.</summary>
    public required string Path { get; init; }

    /// <summary>Its format.</summary>
    public DiskFormat Format { get; init; }

    /// <summary>The guest may not write.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The guest may write, but what it writes stays in memory and goes with the machine; the file is only read.</summary>
    public bool Snapshot { get; init; }

    /// <summary>Bytes of memory the written data of a snapshot disk may take; null for half of what the host has.</summary>
    public long? MemoryLimit { get; init; }
}

/// <summary>An image cannot be used: which one, why, and what was expected.</summary>
public sealed class DiskImageException : IOException
{
    /// <summary>No particulars.</summary>
    public DiskImageException()
    {
    }

    /// <summary>With a message that names the file.</summary>
    public DiskImageException(string message)
        : base(message)
    {
    }

    /// <summary>With a message that names the file, and the cause.</summary>
    public DiskImageException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Opens disk images.</summary>
public static class DiskImage
{
    /// <summary>Disks count in sectors of 512 bytes, whatever the medium does.</summary>
    public const int SectorSize = 512;

    // What other formats begin with. Taking one for a raw disk would give the guest garbage and let it overwrite the header.
    private static readonly (byte[] Magic, string Name)[] OtherFormats =
    [
        ([.. "QFI"u8, 0xfb], "qcow2"),
        ([.. "KDMV"u8], "VMDK"),
        ([.. "# Disk DescriptorFile"u8], "VMDK"),
        ([.. "vhdxfile"u8], "VHDX"),
        ([.. "conectix"u8], "VHD"),
        ([.. "<<< "u8], "VDI"),
        ([0x1f, 0x8b], "gzip"),
        ([0xfd, .. "7zXZ"u8], "xz"),
        ([0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    ];

    /// <summary>Opens an image as the options say.</summary>
    /// <exception cref="DiskImageException">It cannot be used; the message says which file, why and what was expected.</exception>
    public static IDiskImage Open(DiskOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RawFileDisk file = RawFileDisk.Open(options.Path, options.ReadOnly || options.Snapshot);
        try
        {
            if (options.Format == DiskFormat.Auto)
            {
                RefuseOtherFormats(options.Path, file);
            }

            return options.Snapshot && !options.ReadOnly ? new SnapshotOverlayDisk(file, options.MemoryLimit) : file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Checks a range against an image.</summary>
    internal static void CheckRange(IDiskImage image, long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, image.Length - length);
    }

    private static void RefuseOtherFormats(string path, RawFileDisk file)
    {
        Span<byte> start = stackalloc byte[SectorSize];
        file.Read(0, start);
        foreach ((byte[] magic, string name) in OtherFormats)
        {
            if (start.StartsWith(magic))
            {
                throw new DiskImageException(
                    $"disk '{path}': begins like a {name} file; expected a raw image (convert it, or say format=raw if it is one)");
            }
        }
    }
}

using Microsoft.Win32.SafeHandles;

namespace Emulator.Devices.Storage;

/// <summary>
/// A file that holds the bytes of the disk. Opened for writing it is locked against every other opener, opened for reading against
/// writers. Its length must be whole sectors; one that is only read may end inside a sector, which then ends in zeros.
/// </summary>
public sealed class RawFileDisk : IDiskImage
{
    private const int ZeroBlockSize = 1 << 20;

    private static readonly byte[] ZeroBlock = new byte[ZeroBlockSize];

    private readonly SafeFileHandle _file;

    private RawFileDisk(SafeFileHandle file, long length, bool readOnly)
    {
        _file = file;
        Length = length;
        IsReadOnly = readOnly;
    }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public bool IsReadOnly { get; }

    /// <inheritdoc/>
    public bool CanDiscard => false;

    /// <summary>Opens a file.</summary>
    /// <exception cref="DiskImageException">It is missing, a directory, empty, not whole sectors, locked or forbidden.</exception>
    public static RawFileDisk Open(string path, bool readOnly)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            throw new DiskImageException($"disk '{path}': is a directory; expected a raw image file");
        }

        SafeFileHandle? file = null;
        try
        {
            file = OpenHandle(path, readOnly);
            long length = RandomAccess.GetLength(file);
            if (length == 0)
            {
                throw new DiskImageException($"disk '{path}': is empty; expected at least one sector of {DiskImage.SectorSize} bytes");
            }

            long rest = length % DiskImage.SectorSize;
            if (rest != 0 && !readOnly)
            {
                throw new DiskImageException(
                    $"disk '{path}': has {length} bytes; expected a multiple of {DiskImage.SectorSize} "
                    + $"({DiskImage.SectorSize - rest} more), or a disk that is read-only or a snapshot");
            }

            var disk = new RawFileDisk(file, rest == 0 ? length : length - rest + DiskImage.SectorSize, readOnly);
            file = null;
            return disk;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        DiskImage.CheckRange(this, offset, destination.Length);
        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(_file, destination, offset);
            if (count == 0)
            {
                // Past the end: the rest of the last sector, or somebody has cut the file short meanwhile.
                destination.Clear();
                return;
            }

            offset += count;
            destination = destination[count..];
        }
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        DiskImage.CheckRange(this, offset, source.Length);
        RefuseIfReadOnly();
        RandomAccess.Write(_file, source, offset);
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (!IsReadOnly)
        {
            RandomAccess.FlushToDisk(_file);
        }
    }

    /// <summary>Does nothing: .NET cannot free parts of a file.</summary>
    public void Discard(long offset, long length)
    {
        DiskImage.CheckRange(this, offset, length);
        RefuseIfReadOnly();
    }

    /// <inheritdoc/>
    public void WriteZeroes(long offset, long length)
    {
        DiskImage.CheckRange(this, offset, length);
        RefuseIfReadOnly();
        while (length > 0)
        {
            int count = (int)Math.Min(length, ZeroBlockSize);
            RandomAccess.Write(_file, ZeroBlock.AsSpan(0, count), offset);
            offset += count;
            length -= count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static SafeFileHandle OpenHandle(string path, bool readOnly)
    {
        try
        {
            return File.OpenHandle(
                path,
                FileMode.Open,
                readOnly ? FileAccess.Read : FileAccess.ReadWrite,
                readOnly ? FileShare.Read : FileShare.None,
                FileOptions.RandomAccess);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DiskImageException($"disk '{path}': no such file", failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new DiskImageException(
                $"disk '{path}': not allowed to open it for {(readOnly ? "reading" : "writing; readonly or snapshot may do")}", failure);
        }
        catch (IOException failure)
        {
            throw new DiskImageException(
                $"disk '{path}': cannot be opened; is another machine or program using it? ({failure.Message})", failure);
        }
    }

    private void RefuseIfReadOnly()
    {
        if (IsReadOnly)
        {
            throw new IOException("The disk is read-only.");
        }
    }
}

using Emulator.Core.Bus;

namespace Emulator.Devices.Storage;

/// <summary>What a snapshot carries of a disk that keeps written data in memory.</summary>
/// <param name="Contents">The data; null for none.</param>
public readonly record struct MemoryDiskState(SparseDiskContents? Contents);

/// <summary>A disk in memory, zero at first. Only what was written takes memory.</summary>
public sealed class MemoryDisk : IDiskImage, IStateful<MemoryDiskState>
{
    private readonly SparseSectors _sectors;

    /// <summary>Creates a disk of zeros.</summary>
    /// <param name="length">Bytes, a positive multiple of <see cref="DiskImage.SectorSize"/>.</param>
    /// <param name="memoryLimit">Bytes of memory it may take; null for half of what the host has.</param>
    public MemoryDisk(long length, long? memoryLimit = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (length % DiskImage.SectorSize != 0)
        {
            throw new ArgumentException($"The length {length} is not a multiple of {DiskImage.SectorSize}.", nameof(length));
        }

        Length = length;
        _sectors = new SparseSectors(length, memoryLimit ?? MemoryLimits.Default, below: null);
    }

    /// <summary>Creates a disk with contents; a last part of a sector is filled with zeros.</summary>
    public MemoryDisk(ReadOnlySpan<byte> contents, long? memoryLimit = null)
        : this(RoundUp(contents.Length), memoryLimit) => Write(0, contents);

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc/>
    public bool CanDiscard => true;

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        DiskImage.CheckRange(this, offset, destination.Length);
        _sectors.Read(offset, destination);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        DiskImage.CheckRange(this, offset, source.Length);
        _sectors.Write(offset, source);
    }

    /// <summary>Does nothing: it is as durable as it gets.</summary>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void Discard(long offset, long length)
    {
        DiskImage.CheckRange(this, offset, length);
        _sectors.Discard(offset, length);
    }

    /// <inheritdoc/>
    public void WriteZeroes(long offset, long length)
    {
        DiskImage.CheckRange(this, offset, length);
        _sectors.WriteZeroes(offset, length);
    }

    /// <inheritdoc/>
    public MemoryDiskState Save() => new(_sectors.Capture());

    /// <inheritdoc/>
    public void Restore(MemoryDiskState state) => _sectors.Restore(state.Contents);

    /// <summary>Does nothing.</summary>
    public void Dispose()
    {
    }

    private static long RoundUp(long length) => (length + DiskImage.SectorSize - 1) / DiskImage.SectorSize * DiskImage.SectorSize;
}

/// <summary>
/// An image that is only read, with what the guest writes kept in memory above it and forgotten in the end. It owns the image below.
/// </summary>
public sealed class SnapshotOverlayDisk : IDiskImage, IStateful<MemoryDiskState>
{
    private readonly IDiskImage _below;
    private readonly SparseSectors _sectors;

    /// <summary>Puts an overlay on an image.</summary>
    /// <param name="below">The image to read from; never written.</param>
    /// <param name="memoryLimit">Bytes of memory the written data may take; null for half of what the host has.</param>
    public SnapshotOverlayDisk(IDiskImage below, long? memoryLimit = null)
    {
        ArgumentNullException.ThrowIfNull(below);
        _below = below;
        _sectors = new SparseSectors(below.Length, memoryLimit ?? MemoryLimits.Default, below.Read);
    }

    /// <inheritdoc/>
    public long Length => _below.Length;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc/>
    public bool CanDiscard => true;

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        DiskImage.CheckRange(this, offset, destination.Length);
        _sectors.Read(offset, destination);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        DiskImage.CheckRange(this, offset, source.Length);
        _sectors.Write(offset, source);
    }

    /// <summary>Does nothing: the data is not meant to last.</summary>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void Discard(long offset, long length)
    {
        DiskImage.CheckRange(this, offset, length);
        _sectors.Discard(offset, length);
    }

    /// <inheritdoc/>
    public void WriteZeroes(long offset, long length)
    {
        DiskImage.CheckRange(this, offset, length);
        _sectors.WriteZeroes(offset, length);
    }

    /// <inheritdoc/>
    public MemoryDiskState Save() => new(_sectors.Capture());

    /// <inheritdoc/>
    public void Restore(MemoryDiskState state) => _sectors.Restore(state.Contents);

    /// <summary>Closes the image below.</summary>
    public void Dispose() => _below.Dispose();
}

/// <summary>How much memory a disk may take when the user does not say.</summary>
internal static class MemoryLimits
{
    public static long Default => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
}

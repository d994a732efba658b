namespace Emulator.Devices.Storage;

/// <summary>
/// The medium behind a disk device. Used by one thread at a time. Offsets and lengths are bytes inside the image, any alignment; a
/// range that is not inside is the caller's error. The machine disposes of it, after its devices have stopped.
/// </summary>
/// <remarks>Members that touch the host throw <see cref="IOException"/> when the host fails; the device reports that to the guest.</remarks>
public interface IDiskImage : IDisposable
{
    /// <summary>Size in bytes, a multiple of <see cref="DiskImage.SectorSize"/>; constant.</summary>
    long Length { get; }

    /// <summary>Whether writes, discards and zeroing are refused; constant.</summary>
    bool IsReadOnly { get; }

    /// <summary>Whether <see cref="Discard"/> gives anything back to the host; constant.</summary>
    bool CanDiscard { get; }

    /// <summary>Fills the whole destination.</summary>
    /// <exception cref="IOException">The host failed.</exception>
    void Read(long offset, Span<byte> destination);

    /// <summary>Writes the whole source; it is durable after <see cref="Flush"/>.</summary>
    /// <exception cref="IOException">The host failed, or the image is read-only.</exception>
    void Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Makes all writes before it durable, as far as the medium is.</summary>
    /// <exception cref="IOException">The host failed.</exception>
    void Flush();

    /// <summary>The guest does not need these bytes any more; they may read as anything afterwards.</summary>
    /// <exception cref="IOException">The host failed, or the image is read-only.</exception>
    void Discard(long offset, long length);

    /// <summary>Makes the range read as zeros.</summary>
    /// <exception cref="IOException">The host failed, or the image is read-only.</exception>
    void WriteZeroes(long offset, long length);
}

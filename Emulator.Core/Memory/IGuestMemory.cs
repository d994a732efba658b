using System.Buffers.Binary;

namespace Emulator.Core.Memory;

/// <summary>
/// Guest physical RAM as a device's DMA engine sees it. All members may be called from any thread. An access that is not
/// wholly inside RAM fails as a value: nothing is read or written and the device decides what that means.
/// Writes made here are seen by translated code and dirty-page tracking like any store of a processor.
/// </summary>
public interface IGuestMemory
{
    /// <summary>Copies guest memory out.</summary>
    /// <returns>False when any byte is outside RAM.</returns>
    bool TryRead(GuestPhysicalAddress address, Span<byte> destination);

    /// <summary>Copies into guest memory.</summary>
    /// <returns>False when any byte is outside writable RAM; then nothing was written.</returns>
    bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> source);

    /// <summary>
    /// Looks at guest memory in place, so that a file can be written from it without a copy. The span is valid as long as the
    /// machine exists; the guest may change it at any time.
    /// </summary>
    bool TryGetReadableSpan(GuestPhysicalAddress address, int length, out ReadOnlySpan<byte> span);

    /// <summary>
    /// Gives guest memory to be filled in place. After filling it the caller must call <see cref="MarkWritten"/> with the same range.
    /// </summary>
    bool TryGetWritableSpan(GuestPhysicalAddress address, int length, out Span<byte> span);

    /// <summary>Announces that a range got from <see cref="TryGetWritableSpan"/> was filled.</summary>
    void MarkWritten(GuestPhysicalAddress address, int length);
}

/// <summary>Little-endian values in guest memory; aligned ones are read and written in one piece, with acquire and release order.</summary>
public static class GuestMemoryExtensions
{
    /// <summary>Reads 16 bits.</summary>
    public static bool TryReadUInt16(this IGuestMemory memory, GuestPhysicalAddress address, out ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        bool ok = memory.TryRead(address, bytes);
        value = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        return ok;
    }

    /// <summary>Reads 32 bits.</summary>
    public static bool TryReadUInt32(this IGuestMemory memory, GuestPhysicalAddress address, out uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        bool ok = memory.TryRead(address, bytes);
        value = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        return ok;
    }

    /// <summary>Reads 64 bits.</summary>
    public static bool TryReadUInt64(this IGuestMemory memory, GuestPhysicalAddress address, out ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        bool ok = memory.TryRead(address, bytes);
        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return ok;
    }

    /// <summary>Writes 16 bits.</summary>
    public static bool TryWriteUInt16(this IGuestMemory memory, GuestPhysicalAddress address, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        return memory.TryWrite(address, bytes);
    }

    /// <summary>Writes 32 bits.</summary>
    public static bool TryWriteUInt32(this IGuestMemory memory, GuestPhysicalAddress address, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return memory.TryWrite(address, bytes);
    }
}

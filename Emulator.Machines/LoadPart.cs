using Emulator.Core.Memory;

namespace Emulator.Machines;

/// <summary>Bytes to put into memory when a machine is switched on.</summary>
/// <param name="Address">Where.</param>
/// <param name="Data">The bytes.</param>
/// <param name="Size">Bytes of memory, at least as many; those beyond the data are zero.</param>
/// <param name="Name">What it is, for messages.</param>
internal sealed record LoadPart(GuestPhysicalAddress Address, ReadOnlyMemory<byte> Data, ulong Size, string Name)
{
    private const int ZeroBytes = 64 * 1024;

    /// <summary>All of the bytes.</summary>
    public LoadPart(ulong address, ReadOnlyMemory<byte> data, string name)
        : this(new GuestPhysicalAddress(address), data, (ulong)data.Length, name)
    {
    }

    /// <summary>Behind the last byte.</summary>
    public ulong End => Address.Value + Size;

    /// <summary>Writes it.</summary>
    public void CopyTo(MemorySystem memory)
    {
        memory.TryWrite(Address, Data.Span);
        byte[] zeros = new byte[ZeroBytes];
        for (ulong done = (ulong)Data.Length; done < Size; done += ZeroBytes)
        {
            memory.TryWrite(Address + done, zeros.AsSpan(0, (int)Math.Min(ZeroBytes, Size - done)));
        }
    }
}

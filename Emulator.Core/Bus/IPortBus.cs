namespace Emulator.Core.Bus;

/// <summary>
/// The port space of a processor that has one beside its memory. Members are called by hart threads, several at a time, and never
/// fail: what nothing answers reads as all ones, and writes to it are lost.
/// </summary>
public interface IPortBus
{
    /// <summary>Reads from a port.</summary>
    /// <param name="port">The first port; an access that goes on behind the last port wraps to the first.</param>
    /// <param name="size">1, 2 or 4 bytes; the port need not be a multiple of it.</param>
    /// <returns>The bits read, zero-extended.</returns>
    ulong Read(ushort port, int size);

    /// <summary>Writes to a port.</summary>
    /// <param name="port">The first port; an access that goes on behind the last port wraps to the first.</param>
    /// <param name="size">1, 2 or 4 bytes; the port need not be a multiple of it.</param>
    /// <param name="value">The bits to write; those above the size are ignored.</param>
    void Write(ushort port, int size, ulong value);
}

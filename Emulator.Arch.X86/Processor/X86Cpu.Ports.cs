using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <content>The port space and who may use it.</content>
public sealed partial class X86Cpu
{
    private const int MapBaseOffset = 0x66;

    /// <summary>Above IOPL, and always in virtual-8086 mode, the I/O permission bitmap of the TSS decides (volume 1, 19.5.2).</summary>
    internal GuestFault? CheckPort(ushort port, int size)
    {
        if (!_mode.Has(X86Mode.Protected) || (Registers.Cpl <= Iopl && !IsVirtual8086)) return null;
        var refusal = X86Fault.GeneralProtection();
        var tss = Registers.Tr;
        if (!tss.Is32BitTss || MapBaseOffset + 1 > tss.Limit) return refusal;
        if (ReadSystem(LinearOf(tss.Base, MapBaseOffset), 2, out ulong map) is { } unread) return unread;
        ulong offset = map + (port / 8u);
        if (offset + 1 > tss.Limit) return refusal; // two bytes are read whatever the access is
        if (ReadSystem(LinearOf(tss.Base, offset), 2, out ulong bits) is { } unreadBits) return unreadBits;
        ulong mask = (1ul << size) - 1;
        return ((bits >> (port & 7)) & mask) == 0 ? null : refusal;
    }

    internal ulong ReadPort(ushort port, int size)
    {
        NotePortAccess(port, size);
        return _environment.Ports?.Read(port, size) ?? ulong.MaxValue >> (64 - (8 * size));
    }

    internal void WritePort(ushort port, int size, ulong value)
    {
        NotePortAccess(port, size);
        _environment.Ports?.Write(port, size, value);
    }
}

using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>Where operands in memory are.</summary>
internal static class MemoryOperand
{
    public static ulong AddressOf(in HostCase start, in UsedMemory access)
    {
        ulong sum = access.Displacement;
        if (access.Base is not (Register.None or Register.RIP or Register.EIP)) sum += Content(start, access.Base);
        if (access.Index != Register.None) sum += Content(start, access.Index) * (ulong)access.Scale;
        return SegmentBase(access.Segment) + (sum & AddressMask(access.AddressSize));
    }

    public static ulong Content(in HostCase start, Register register)
    {
        ulong value = start.Registers[register.GetFullRegister() - Register.RAX];
        int size = register.GetSize();
        return size == 8 ? value : value & ((1ul << (8 * size)) - 1);
    }

    public static ulong AddressMask(CodeSize size) => size switch { CodeSize.Code16 => 0xffff, CodeSize.Code32 => 0xffff_ffff, _ => ulong.MaxValue };

    public static ulong SegmentBase(Register segment) => segment switch { Register.FS => HostLayout.FsBase, Register.GS => HostLayout.GsBase, _ => 0 };
}

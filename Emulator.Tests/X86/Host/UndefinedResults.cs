using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Processor;
using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>Which flags and registers the manual leaves undefined, by instruction and operands (Intel SDM volume 2).</summary>
internal static class UndefinedResults
{
    private const int StackPointer = 4;
    private const ArithmeticFlags ShiftFlags = ArithmeticFlags.Auxiliary;

    /// <summary>Flags of which nothing is known after the instruction.</summary>
    public static ulong Flags(GeneratedCase tested) => Flags(tested.Instruction, tested[Register.RCX]);

    /// <summary>Flags of which nothing is known after an instruction that started with a value in RCX.</summary>
    public static ulong Flags(in Instruction i, ulong rcx)
    {
        var undefined = i.Mnemonic switch
        {
            Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Shld or Mnemonic.Shrd => OfShift(i, rcx),
            Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Rcl or Mnemonic.Rcr =>
                Count(i, rcx) is 0 or 1 ? ArithmeticFlags.None : ArithmeticFlags.Overflow,
            _ => Of(i.RflagsUndefined),
        };
        return (ulong)undefined;
    }

    // The register, and the bits of it, of which nothing is known after the instruction.
    private static (Register Register, ulong Mask) Destination(GeneratedCase tested)
    {
        var i = tested.Instruction;
        return i.Mnemonic switch
        {
            Mnemonic.Lar => (i.Op0Register, 0xf_0000),
            Mnemonic.Bswap when i.Op0Register.GetSize() == 2 => (i.Op0Register, 0xffff),
            Mnemonic.Shld or Mnemonic.Shrd when IsBeyondSize(tested.Instruction, tested[Register.RCX]) && i.Op0Kind == OpKind.Register => (i.Op0Register, 0xffff),
            _ => (Register.None, 0),
        };
    }

    /// <summary>Bits of a general register that are compared; the state is the host's.</summary>
    public static ulong Compared(GeneratedCase tested, HostState host, int number)
    {
        bool isFault = host.Trap != HostState.NoTrap;

        // what precedes the fault in the stack may be loaded already, or not
        if (isFault && tested.Instruction.Mnemonic is Mnemonic.Popa or Mnemonic.Popad && number != StackPointer) return 0;

        // upper halves are undefined when 64-bit mode is left (SDM volume 1, 3.4.1.1)
        bool is64 = tested.Start.Bits == 64 && host.Selectors[X86Cpu.Cs] == HostLayout.Code64Selector;
        var (register, mask) = isFault ? (Register.None, 0) : Destination(tested);
        ulong all = is64 ? ulong.MaxValue : uint.MaxValue;
        return register != Register.None && register.GetFullRegister() == Register.RAX + number ? all & ~mask : all;
    }

    /// <summary>True when what is written to memory is undefined.</summary>
    public static bool Memory(GeneratedCase tested) =>
        tested.Instruction.Mnemonic is Mnemonic.Shld or Mnemonic.Shrd && tested.Instruction.Op0Kind == OpKind.Memory && IsBeyondSize(tested.Instruction, tested[Register.RCX]);

    private static ArithmeticFlags OfShift(in Instruction i, ulong rcx)
    {
        int count = Count(i, rcx);
        if (count == 0) return ArithmeticFlags.None;
        if (i.Mnemonic is Mnemonic.Shld or Mnemonic.Shrd && IsBeyondSize(i, rcx)) return ArithmeticFlags.All;
        var undefined = ShiftFlags;
        if (count != 1) undefined |= ArithmeticFlags.Overflow;
        if (i.Mnemonic != Mnemonic.Sar && count >= 8 * Size(i)) undefined |= ArithmeticFlags.Carry;
        return undefined;
    }

    private static bool IsBeyondSize(in Instruction i, ulong rcx) => Count(i, rcx) > 8 * Size(i);

    private static int Count(in Instruction i, ulong rcx)
    {
        int last = i.OpCount - 1;
        ulong count = i.GetOpKind(last) == OpKind.Register ? rcx : i.GetImmediate(last);
        return (int)count & (Size(i) == 8 ? 63 : 31);
    }

    private static int Size(in Instruction i) => i.Op0Kind == OpKind.Register ? i.Op0Register.GetSize() : i.MemorySize.GetSize();

    private static ArithmeticFlags Of(RflagsBits bits)
    {
        var flags = ArithmeticFlags.None;
        if ((bits & RflagsBits.CF) != 0) flags |= ArithmeticFlags.Carry;
        if ((bits & RflagsBits.PF) != 0) flags |= ArithmeticFlags.Parity;
        if ((bits & RflagsBits.AF) != 0) flags |= ArithmeticFlags.Auxiliary;
        if ((bits & RflagsBits.ZF) != 0) flags |= ArithmeticFlags.Zero;
        if ((bits & RflagsBits.SF) != 0) flags |= ArithmeticFlags.Sign;
        if ((bits & RflagsBits.OF) != 0) flags |= ArithmeticFlags.Overflow;
        return flags;
    }
}

namespace Emulator.Arch.X86.Flags;

/// <summary>The six arithmetic flags, as bits of EFLAGS.</summary>
[Flags]
internal enum ArithmeticFlags : uint
{
    None = 0,
    Carry = 1 << 0,
    Parity = 1 << 2,
    Auxiliary = 1 << 4,
    Zero = 1 << 6,
    Sign = 1 << 7,
    Overflow = 1 << 11,
    All = Carry | Parity | Auxiliary | Zero | Sign | Overflow,
}

/// <summary>
/// How the arithmetic flags follow from the slots FlagA and FlagB. They are computed only when somebody asks; an instruction
/// that sets them leaves its operands or result there, sign-extended from its operand size. r is the result, a and b the operands.
/// </summary>
internal enum FlagKind : byte
{
    /// <summary>FlagA holds the flags themselves, as <see cref="ArithmeticFlags"/>.</summary>
    Raw,

    /// <summary>FlagA = r; carry, overflow and auxiliary carry are clear.</summary>
    Logic,

    /// <summary>FlagA = r = a + b, FlagB = b.</summary>
    Add,

    /// <summary>FlagA = a, FlagB = b of a - b.</summary>
    Sub,

    /// <summary>FlagA = r = a + b + carry, FlagB = b.</summary>
    AddCarry,

    /// <summary>FlagA = a, FlagB = b of a - b - carry.</summary>
    SubBorrow,

    /// <summary>FlagA = r = a + 1; carry as before.</summary>
    Increment,

    /// <summary>FlagA = r = a - 1; carry as before.</summary>
    Decrement,

    /// <summary>FlagA = r; FlagB holds carry, overflow and auxiliary carry as <see cref="ArithmeticFlags"/>.</summary>
    Result,
}

/// <summary>The content of the slot FlagForm.</summary>
/// <param name="Kind">What the operands are.</param>
/// <param name="Bytes">The operand size: 1, 2, 4 or 8.</param>
/// <param name="Carry">The carry that went in, or was kept: 0 or 1.</param>
internal readonly record struct FlagForm(FlagKind Kind, int Bytes, int Carry = 0)
{
    public const int CarryMask = 1;
    private const int SizeShift = 4;
    private const int KindShift = 8;

    public long Pack() => ((long)Kind << KindShift) | ((long)Bytes << SizeShift) | (uint)Carry;

    public static FlagForm Unpack(ulong packed) => new((FlagKind)(byte)(packed >> KindShift), (int)(packed >> SizeShift) & 15, (int)packed & CarryMask);
}

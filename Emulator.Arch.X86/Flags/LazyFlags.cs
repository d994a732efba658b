using System.Numerics;

namespace Emulator.Arch.X86.Flags;

/// <summary>The definition of the arithmetic flags in terms of a <see cref="FlagForm"/> and its operands (Intel SDM volume 1, 3.4.3.1).</summary>
internal static class LazyFlags
{
    /// <summary>All six flags.</summary>
    public static ArithmeticFlags Compute(FlagForm form, ulong a, ulong b)
    {
        ulong carry = (uint)form.Carry;
        switch (form.Kind)
        {
            case FlagKind.Raw: return (ArithmeticFlags)a & ArithmeticFlags.All;
            case FlagKind.Logic: return OfResult(a);
            case FlagKind.Result: return OfResult(a) | ((ArithmeticFlags)b & (ArithmeticFlags.Carry | ArithmeticFlags.Overflow | ArithmeticFlags.Auxiliary));
            case FlagKind.Add: return OfSum(a - b, b, a, form.Bytes, a < b);
            case FlagKind.AddCarry: return OfSum(a - b - carry, b, a, form.Bytes, carry != 0 ? a <= b : a < b);
            case FlagKind.Increment: return OfSum(a - 1, 1, a, form.Bytes, carry != 0);
            case FlagKind.Sub: return OfDifference(a, b, Extend(a - b, form.Bytes), form.Bytes, a < b);
            case FlagKind.SubBorrow: return OfDifference(a, b, Extend(a - b - carry, form.Bytes), form.Bytes, carry != 0 ? a <= b : a < b);
            default: return OfDifference(a + 1, 1, a, form.Bytes, carry != 0);
        }
    }

    /// <summary>Zero, sign and parity of a sign-extended result.</summary>
    public static ArithmeticFlags OfResult(ulong result)
    {
        var flags = (BitOperations.PopCount((byte)result) & 1) == 0 ? ArithmeticFlags.Parity : ArithmeticFlags.None;
        if (result == 0) flags |= ArithmeticFlags.Zero;
        if ((long)result < 0) flags |= ArithmeticFlags.Sign;
        return flags;
    }

    /// <summary>Sign-extends from an operand size in bytes.</summary>
    public static ulong Extend(ulong value, int bytes) => bytes switch
    {
        1 => (ulong)(sbyte)value,
        2 => (ulong)(short)value,
        4 => (ulong)(int)value,
        _ => value,
    };

    // Sign extension keeps the unsigned order, so that carries of narrow operands show in comparisons of 64 bits.
    private static ArithmeticFlags OfSum(ulong a, ulong b, ulong result, int bytes, bool carry) =>
        OfResult(result) | Carries(a ^ b ^ result, (a ^ result) & (b ^ result), bytes, carry);

    private static ArithmeticFlags OfDifference(ulong a, ulong b, ulong result, int bytes, bool borrow) =>
        OfResult(result) | Carries(a ^ b ^ result, (a ^ b) & (a ^ result), bytes, borrow);

    private static ArithmeticFlags Carries(ulong carries, ulong overflow, int bytes, bool carry)
    {
        var flags = carry ? ArithmeticFlags.Carry : ArithmeticFlags.None;
        flags |= (ArithmeticFlags)carries & ArithmeticFlags.Auxiliary;
        if (((overflow >> ((8 * bytes) - 1)) & 1) != 0) flags |= ArithmeticFlags.Overflow;
        return flags;
    }
}

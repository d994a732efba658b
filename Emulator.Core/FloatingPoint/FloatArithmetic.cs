using System.Numerics;
using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>
/// Addition, subtraction, multiplication, division and square root (IEEE 754-2019, 5.4.1), bit-exact on every host.
/// Operands and results are encodings in the low bits; higher bits of operands are ignored and those of results are zero.
/// </summary>
public static class FloatArithmetic
{
    /// <summary>a + b.</summary>
    public static ulong Add<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => AddSigned<T>(a, b, 0, ref context);

    /// <summary>a − b.</summary>
    public static ulong Subtract<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => AddSigned<T>(a, b, Format<T>.SignMask, ref context);

    /// <summary>a × b.</summary>
    public static ulong Multiply<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Unpacked.From<T>(a);
        var y = Unpacked.From<T>(b);
        var kinds = x.Kind | y.Kind;
        if (kinds != FloatKind.Normal)
        {
            if ((kinds & Specials.NotArithmetic) != 0)
            {
                return MultiplySpecial<T>(a, b, kinds, ref context);
            }

            Specials.NoteSubnormal(kinds, ref context);
        }

        // Two significands in [1, 2): the product's leading bit is at 127 or 126.
        var high = Math.BigMul(x.Significand, y.Significand, out var low);
        high |= low != 0 ? 1UL : 0;
        var short1 = (int)(~high >> 63);
        return Rounding.Pack<T>(x.Sign ^ y.Sign, x.Exponent + y.Exponent + 1 - short1, high << short1, ref context);
    }

    /// <summary>a ÷ b.</summary>
    public static ulong Divide<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Unpacked.From<T>(a);
        var y = Unpacked.From<T>(b);
        var kinds = x.Kind | y.Kind;
        if (kinds != FloatKind.Normal)
        {
            if ((kinds & Specials.NotArithmetic) != 0)
            {
                return DivideSpecial<T>(a, b, x.Kind, y.Kind, ref context);
            }

            Specials.NoteSubnormal(kinds, ref context);
        }

        // Halve the dividend's significand (its low bits are zero) where that is needed to keep the quotient below 2^64.
        var below = x.Significand < y.Significand;
        var dividend = below ? x.Significand : x.Significand >> 1;
        var quotient = WideArithmetic.Divide(dividend, y.Significand, out var remainder);
        var exponent = x.Exponent - y.Exponent - (below ? 1 : 0);
        return Rounding.Pack<T>(x.Sign ^ y.Sign, exponent, quotient | (remainder != 0 ? 1UL : 0), ref context);
    }

    /// <summary>√a.</summary>
    public static ulong SquareRoot<T>(ulong a, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Unpacked.From<T>(a);
        if ((x.Kind & Specials.AnyNan) != 0)
        {
            return Specials.Nan<T>(a, ref context);
        }

        if (x.Kind == FloatKind.Zero)
        {
            return x.Sign;
        }

        if (x.Sign != 0)
        {
            return Specials.Invalid<T>(ref context);
        }

        if (x.Kind == FloatKind.Infinity)
        {
            return Format<T>.Infinity;
        }

        Specials.NoteSubnormal(x.Kind, ref context);

        // √(m × 2^e) = √m × 2^(e/2) for an even e; an odd one lends its odd factor of two to m. Low bits of m are zero.
        var odd = (x.Exponent & 1) != 0;
        var root = WideArithmetic.SquareRoot(odd ? x.Significand : x.Significand >> 1, out var exact);
        return Rounding.Pack<T>(0, x.Exponent >> 1, root | (exact ? 0 : 1UL), ref context);
    }

    private static ulong AddSigned<T>(ulong a, ulong b, ulong flip, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Unpacked.From<T>(a);
        var y = Unpacked.From<T>(b);
        var kinds = x.Kind | y.Kind;
        if (kinds != FloatKind.Normal)
        {
            if ((kinds & Specials.NotArithmetic) != 0)
            {
                return AddSpecial<T>(a, b, flip, kinds, ref context);
            }

            Specials.NoteSubnormal(kinds, ref context);
        }

        var signX = x.Sign;
        var signY = y.Sign ^ flip;
        var (high, low) = (x.Significand, y.Significand);
        var (exponent, distance) = (x.Exponent, x.Exponent - y.Exponent);
        var sign = signX;
        if (distance < 0 || (distance == 0 && high < low))
        {
            (high, low) = (low, high);
            exponent = y.Exponent;
            distance = -distance;
            sign = signY;
        }

        // One bit of headroom; ten or more zero bits remain below, so that the sticky bit is never rounded upon.
        high >>= 1;
        low = Rounding.ShiftRightSticky(low >> 1, distance);
        var sum = signX == signY ? high + low : high - low;
        if (sum == 0)
        {
            return Specials.ZeroSum<T>(context);
        }

        var shift = BitOperations.LeadingZeroCount(sum);
        return Rounding.Pack<T>(sign, exponent + 1 - shift, sum << shift, ref context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong AddSpecial<T>(ulong a, ulong b, ulong flip, FloatKind kinds, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if ((kinds & Specials.AnyNan) != 0)
        {
            return Specials.Nan<T>(a, b, ref context);
        }

        Specials.NoteSubnormal(kinds, ref context);
        a &= Format<T>.SignMask | Format<T>.MagnitudeMask;
        b = (b & (Format<T>.SignMask | Format<T>.MagnitudeMask)) ^ flip;
        var opposite = ((a ^ b) & Format<T>.SignMask) != 0;
        if ((kinds & FloatKind.Infinity) != 0)
        {
            var infiniteA = (a & Format<T>.MagnitudeMask) == Format<T>.Infinity;
            var infiniteB = (b & Format<T>.MagnitudeMask) == Format<T>.Infinity;
            return infiniteA && infiniteB && opposite ? Specials.Invalid<T>(ref context) : infiniteA ? a : b;
        }

        // At least one zero; the sum of two differs from the operands only in its sign.
        return !Format<T>.IsZero(a) ? a : Format<T>.IsZero(b) && opposite ? Specials.ZeroSum<T>(context) : b;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MultiplySpecial<T>(ulong a, ulong b, FloatKind kinds, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if ((kinds & Specials.AnyNan) != 0)
        {
            return Specials.Nan<T>(a, b, ref context);
        }

        if (kinds == (FloatKind.Infinity | FloatKind.Zero))
        {
            return Specials.Invalid<T>(ref context);
        }

        Specials.NoteSubnormal(kinds, ref context);
        var sign = (a ^ b) & Format<T>.SignMask;
        return (kinds & FloatKind.Infinity) != 0 ? sign | Format<T>.Infinity : sign;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong DivideSpecial<T>(ulong a, ulong b, FloatKind kindA, FloatKind kindB, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var kinds = kindA | kindB;
        if ((kinds & Specials.AnyNan) != 0)
        {
            return Specials.Nan<T>(a, b, ref context);
        }

        if (kindA == kindB && kindA is (FloatKind.Infinity or FloatKind.Zero))
        {
            return Specials.Invalid<T>(ref context); // ∞ ÷ ∞, 0 ÷ 0
        }

        var sign = (a ^ b) & Format<T>.SignMask;
        if (kindB == FloatKind.Zero && kindA != FloatKind.Infinity)
        {
            context.Flags |= FloatFlags.DivideByZero; // which hides a subnormal dividend, as being invalid does
            return sign | Format<T>.Infinity;
        }

        Specials.NoteSubnormal(kinds, ref context);
        return kindA == FloatKind.Infinity ? sign | Format<T>.Infinity : sign; // else 0 ÷ y, x ÷ ∞
    }
}

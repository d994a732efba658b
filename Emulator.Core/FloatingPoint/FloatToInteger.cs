namespace Emulator.Core.FloatingPoint;

/// <summary>
/// Conversions to integers and to integral numbers (IEEE 754-2019, 5.3.1, 5.4.1, 5.8). The direction is an argument, since
/// languages and instruction sets truncate here whatever direction arithmetic uses. Signed results are sign-extended to
/// 64 bits, unsigned ones zero-extended.
/// </summary>
public static class FloatToInteger
{
    private const int Bits32 = 32;
    private const int Bits64 = 64;

    /// <summary>To a signed 32-bit integer; out of range as <see cref="FloatBehavior.IndefiniteInteger"/> says, and invalid.</summary>
    public static ulong ToInt32<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
        => ToSigned<T>(value, Bits32, rounding, ref context);

    /// <summary>To an unsigned 32-bit integer; out of range as <see cref="FloatBehavior.IndefiniteInteger"/> says, and invalid.</summary>
    public static ulong ToUInt32<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
        => ToUnsigned<T>(value, Bits32, rounding, ref context);

    /// <summary>To a signed 64-bit integer; out of range as <see cref="FloatBehavior.IndefiniteInteger"/> says, and invalid.</summary>
    public static ulong ToInt64<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
        => ToSigned<T>(value, Bits64, rounding, ref context);

    /// <summary>To an unsigned 64-bit integer; out of range as <see cref="FloatBehavior.IndefiniteInteger"/> says, and invalid.</summary>
    public static ulong ToUInt64<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
        => ToUnsigned<T>(value, Bits64, rounding, ref context);

    /// <summary>
    /// Truncates and keeps the low 32 bits, sign-extended (ECMAScript's ToInt32). Signals as <see cref="ToInt32"/> does:
    /// out of range is invalid, though the result is still the low bits. NaNs and infinities give 0.
    /// </summary>
    public static ulong ToInt32Modular<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        _ = ToSigned<T>(value, Bits32, RoundingMode.TowardZero, ref context); // for what it signals
        var x = Unpacked.From<T>(value);
        if ((x.Kind & Specials.NotArithmetic) != 0)
        {
            return 0;
        }

        // Integers of more than 64 bits end in zeros; once those fill the low 32 bits, nothing else is left.
        var shift = x.Exponent - Unpacked.LeadingBit;
        var whole = shift switch
        {
            >= Bits32 or <= -Bits64 => 0UL,
            >= 0 => x.Significand << shift,
            _ => x.Significand >> -shift,
        };
        return (ulong)(int)(x.Sign != 0 ? unchecked(0 - whole) : whole);
    }

    /// <summary>roundToIntegral: the nearest integral number in the same format, never signalling inexact.</summary>
    public static ulong RoundToIntegral<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
        => ToIntegral<T>(value, rounding, FloatFlags.None, ref context);

    /// <summary>roundToIntegralExact: the same, signalling inexact when the result differs from the operand.</summary>
    public static ulong RoundToIntegralExact<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
        => ToIntegral<T>(value, rounding, FloatFlags.Inexact, ref context);

    private static ulong ToIntegral<T>(ulong value, RoundingMode rounding, FloatFlags whenInexact, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var sign = value & Format<T>.SignMask;
        var magnitude = value & Format<T>.MagnitudeMask;
        var exponent = (int)(magnitude >> T.FractionBits) - Format<T>.Bias;
        if (magnitude > Format<T>.Infinity)
        {
            return Specials.Nan<T>(value, ref context);
        }

        if (magnitude == 0 || exponent >= T.FractionBits)
        {
            return sign | magnitude;
        }

        // From one upwards the fraction is the encoding's low bits, and what is left is odd when the integer is: its
        // lowest bit is the integer's, for [1, 2) that of the exponent field, which is the bias there and odd. A carry
        // into the exponent field is right as well.
        var (whole, fraction) = exponent < 0 ? (0, BelowOne<T>(exponent, magnitude)) : Split<T>(exponent, magnitude);
        if (fraction == 0)
        {
            return sign | magnitude;
        }

        context.Flags |= whenInexact;
        var rounded = Rounding.ToWhole(whole, fraction, sign != 0, rounding);
        return exponent < 0 ? sign | rounded * Format<T>.One : sign | rounded << T.FractionBits - exponent;
    }

    /// <summary>The fraction of a number below one, exact as far as a comparison with 0 and 1/2 goes.</summary>
    private static ulong BelowOne<T>(int exponent, ulong magnitude)
        where T : struct, IFloatFormat
        => exponent < -1 ? 1 : 1UL << 63 | (magnitude & Format<T>.FractionMask);

    private static (ulong Whole, ulong Fraction) Split<T>(int exponent, ulong magnitude)
        where T : struct, IFloatFormat
        => (magnitude >> T.FractionBits - exponent, magnitude << Bits64 - T.FractionBits + exponent);

    private static ulong ToSigned<T>(ulong value, int width, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Unpacked.From<T>(value);
        var limit = 1UL << width - 1;
        var negative = x.Sign != 0;
        if (TryRound(x, rounding, out var whole, out var inexact) && whole < limit + (negative ? 1UL : 0))
        {
            context.Flags |= inexact;
            return negative ? unchecked(0 - whole) : whole;
        }

        context.Flags |= FloatFlags.Invalid;
        var least = unchecked(0 - limit);
        var toLeast = context.Has(FloatBehavior.IndefiniteInteger) || (negative && (x.Kind & Specials.AnyNan) == 0);
        return toLeast ? least : ~least;
    }

    private static ulong ToUnsigned<T>(ulong value, int width, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Unpacked.From<T>(value);
        var greatest = ulong.MaxValue >> Bits64 - width;
        var negative = x.Sign != 0;
        if (TryRound(x, rounding, out var whole, out var inexact) && whole <= (negative ? 0 : greatest))
        {
            context.Flags |= inexact;
            return whole;
        }

        context.Flags |= FloatFlags.Invalid;
        var toGreatest = context.Has(FloatBehavior.IndefiniteInteger) || !negative || (x.Kind & Specials.AnyNan) != 0;
        return toGreatest ? greatest : 0;
    }

    /// <summary>The magnitude rounded to an integer; false for what does not fit 64 bits, infinities and NaNs.</summary>
    private static bool TryRound(in Unpacked x, RoundingMode rounding, out ulong whole, out FloatFlags inexact)
    {
        whole = 0;
        inexact = FloatFlags.None;
        if ((x.Kind & Specials.NotArithmetic) != 0)
        {
            return x.Kind == FloatKind.Zero;
        }

        if (x.Exponent > Unpacked.LeadingBit)
        {
            return false;
        }

        var (integer, fraction) = x.Exponent switch
        {
            Unpacked.LeadingBit => (x.Significand, 0UL),
            >= 0 => (x.Significand >> Unpacked.LeadingBit - x.Exponent, x.Significand << x.Exponent + 1),
            -1 => (0UL, x.Significand),
            _ => (0UL, 1UL),
        };
        inexact = fraction != 0 ? FloatFlags.Inexact : FloatFlags.None;
        whole = Rounding.ToWhole(integer, fraction, x.Sign != 0, rounding);
        return true;
    }
}

using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>Rounding, overflow and underflow (IEEE 754-2019, 4.3, 7.4, 7.5), once for every operation and format.</summary>
internal static class Rounding
{
    /// <summary>A discarded part of exactly half a unit, as <see cref="ToWhole"/> takes it.</summary>
    private const ulong Half = 1UL << 63;

    /// <summary>Shifts right, keeping the memory of lost bits in bit 0, which is all that rounding needs of them.</summary>
    public static ulong ShiftRightSticky(ulong value, int count) => count switch
    {
        <= 0 => value,
        < 64 => value >> count | (value << -count != 0 ? 1UL : 0),
        _ => value != 0 ? 1UL : 0,
    };

    /// <summary>Rounds <paramref name="whole"/> + <paramref name="fraction"/> / 2^64 to an integer, in magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ToWhole(ulong whole, ulong fraction, bool negative, RoundingMode rounding)
    {
        if (rounding == RoundingMode.NearestEven)
        {
            return whole + (fraction > Half || (fraction == Half && (whole & 1) != 0) ? 1UL : 0);
        }

        return rounding switch
        {
            RoundingMode.Down => whole + (negative && fraction != 0 ? 1UL : 0),
            RoundingMode.Up => whole + (!negative && fraction != 0 ? 1UL : 0),
            RoundingMode.NearestMaxMagnitude => whole + (fraction >> 63),
            RoundingMode.Odd => whole | (fraction != 0 ? 1UL : 0),
            _ => whole,
        };
    }

    /// <summary>
    /// The datum nearest to ±<paramref name="significand"/> × 2^(<paramref name="exponent"/> − 63) in the context's
    /// direction. The significand's top bit is set; its bit 0 also stands for anything lost below it.
    /// </summary>
    public static ulong Pack<T>(ulong sign, int exponent, ulong significand, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var biased = exponent + Format<T>.Bias;
        if ((uint)(biased - 1) >= (uint)(Format<T>.MaxBiasedExponent - 1))
        {
            return biased <= 0 ? PackSubnormal<T>(sign, biased, significand, ref context) : Overflow<T>(sign, significand, ref context);
        }

        var whole = significand >> Unpacked.LeadingBit - T.FractionBits;
        var fraction = significand << T.FractionBits + 1;

        // The hidden bit adds one to the exponent field, and so does a carry out of the significand.
        var below = sign | (ulong)(biased - 1) << T.FractionBits;
        if (fraction == 0)
        {
            return below + whole;
        }

        var result = below + ToWhole(whole, fraction, sign != 0, context.Rounding);
        if ((result & Format<T>.MagnitudeMask) == Format<T>.Infinity)
        {
            return Overflow<T>(sign, significand, ref context);
        }

        context.Flags |= FloatFlags.Inexact;
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong PackSubnormal<T>(ulong sign, int biased, ulong significand, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var dropped = Unpacked.LeadingBit - T.FractionBits;
        var shifted = ShiftRightSticky(significand, 1 - biased);
        var fraction = shifted << T.FractionBits + 1;
        if (fraction == 0)
        {
            return sign | shifted >> dropped;
        }

        var isTiny = IsTiny<T>(sign, biased, significand, context);
        if (isTiny)
        {
            context.Flags |= FloatFlags.Underflow;
        }

        if (!isTiny || !context.Has(FloatBehavior.UnderflowIsTrapped) || IsInexact<T>(significand))
        {
            context.Flags |= FloatFlags.Inexact;
        }

        return sign | ToWhole(shifted >> dropped, fraction, sign != 0, context.Rounding);
    }

    /// <summary>Whether rounding changes a value when its exponent has no limit.</summary>
    private static bool IsInexact<T>(ulong significand)
        where T : struct, IFloatFormat
        => significand << T.FractionBits + 1 != 0;

    /// <summary>Whether a value below the least normal number stays below it when rounded as if exponents had no limit (7.5 a).</summary>
    private static bool IsTiny<T>(ulong sign, int biased, ulong significand, in FloatContext context)
        where T : struct, IFloatFormat
    {
        if (biased < 0 || context.Has(FloatBehavior.TininessBeforeRounding))
        {
            return true;
        }

        var whole = significand >> Unpacked.LeadingBit - T.FractionBits;
        var rounded = ToWhole(whole, significand << T.FractionBits + 1, sign != 0, context.Rounding);
        return rounded < Format<T>.HiddenBit << 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Overflow<T>(ulong sign, ulong significand, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        context.Flags |= FloatFlags.Overflow;
        if (!context.Has(FloatBehavior.OverflowIsTrapped) || IsInexact<T>(significand))
        {
            context.Flags |= FloatFlags.Inexact;
        }

        var infinite = context.Rounding switch
        {
            RoundingMode.NearestEven or RoundingMode.NearestMaxMagnitude => true,
            RoundingMode.Up => sign == 0,
            RoundingMode.Down => sign != 0,
            _ => false,
        };
        return sign | (infinite ? Format<T>.Infinity : Format<T>.MaxFinite);
    }
}

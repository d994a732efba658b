using System.Numerics;
using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>What kind of datum an operand is. Bits, so that one OR tells whether any operand needs more than plain arithmetic.</summary>
[Flags]
internal enum FloatKind
{
    Normal = 0,
    Subnormal = 1,
    Zero = 2,
    Infinity = 4,
    QuietNan = 8,
    SignalingNan = 16,
}

/// <summary>
/// An operand taken apart. A finite nonzero one is significand × 2^(exponent − 63) with the significand's top bit set,
/// whatever its format, subnormal or not; for the other kinds only sign and kind mean anything.
/// </summary>
internal readonly struct Unpacked
{
    /// <summary>Position of the leading bit of a normalised significand.</summary>
    public const int LeadingBit = 63;

    private Unpacked(ulong sign, int exponent, ulong significand, FloatKind kind)
    {
        Sign = sign;
        Exponent = exponent;
        Significand = significand;
        Kind = kind;
    }

    /// <summary>The sign bit, at the format's own place.</summary>
    public ulong Sign { get; }

    public int Exponent { get; }

    public ulong Significand { get; }

    public FloatKind Kind { get; }

    /// <summary>Takes <paramref name="bits"/> apart; bits above the format are ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Unpacked From<T>(ulong bits)
        where T : struct, IFloatFormat
    {
        var biased = (int)(bits >> T.FractionBits) & Format<T>.MaxBiasedExponent;
        if ((uint)(biased - 1) >= (uint)(Format<T>.MaxBiasedExponent - 1))
        {
            return FromSpecial<T>(bits, biased);
        }

        var significand = (bits & Format<T>.FractionMask | Format<T>.HiddenBit) << LeadingBit - T.FractionBits;
        return new(bits & Format<T>.SignMask, biased - Format<T>.Bias, significand, FloatKind.Normal);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Unpacked FromSpecial<T>(ulong bits, int biased)
        where T : struct, IFloatFormat
    {
        var sign = bits & Format<T>.SignMask;
        var fraction = bits & Format<T>.FractionMask;
        if (biased != 0)
        {
            var kind = fraction == 0 ? FloatKind.Infinity
                : (fraction & Format<T>.QuietBit) != 0 ? FloatKind.QuietNan
                : FloatKind.SignalingNan;
            return new(sign, 0, 0, kind);
        }

        if (fraction == 0)
        {
            return new(sign, 0, 0, FloatKind.Zero);
        }

        // A subnormal has the least normal number's exponent and no hidden bit: normalise it.
        var shift = BitOperations.LeadingZeroCount(fraction);
        var exponent = 1 - Format<T>.Bias - (shift - (LeadingBit - T.FractionBits));
        return new(sign, exponent, fraction << shift, FloatKind.Subnormal);
    }
}

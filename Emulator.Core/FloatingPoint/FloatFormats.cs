namespace Emulator.Core.FloatingPoint;

/// <summary>
/// A binary interchange format (IEEE 754-2019, 3.4), as a type argument: the JIT compiles each operation once per format
/// and folds everything derived from these two numbers.
/// </summary>
public interface IFloatFormat
{
    /// <summary>Width of the biased exponent field in bits (w).</summary>
    static abstract int ExponentBits { get; }

    /// <summary>Width of the trailing significand field in bits (t, one less than the precision p).</summary>
    static abstract int FractionBits { get; }
}

/// <summary>binary16: half precision.</summary>
public readonly struct Binary16 : IFloatFormat
{
    /// <inheritdoc/>
    public static int ExponentBits => 5;

    /// <inheritdoc/>
    public static int FractionBits => 10;
}

/// <summary>binary32: single precision.</summary>
public readonly struct Binary32 : IFloatFormat
{
    /// <inheritdoc/>
    public static int ExponentBits => 8;

    /// <inheritdoc/>
    public static int FractionBits => 23;
}

/// <summary>binary64: double precision.</summary>
public readonly struct Binary64 : IFloatFormat
{
    /// <inheritdoc/>
    public static int ExponentBits => 11;

    /// <inheritdoc/>
    public static int FractionBits => 52;
}

/// <summary>Masks and limits of a format.</summary>
internal static class Format<T>
    where T : struct, IFloatFormat
{
    /// <summary>Position of the sign bit.</summary>
    public static int SignShift => T.ExponentBits + T.FractionBits;

    public static ulong SignMask => 1UL << SignShift;

    public static ulong MagnitudeMask => SignMask - 1;

    public static ulong FractionMask => (1UL << T.FractionBits) - 1;

    /// <summary>The leading significand bit that a normal number's encoding leaves out; also the least normal number.</summary>
    public static ulong HiddenBit => 1UL << T.FractionBits;

    /// <summary>The bit that tells a quiet NaN from a signaling one (6.2.1).</summary>
    public static ulong QuietBit => HiddenBit >> 1;

    /// <summary>The exponent field of infinities and NaNs.</summary>
    public static int MaxBiasedExponent => (1 << T.ExponentBits) - 1;

    public static int Bias => MaxBiasedExponent >> 1;

    public static ulong Infinity => (ulong)MaxBiasedExponent << T.FractionBits;

    public static ulong MaxFinite => Infinity - 1;

    public static ulong One => (ulong)Bias << T.FractionBits;

    public static bool IsNan(ulong bits) => (bits & MagnitudeMask) > Infinity;

    public static bool IsSignalingNan(ulong bits) => IsNan(bits) && (bits & QuietBit) == 0;

    public static bool IsZero(ulong bits) => (bits & MagnitudeMask) == 0;

    public static bool IsSubnormal(ulong bits) => (bits & MagnitudeMask) - 1 < FractionMask;
}

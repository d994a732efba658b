using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>
/// Conversions on the host's hardware wherever that is provably the same, flags included (see HostGate); the bit-exact
/// path otherwise. For binary32 and binary64 only; a drop-in for <see cref="FloatConversion"/> and <see cref="FloatToInteger"/>.
/// </summary>
public static class HostConversion
{
    private const double TwoTo31 = 1L << 31;
    private const double TwoTo32 = 1L << 32;
    private const double TwoTo63 = 1UL << 63;

    /// <summary>binary32 to binary64.</summary>
    public static ulong Widen(ulong value, ref FloatContext context)
    {
        var x = Value<Binary32>(value);
        return double.IsNaN(x) || (context.Has(FloatBehavior.ReportSubnormalOperands) && Format<Binary32>.IsSubnormal(value))
            ? FloatConversion.Convert<Binary32, Binary64>(value, ref context)
            : BitConverter.DoubleToUInt64Bits(x);
    }

    /// <summary>binary64 to binary32.</summary>
    public static ulong Narrow(ulong value, ref FloatContext context)
    {
        if (HostGate.Allows<Binary64>(value, context))
        {
            var x = Value<Binary64>(value);
            var rounded = (float)x;
            var result = (ulong)BitConverter.SingleToUInt32Bits(rounded);
            if (HostGate.IsPlain<Binary32>(result))
            {
                context.Flags |= rounded != x ? FloatFlags.Inexact : FloatFlags.None;
                return result;
            }
        }

        return FloatConversion.Convert<Binary64, Binary32>(value, ref context);
    }

    /// <inheritdoc cref="FloatToInteger.ToInt32"/>
    public static ulong ToInt32<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Value<T>(value);
        return rounding == RoundingMode.TowardZero && x > -TwoTo31 - 1 && x < TwoTo31
            ? Exactly((long)x, x, ref context)
            : FloatToInteger.ToInt32<T>(value, rounding, ref context);
    }

    /// <inheritdoc cref="FloatToInteger.ToUInt32"/>
    public static ulong ToUInt32<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Value<T>(value);
        return rounding == RoundingMode.TowardZero && x > -1 && x < TwoTo32
            ? Exactly((long)x, x, ref context)
            : FloatToInteger.ToUInt32<T>(value, rounding, ref context);
    }

    /// <inheritdoc cref="FloatToInteger.ToInt64"/>
    public static ulong ToInt64<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Value<T>(value);
        return rounding == RoundingMode.TowardZero && x >= -TwoTo63 && x < TwoTo63
            ? Exactly((long)x, x, ref context)
            : FloatToInteger.ToInt64<T>(value, rounding, ref context);
    }

    /// <inheritdoc cref="FloatToInteger.ToUInt64"/>
    public static ulong ToUInt64<T>(ulong value, RoundingMode rounding, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Value<T>(value);
        return rounding == RoundingMode.TowardZero && x > -1 && x < TwoTo63
            ? Exactly((long)x, x, ref context)
            : FloatToInteger.ToUInt64<T>(value, rounding, ref context);
    }

    /// <inheritdoc cref="FloatConversion.FromInt32"/>
    public static ulong FromInt32<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
        => FromInt64<T>((ulong)(int)value, ref context);

    /// <inheritdoc cref="FloatConversion.FromUInt32"/>
    public static ulong FromUInt32<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
        => FromInt64<T>((uint)value, ref context);

    /// <inheritdoc cref="FloatConversion.FromInt64"/>
    public static ulong FromInt64<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        // Every integer up to the precision is exact, in every direction of rounding.
        var limit = Format<T>.HiddenBit << 1;
        if (unchecked(value + limit) <= limit << 1)
        {
            if (typeof(T) == typeof(Binary32))
            {
                return BitConverter.SingleToUInt32Bits((long)value);
            }

            if (typeof(T) == typeof(Binary64))
            {
                return BitConverter.DoubleToUInt64Bits((long)value);
            }
        }

        return FloatConversion.FromInt64<T>(value, ref context);
    }

    /// <inheritdoc cref="FloatConversion.FromUInt64"/>
    public static ulong FromUInt64<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
        => (long)value < 0 ? FloatConversion.FromUInt64<T>(value, ref context) : FromInt64<T>(value, ref context);

    /// <summary>The value in binary64, which holds every binary32 number. Any other format is a NaN here, and so left to the other path.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Value<T>(ulong bits)
        where T : struct, IFloatFormat
        => typeof(T) == typeof(Binary32) ? BitConverter.UInt32BitsToSingle((uint)bits)
            : typeof(T) == typeof(Binary64) ? BitConverter.UInt64BitsToDouble(bits)
            : double.NaN;

    /// <summary>The integer, and inexact if truncation to it lost anything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Exactly(long integer, double x, ref FloatContext context)
    {
        context.Flags |= integer != x ? FloatFlags.Inexact : FloatFlags.None;
        return (ulong)integer;
    }
}

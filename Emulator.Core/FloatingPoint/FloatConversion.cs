using System.Numerics;

namespace Emulator.Core.FloatingPoint;

/// <summary>
/// Conversions between formats (IEEE 754-2019, 5.4.2) and from integers (5.4.1), rounding in the context's direction.
/// </summary>
public static class FloatConversion
{
    /// <summary>The same number in another format.</summary>
    public static ulong Convert<TFrom, TTo>(ulong value, ref FloatContext context)
        where TFrom : struct, IFloatFormat
        where TTo : struct, IFloatFormat
    {
        var x = Unpacked.From<TFrom>(value);
        var sign = x.Sign != 0 ? Format<TTo>.SignMask : 0;
        if ((x.Kind & Specials.NotArithmetic) != 0)
        {
            return x.Kind switch
            {
                FloatKind.Zero => sign,
                FloatKind.Infinity => sign | Format<TTo>.Infinity,
                _ => ConvertNan<TFrom, TTo>(value, sign, ref context),
            };
        }

        Specials.NoteSubnormal(x.Kind, ref context);
        return Rounding.Pack<TTo>(sign, x.Exponent, x.Significand, ref context);
    }

    /// <summary>The number nearest to the low 32 bits of <paramref name="value"/>, signed.</summary>
    public static ulong FromInt32<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
        => FromInt64<T>((ulong)(int)value, ref context);

    /// <summary>The number nearest to the low 32 bits of <paramref name="value"/>, unsigned.</summary>
    public static ulong FromUInt32<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
        => FromMagnitude<T>(0, (uint)value, ref context);

    /// <summary>The number nearest to <paramref name="value"/>, signed.</summary>
    public static ulong FromInt64<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
        => (long)value < 0
            ? FromMagnitude<T>(Format<T>.SignMask, unchecked(0 - value), ref context)
            : FromMagnitude<T>(0, value, ref context);

    /// <summary>The number nearest to <paramref name="value"/>, unsigned.</summary>
    public static ulong FromUInt64<T>(ulong value, ref FloatContext context)
        where T : struct, IFloatFormat
        => FromMagnitude<T>(0, value, ref context);

    private static ulong FromMagnitude<T>(ulong sign, ulong magnitude, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if (magnitude == 0)
        {
            return 0;
        }

        var shift = BitOperations.LeadingZeroCount(magnitude);
        return Rounding.Pack<T>(sign, Unpacked.LeadingBit - shift, magnitude << shift, ref context);
    }

    /// <summary>A NaN keeps the high bits of its payload, where payloads are kept at all.</summary>
    private static ulong ConvertNan<TFrom, TTo>(ulong value, ulong sign, ref FloatContext context)
        where TFrom : struct, IFloatFormat
        where TTo : struct, IFloatFormat
    {
        var quiet = Specials.Nan<TFrom>(value, ref context);
        if (!context.Has(FloatBehavior.PropagateNan))
        {
            return Specials.DefaultNan<TTo>(context);
        }

        var payload = (quiet & Format<TFrom>.FractionMask) << Unpacked.LeadingBit - TFrom.FractionBits;
        return sign | Format<TTo>.Infinity | payload >> Unpacked.LeadingBit - TTo.FractionBits;
    }
}

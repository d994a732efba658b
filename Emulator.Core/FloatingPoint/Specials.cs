using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>Results that are NaNs, and the reports about operands that go with them (IEEE 754-2019, 6.2, 7.2).</summary>
internal static class Specials
{
    public const FloatKind AnyNan = FloatKind.QuietNan | FloatKind.SignalingNan;

    /// <summary>The kinds that plain arithmetic on significands cannot take.</summary>
    public const FloatKind NotArithmetic = FloatKind.Zero | FloatKind.Infinity | AnyNan;

    public static ulong DefaultNan<T>(in FloatContext context)
        where T : struct, IFloatFormat
    {
        var sign = context.Has(FloatBehavior.NegativeDefaultNan) ? Format<T>.SignMask : 0;
        return sign | Format<T>.Infinity | Format<T>.QuietBit;
    }

    /// <summary>The result of an operation that is invalid for its operands, none of which is a NaN.</summary>
    public static ulong Invalid<T>(ref FloatContext context)
        where T : struct, IFloatFormat
    {
        context.Flags |= FloatFlags.Invalid;
        return DefaultNan<T>(context);
    }

    /// <summary>The result of an operation on one NaN.</summary>
    public static ulong Nan<T>(ulong a, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if (Format<T>.IsSignalingNan(a))
        {
            context.Flags |= FloatFlags.Invalid;
        }

        return context.Has(FloatBehavior.PropagateNan) ? Quiet<T>(a) : DefaultNan<T>(context);
    }

    /// <summary>The result of an operation on two operands of which at least one is a NaN.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Nan<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if (Format<T>.IsSignalingNan(b))
        {
            context.Flags |= FloatFlags.Invalid;
        }

        return Nan<T>(Format<T>.IsNan(a) ? a : b, ref context);
    }

    /// <summary>The same datum as a quiet NaN, payload kept.</summary>
    private static ulong Quiet<T>(ulong nan)
        where T : struct, IFloatFormat
        => nan & (Format<T>.SignMask | Format<T>.MagnitudeMask) | Format<T>.QuietBit;

    /// <summary>Reports subnormal operands where the guest asks for it.</summary>
    public static void NoteSubnormal(FloatKind kinds, ref FloatContext context)
    {
        if ((kinds & FloatKind.Subnormal) != 0 && context.Has(FloatBehavior.ReportSubnormalOperands))
        {
            context.Flags |= FloatFlags.Denormal;
        }
    }

    /// <summary>The sign of an exact zero that is the sum of two values of opposite sign (6.3).</summary>
    public static ulong ZeroSum<T>(in FloatContext context)
        where T : struct, IFloatFormat
        => context.Rounding == RoundingMode.Down ? Format<T>.SignMask : 0;
}

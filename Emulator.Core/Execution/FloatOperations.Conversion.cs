using System.Diagnostics;
using System.Runtime.CompilerServices;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <content>Conversions and rounding to integral values. What has a wider and a narrower form uses the host where that is the same.</content>
internal static partial class FloatOperations
{
    private interface IInteger
    {
        static abstract ulong From<T>(ulong value, RoundingMode rounding, ref FloatContext context)
            where T : struct, IFloatFormat;

        static abstract ulong To<T>(ulong value, ref FloatContext context)
            where T : struct, IFloatFormat;
    }

    private readonly struct SignedWord : IInteger
    {
        public static ulong From<T>(ulong value, RoundingMode rounding, ref FloatContext context)
            where T : struct, IFloatFormat => HostConversion.ToInt32<T>(value, rounding, ref context);

        public static ulong To<T>(ulong value, ref FloatContext context)
            where T : struct, IFloatFormat => HostConversion.FromInt32<T>(value, ref context);
    }

    private readonly struct UnsignedWord : IInteger
    {
        public static ulong From<T>(ulong value, RoundingMode rounding, ref FloatContext context)
            where T : struct, IFloatFormat => (ulong)(int)HostConversion.ToUInt32<T>(value, rounding, ref context);

        public static ulong To<T>(ulong value, ref FloatContext context)
            where T : struct, IFloatFormat => HostConversion.FromUInt32<T>(value, ref context);
    }

    private readonly struct SignedLong : IInteger
    {
        public static ulong From<T>(ulong value, RoundingMode rounding, ref FloatContext context)
            where T : struct, IFloatFormat => HostConversion.ToInt64<T>(value, rounding, ref context);

        public static ulong To<T>(ulong value, ref FloatContext context)
            where T : struct, IFloatFormat => HostConversion.FromInt64<T>(value, ref context);
    }

    private readonly struct UnsignedLong : IInteger
    {
        public static ulong From<T>(ulong value, RoundingMode rounding, ref FloatContext context)
            where T : struct, IFloatFormat => HostConversion.ToUInt64<T>(value, rounding, ref context);

        public static ulong To<T>(ulong value, ref FloatContext context)
            where T : struct, IFloatFormat => HostConversion.FromUInt64<T>(value, ref context);
    }

    private static FloatOperation ChooseToInteger<T, TForm>(FloatSpec spec)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm => (spec.Integer, (spec.Variant & FloatVariant.Modular) != 0) switch
        {
            (IntegerKind.Int32, true) => ToIntegerModular<T, TForm>,
            (IntegerKind.Int32, false) => ToInteger<SignedWord, T, TForm>,
            (IntegerKind.UInt32, false) => ToInteger<UnsignedWord, T, TForm>,
            (IntegerKind.Int64, false) => ToInteger<SignedLong, T, TForm>,
            (IntegerKind.UInt64, false) => ToInteger<UnsignedLong, T, TForm>,
            _ => throw new UnreachableException($"no modular conversion to {spec.Integer}"),
        };

    private static FloatOperation ChooseFromInteger<T, TForm>(FloatSpec spec)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm => spec.Integer switch
        {
            IntegerKind.Int32 => FromInteger<SignedWord, T, TForm>,
            IntegerKind.UInt32 => FromInteger<UnsignedWord, T, TForm>,
            IntegerKind.Int64 => FromInteger<SignedLong, T, TForm>,
            _ => FromInteger<UnsignedLong, T, TForm>,
        };

    private static FloatOperation ChooseConversion<T, TForm>(FloatSpec spec)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm => spec.Source switch
        {
            FloatFormat.Binary16 => Convert<Binary16, T, TForm>,
            FloatFormat.Binary32 => Convert<Binary32, T, TForm>,
            _ => Convert<Binary64, T, TForm>,
        };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ToInteger<TInteger, T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TInteger : struct, IInteger
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = TInteger.From<T>(TForm.Read<T>(a), context.Rounding, ref context);
        flags = (ulong)context.Flags;
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ToIntegerModular<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = FloatToInteger.ToInt32Modular<T>(TForm.Read<T>(a), ref context);
        flags = (ulong)context.Flags;
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong FromInteger<TInteger, T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TInteger : struct, IInteger
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = TInteger.To<T>(a, ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Convert<TSource, T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TSource : struct, IFloatFormat
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong operand = TForm.Read<TSource>(a);
        ulong result = typeof(TSource) == typeof(Binary32) && typeof(T) == typeof(Binary64) ? HostConversion.Widen(operand, ref context)
            : typeof(TSource) == typeof(Binary64) && typeof(T) == typeof(Binary32) ? HostConversion.Narrow(operand, ref context)
            : FloatConversion.Convert<TSource, T>(operand, ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Round<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = FloatToInteger.RoundToIntegral<T>(TForm.Read<T>(a), context.Rounding, ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong RoundExact<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = FloatToInteger.RoundToIntegralExact<T>(TForm.Read<T>(a), context.Rounding, ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }
}

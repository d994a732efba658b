using System.Runtime.CompilerServices;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <content>Fused multiply-add; what a variant negates is a type argument.</content>
internal static partial class FloatOperations
{
    private interface IFusedVariant
    {
        static abstract bool NegatesProduct { get; }

        static abstract bool NegatesAddend { get; }
    }

    private readonly struct Plain : IFusedVariant
    {
        public static bool NegatesProduct => false;

        public static bool NegatesAddend => false;
    }

    private readonly struct NegatedAddend : IFusedVariant
    {
        public static bool NegatesProduct => false;

        public static bool NegatesAddend => true;
    }

    private readonly struct NegatedProduct : IFusedVariant
    {
        public static bool NegatesProduct => true;

        public static bool NegatesAddend => false;
    }

    private readonly struct NegatedBoth : IFusedVariant
    {
        public static bool NegatesProduct => true;

        public static bool NegatesAddend => true;
    }

    private static FloatOperation ChooseFused<T, TForm>(FloatSpec spec)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm => (spec.Variant & (FloatVariant.NegateProduct | FloatVariant.NegateAddend)) switch
        {
            FloatVariant.None => ChooseFused<Plain, T, TForm>(spec),
            FloatVariant.NegateAddend => ChooseFused<NegatedAddend, T, TForm>(spec),
            FloatVariant.NegateProduct => ChooseFused<NegatedProduct, T, TForm>(spec),
            _ => ChooseFused<NegatedBoth, T, TForm>(spec),
        };

    private static FloatOperation ChooseFused<TVariant, T, TForm>(FloatSpec spec)
        where TVariant : struct, IFusedVariant
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm =>
        IsHostMethod<T>(spec) && HostGate.HasFusedMultiplyAdd ? FusedNearest<TVariant, T, TForm> : Fused<TVariant, T, TForm>;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong FusedNearest<TVariant, T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TVariant : struct, IFusedVariant
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        ulong x = TForm.Read<T>(a);
        ulong y = TForm.Read<T>(b);
        ulong z = TForm.Read<T>(c);
        if (TVariant.NegatesProduct) x ^= Format<T>.SignMask;
        if (TVariant.NegatesAddend) z ^= Format<T>.SignMask;
        ulong result = typeof(T) == typeof(Binary64)
            ? Bits(Math.FusedMultiplyAdd(Value64(x), Value64(y), Value64(z)))
            : Bits(MathF.FusedMultiplyAdd(Value32(x), Value32(y), Value32(z)));
        return IsSettled<Multiplication, T>(result, flags)
            ? TForm.Write<T>(result)
            : Fused<TVariant, T, TForm>(a, b, c, spec, ref flags);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Fused<TVariant, T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TVariant : struct, IFusedVariant
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong x = TForm.Read<T>(a);
        ulong y = TForm.Read<T>(b);
        ulong z = TForm.Read<T>(c);

        // Every NaN result is the default NaN (FloatBehavior.None), so the sign of an operand that is one does not show.
        if (TVariant.NegatesProduct) x ^= Format<T>.SignMask;
        if (TVariant.NegatesAddend) z ^= Format<T>.SignMask;
        ulong result = typeof(T) == typeof(Binary64) ? HostFloat64.MultiplyAdd(x, y, z, ref context)
            : typeof(T) == typeof(Binary32) ? HostFloat32.MultiplyAdd(x, y, z, ref context)
            : FusedArithmetic.MultiplyAdd<T>(x, y, z, ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.FloatingPoint;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Conversions to integers, rounding as MXCSR says or truncating; out of range gives the integer indefinite.</summary>
internal static class SseToInteger
{
    private const double TwoTo31 = 1L << 31;
    private const double TwoTo63 = 1UL << 63;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        SseFloatRow.Of(Mnemonic.Cvtps2dq, 16, FromSingles<Rounding>, Singles<Rounding>),
        SseFloatRow.Of(Mnemonic.Cvttps2dq, 16, FromSingles<Truncation>, Singles<Truncation>),
        SseFloatRow.Of(Mnemonic.Cvtpd2dq, 16, FromDoubles<Rounding>, Doubles<Rounding>),
        SseFloatRow.Of(Mnemonic.Cvttpd2dq, 16, FromDoubles<Truncation>, Doubles<Truncation>),
        SseFloatRow.ToGeneral(Code.Cvtss2si_r32_xmmm32, 4, To32<Rounding, Binary32>, Scalar32<Rounding, Binary32>),
        SseFloatRow.ToGeneral(Code.Cvtss2si_r64_xmmm32, 4, To64<Rounding, Binary32>, Scalar64<Rounding, Binary32>),
        SseFloatRow.ToGeneral(Code.Cvttss2si_r32_xmmm32, 4, To32<Truncation, Binary32>, Scalar32<Truncation, Binary32>),
        SseFloatRow.ToGeneral(Code.Cvttss2si_r64_xmmm32, 4, To64<Truncation, Binary32>, Scalar64<Truncation, Binary32>),
        SseFloatRow.ToGeneral(Code.Cvtsd2si_r32_xmmm64, 8, To32<Rounding, Binary64>, Scalar32<Rounding, Binary64>),
        SseFloatRow.ToGeneral(Code.Cvtsd2si_r64_xmmm64, 8, To64<Rounding, Binary64>, Scalar64<Rounding, Binary64>),
        SseFloatRow.ToGeneral(Code.Cvttsd2si_r32_xmmm64, 8, To32<Truncation, Binary64>, Scalar32<Truncation, Binary64>),
        SseFloatRow.ToGeneral(Code.Cvttsd2si_r64_xmmm64, 8, To64<Truncation, Binary64>, Scalar64<Truncation, Binary64>),
    ];

    private interface IRounding
    {
        /// <summary>To nearest, or truncated.</summary>
        static abstract double OnHost(double x);

        static abstract Vector128<float> OnHost(Vector128<float> x);

        static abstract RoundingMode Of(in SseControl control);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FromSingles<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, IRounding
    {
        var x = T.OnHost(b.AsSingle());
        return Settled.IsInexact(flags) && Vector128.LessThanAll(Vector128.Abs(x), Vector128.Create((float)TwoTo31))
            ? Vector128.ConvertToInt32Native(x).AsByte()
            : Default(Singles<T>, a, b, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FromDoubles<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, IRounding
    {
        var (low, high) = (T.OnHost(b.AsDouble().ToScalar()), T.OnHost(b.AsDouble().GetElement(1)));
        return Settled.IsInexact(flags) && Math.Abs(low) < TwoTo31 && Math.Abs(high) < TwoTo31
            ? Vector128.Create((int)low, (int)high, 0, 0).AsByte()
            : Default(Doubles<T>, a, b, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> To32<TRounding, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where TRounding : struct, IRounding
        where T : struct, IFloatFormat
    {
        double x = TRounding.OnHost(Value<T>(b));
        return Settled.IsInexact(flags) && Math.Abs(x) < TwoTo31
            ? Vector128.CreateScalar((long)x).AsByte()
            : Default(Scalar32<TRounding, T>, a, b, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> To64<TRounding, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where TRounding : struct, IRounding
        where T : struct, IFloatFormat
    {
        double x = TRounding.OnHost(Value<T>(b));
        return Settled.IsInexact(flags) && Math.Abs(x) < TwoTo63
            ? Vector128.CreateScalar((long)x).AsByte()
            : Default(Scalar64<TRounding, T>, a, b, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Value<T>(Vector128<byte> b)
        where T : struct, IFloatFormat => typeof(T) == typeof(Binary64) ? b.AsDouble().ToScalar() : b.AsSingle().ToScalar();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> Default(SseOperation operation, Vector128<byte> a, Vector128<byte> b, ref ulong flags)
    {
        var control = SseControl.Of(MxcsrBits.Default, flags);
        var result = operation(a, b, 0, ref control);
        flags |= (ulong)control.Finish().Flags;
        return result;
    }

    private static Vector128<byte> Singles<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control)
        where T : struct, IRounding
    {
        var lanes = b.AsUInt32();
        for (int i = 0; i < Vector128<uint>.Count; i++) lanes = lanes.WithElement(i, ToInt32<T, Binary32>(lanes.GetElement(i), ref control));
        return lanes.AsByte();
    }

    private static Vector128<byte> Doubles<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control)
        where T : struct, IRounding
    {
        uint low = ToInt32<T, Binary64>(b.AsUInt64().ToScalar(), ref control);
        uint high = ToInt32<T, Binary64>(b.AsUInt64().GetElement(1), ref control);
        return Vector128.Create(low, high, 0, 0).AsByte();
    }

    private static Vector128<byte> Scalar32<TRounding, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control)
        where TRounding : struct, IRounding
        where T : struct, IFloatFormat => Vector128.CreateScalar((ulong)ToInt32<TRounding, T>(Low<T>(b), ref control)).AsByte();

    private static Vector128<byte> Scalar64<TRounding, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control)
        where TRounding : struct, IRounding
        where T : struct, IFloatFormat
    {
        var context = control.Begin();
        ulong result = HostConversion.ToInt64<T>(control.Operand<T>(Low<T>(b)), TRounding.Of(control), ref context);
        control.End(context);
        return Vector128.CreateScalar(result).AsByte();
    }

    private static ulong Low<T>(Vector128<byte> b)
        where T : struct, IFloatFormat => typeof(T) == typeof(Binary64) ? b.AsUInt64().ToScalar() : b.AsUInt32().ToScalar();

    private static uint ToInt32<TRounding, T>(ulong bits, ref SseControl control)
        where TRounding : struct, IRounding
        where T : struct, IFloatFormat
    {
        var context = control.Begin();
        ulong result = HostConversion.ToInt32<T>(control.Operand<T>(bits), TRounding.Of(control), ref context);
        control.End(context);
        return (uint)result;
    }

    private readonly struct Rounding : IRounding
    {
        public static double OnHost(double x) => Math.Round(x);

        public static Vector128<float> OnHost(Vector128<float> x) => Vector128.Round(x);

        public static RoundingMode Of(in SseControl control) => control.Rounding;
    }

    private readonly struct Truncation : IRounding
    {
        public static double OnHost(double x) => Math.Truncate(x);

        public static Vector128<float> OnHost(Vector128<float> x) => Vector128.Truncate(x);

        public static RoundingMode Of(in SseControl control) => RoundingMode.TowardZero;
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.FloatingPoint;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>A binary operation of arithmetic, on the host and exactly.</summary>
internal interface ISseArithmetic : ILaneOperation
{
    /// <summary>A finite result is never tiny and inexact at once.</summary>
    static abstract bool NeverUnderflows { get; }

    static abstract double OnHost(double x, double y);

    static abstract float OnHost(float x, float y);

    static abstract Vector128<double> OnHost(Vector128<double> x, Vector128<double> y);

    static abstract Vector128<float> OnHost(Vector128<float> x, Vector128<float> y);
}

/// <summary>ADD, SUB, MUL and DIV of packed and scalar numbers.</summary>
internal static class SseArithmetic
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. Family<Addition>(Mnemonic.Addps, Mnemonic.Addpd, Mnemonic.Addss, Mnemonic.Addsd),
        .. Family<Subtraction>(Mnemonic.Subps, Mnemonic.Subpd, Mnemonic.Subss, Mnemonic.Subsd),
        .. Family<Multiplication>(Mnemonic.Mulps, Mnemonic.Mulpd, Mnemonic.Mulss, Mnemonic.Mulsd),
        .. Family<Division>(Mnemonic.Divps, Mnemonic.Divpd, Mnemonic.Divss, Mnemonic.Divsd),
    ];

    private static InstructionRow[] Family<T>(Mnemonic packedSingle, Mnemonic packedDouble, Mnemonic scalarSingle, Mnemonic scalarDouble)
        where T : struct, ISseArithmetic =>
    [
        SseFloatRow.Of(packedSingle, 16, PackedSingle<T>, SseLanes.Packed<T, Binary32>),
        SseFloatRow.Of(packedDouble, 16, PackedDouble<T>, SseLanes.Packed<T, Binary64>),
        SseFloatRow.Of(scalarSingle, 4, ScalarSingle<T>, SseLanes.Scalar<T, Binary32>),
        SseFloatRow.Of(scalarDouble, 8, ScalarDouble<T>, SseLanes.Scalar<T, Binary64>),
    ];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> PackedSingle<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, ISseArithmetic
    {
        var (x, y) = (a.AsSingle(), b.AsSingle());
        var result = T.OnHost(x, y);
        var isGood = Settled.Ordinary(x) & Settled.Ordinary(y) & (T.NeverUnderflows ? Settled.Finite(result) : Settled.Plain(result));
        return Settled.IsInexact(flags) && Settled.All(isGood)
            ? result.AsByte()
            : SseLanes.PackedDefault<T, Binary32>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> PackedDouble<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, ISseArithmetic
    {
        var (x, y) = (a.AsDouble(), b.AsDouble());
        var result = T.OnHost(x, y);
        var isGood = Settled.Ordinary(x) & Settled.Ordinary(y) & (T.NeverUnderflows ? Settled.Finite(result) : Settled.Plain(result));
        return Settled.IsInexact(flags) && Settled.All(isGood)
            ? result.AsByte()
            : SseLanes.PackedDefault<T, Binary64>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ScalarSingle<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, ISseArithmetic
    {
        var (x, y) = (a.AsSingle().ToScalar(), b.AsSingle().ToScalar());
        float result = T.OnHost(x, y);
        return Settled.IsInexact(flags) && Settled.IsPlain(result, T.NeverUnderflows) && Settled.IsOrdinary(x) && Settled.IsOrdinary(y)
            ? a.AsSingle().WithElement(0, result).AsByte()
            : SseLanes.ScalarDefault<T, Binary32>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ScalarDouble<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, ISseArithmetic
    {
        var (x, y) = (a.AsDouble().ToScalar(), b.AsDouble().ToScalar());
        double result = T.OnHost(x, y);
        return Settled.IsInexact(flags) && Settled.IsPlain(result, T.NeverUnderflows) && Settled.IsOrdinary(x) && Settled.IsOrdinary(y)
            ? a.AsDouble().WithElement(0, result).AsByte()
            : SseLanes.ScalarDefault<T, Binary64>(a, b, constant, ref flags);
    }

    private readonly struct Addition : ISseArithmetic
    {
        public static bool NeverUnderflows => true;

        public static double OnHost(double x, double y) => x + y;

        public static float OnHost(float x, float y) => x + y;

        public static Vector128<double> OnHost(Vector128<double> x, Vector128<double> y) => x + y;

        public static Vector128<float> OnHost(Vector128<float> x, Vector128<float> y) => x + y;

        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat
        {
            var context = control.Begin();
            (a, b) = (control.Operand<T>(a), control.Operand<T>(b));
            ulong result = typeof(T) == typeof(Binary64) ? HostFloat64.Add(a, b, ref context) : HostFloat32.Add(a, b, ref context);
            return control.End<T>(result, context);
        }
    }

    private readonly struct Subtraction : ISseArithmetic
    {
        public static bool NeverUnderflows => true;

        public static double OnHost(double x, double y) => x - y;

        public static float OnHost(float x, float y) => x - y;

        public static Vector128<double> OnHost(Vector128<double> x, Vector128<double> y) => x - y;

        public static Vector128<float> OnHost(Vector128<float> x, Vector128<float> y) => x - y;

        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat
        {
            var context = control.Begin();
            (a, b) = (control.Operand<T>(a), control.Operand<T>(b));
            ulong result = typeof(T) == typeof(Binary64) ? HostFloat64.Subtract(a, b, ref context) : HostFloat32.Subtract(a, b, ref context);
            return control.End<T>(result, context);
        }
    }

    private readonly struct Multiplication : ISseArithmetic
    {
        public static bool NeverUnderflows => false;

        public static double OnHost(double x, double y) => x * y;

        public static float OnHost(float x, float y) => x * y;

        public static Vector128<double> OnHost(Vector128<double> x, Vector128<double> y) => x * y;

        public static Vector128<float> OnHost(Vector128<float> x, Vector128<float> y) => x * y;

        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat
        {
            var context = control.Begin();
            (a, b) = (control.Operand<T>(a), control.Operand<T>(b));
            ulong result = typeof(T) == typeof(Binary64) ? HostFloat64.Multiply(a, b, ref context) : HostFloat32.Multiply(a, b, ref context);
            return control.End<T>(result, context);
        }
    }

    private readonly struct Division : ISseArithmetic
    {
        public static bool NeverUnderflows => false;

        public static double OnHost(double x, double y) => x / y;

        public static float OnHost(float x, float y) => x / y;

        public static Vector128<double> OnHost(Vector128<double> x, Vector128<double> y) => x / y;

        public static Vector128<float> OnHost(Vector128<float> x, Vector128<float> y) => x / y;

        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat
        {
            var context = control.Begin();
            (a, b) = (control.Operand<T>(a), control.Operand<T>(b));
            ulong result = typeof(T) == typeof(Binary64) ? HostFloat64.Divide(a, b, ref context) : HostFloat32.Divide(a, b, ref context);
            return control.End<T>(result, context);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.FloatingPoint;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>CMP by predicate, COMI and UCOMI, MIN and MAX.</summary>
internal static class SseComparison
{
    // the immediate of CMP: a relation, and its negation
    private const int PredicateMask = 3;
    private const int LessThan = 1;
    private const int LessOrEqual = 2;
    private const int Unordered = 3;
    private const int Negated = 4;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        SseFloatRow.Of(Mnemonic.Cmpps, 16, ComparePackedSingle, SseLanes.Packed<Compare, Binary32>),
        SseFloatRow.Of(Mnemonic.Cmppd, 16, ComparePackedDouble, SseLanes.Packed<Compare, Binary64>),
        SseFloatRow.Of(Mnemonic.Cmpss, 4, CompareScalarSingle, SseLanes.Scalar<Compare, Binary32>),
        SseFloatRow.Of(Mnemonic.Cmpsd, 8, CompareScalarDouble, SseLanes.Scalar<Compare, Binary64>, Code.Cmpsd_xmm_xmmm64_imm8),
        SseFloatRow.ToFlags(Mnemonic.Comiss, 4, OrderSingle<Signaling>, Order<Signaling, Binary32>),
        SseFloatRow.ToFlags(Mnemonic.Comisd, 8, OrderDouble<Signaling>, Order<Signaling, Binary64>),
        SseFloatRow.ToFlags(Mnemonic.Ucomiss, 4, OrderSingle<Quiet>, Order<Quiet, Binary32>),
        SseFloatRow.ToFlags(Mnemonic.Ucomisd, 8, OrderDouble<Quiet>, Order<Quiet, Binary64>),
        .. Extremes<Minimum>(Mnemonic.Minps, Mnemonic.Minpd, Mnemonic.Minss, Mnemonic.Minsd),
        .. Extremes<Maximum>(Mnemonic.Maxps, Mnemonic.Maxpd, Mnemonic.Maxss, Mnemonic.Maxsd),
    ];

    private interface ISignals
    {
        /// <summary>Quiet NaNs are invalid, too.</summary>
        static abstract bool OnQuietNan { get; }
    }

    private interface IExtreme : ILaneOperation
    {
        static abstract bool TakesFirst(double x, double y);

        static abstract Vector128<double> TakesFirst(Vector128<double> x, Vector128<double> y);

        static abstract Vector128<float> TakesFirst(Vector128<float> x, Vector128<float> y);
    }

    private static InstructionRow[] Extremes<T>(Mnemonic packedSingle, Mnemonic packedDouble, Mnemonic scalarSingle, Mnemonic scalarDouble)
        where T : struct, IExtreme =>
    [
        SseFloatRow.Of(packedSingle, 16, ExtremePackedSingle<T>, SseLanes.Packed<T, Binary32>),
        SseFloatRow.Of(packedDouble, 16, ExtremePackedDouble<T>, SseLanes.Packed<T, Binary64>),
        SseFloatRow.Of(scalarSingle, 4, ExtremeScalarSingle<T>, SseLanes.Scalar<T, Binary32>),
        SseFloatRow.Of(scalarDouble, 8, ExtremeScalarDouble<T>, SseLanes.Scalar<T, Binary64>),
    ];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ComparePackedSingle(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        var (x, y) = (a.AsSingle(), b.AsSingle());
        if (!Settled.All(Settled.Ordinary(x) & Settled.Ordinary(y))) return SseLanes.PackedDefault<Compare, Binary32>(a, b, constant, ref flags);
        var holds = (constant & PredicateMask) switch
        {
            LessThan => Vector128.LessThan(x, y),
            LessOrEqual => Vector128.LessThanOrEqual(x, y),
            Unordered => Vector128<float>.Zero,
            _ => Vector128.Equals(x, y),
        };
        return (constant & Negated) != 0 ? ~holds.AsByte() : holds.AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ComparePackedDouble(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        var (x, y) = (a.AsDouble(), b.AsDouble());
        if (!Settled.All(Settled.Ordinary(x) & Settled.Ordinary(y))) return SseLanes.PackedDefault<Compare, Binary64>(a, b, constant, ref flags);
        var holds = (constant & PredicateMask) switch
        {
            LessThan => Vector128.LessThan(x, y),
            LessOrEqual => Vector128.LessThanOrEqual(x, y),
            Unordered => Vector128<double>.Zero,
            _ => Vector128.Equals(x, y),
        };
        return (constant & Negated) != 0 ? ~holds.AsByte() : holds.AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> CompareScalarSingle(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        var (x, y) = (a.AsSingle().ToScalar(), b.AsSingle().ToScalar());
        return IsOrdered(x) && IsOrdered(y) && Settled.IsOrdinary(x) && Settled.IsOrdinary(y)
            ? a.AsUInt32().WithElement(0, Holds(x, y, constant) ? uint.MaxValue : 0).AsByte()
            : SseLanes.ScalarDefault<Compare, Binary32>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> CompareScalarDouble(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        var (x, y) = (a.AsDouble().ToScalar(), b.AsDouble().ToScalar());
        return IsOrdered(x) && IsOrdered(y) && Settled.IsOrdinary(x) && Settled.IsOrdinary(y)
            ? a.AsUInt64().WithElement(0, Holds(x, y, constant) ? ulong.MaxValue : 0).AsByte()
            : SseLanes.ScalarDefault<Compare, Binary64>(a, b, constant, ref flags);
    }

    // of two numbers
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Holds(double x, double y, int predicate)
    {
        bool holds = (predicate & PredicateMask) switch
        {
            LessThan => x < y,
            LessOrEqual => x <= y,
            Unordered => false,
            _ => x == y,
        };
        return holds != ((predicate & Negated) != 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOrdered(double x) => !double.IsNaN(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> OrderSingle<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, ISignals
    {
        var (x, y) = (a.AsSingle().ToScalar(), b.AsSingle().ToScalar());
        return IsOrdered(x) && IsOrdered(y) && Settled.IsOrdinary(x) && Settled.IsOrdinary(y)
            ? OrderFlags(x, y)
            : OrderDefault<T, Binary32>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> OrderDouble<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, ISignals
    {
        var (x, y) = (a.AsDouble().ToScalar(), b.AsDouble().ToScalar());
        return IsOrdered(x) && IsOrdered(y) && Settled.IsOrdinary(x) && Settled.IsOrdinary(y)
            ? OrderFlags(x, y)
            : OrderDefault<T, Binary64>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> OrderFlags(double x, double y) => Vector128.CreateScalar(
        (ulong)((x < y ? ArithmeticFlags.Carry : 0) | (x == y ? ArithmeticFlags.Zero : 0))).AsByte();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> OrderDefault<TSignals, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where TSignals : struct, ISignals
        where T : struct, IFloatFormat
    {
        var control = SseControl.Of(MxcsrBits.Default, flags);
        var result = Order<TSignals, T>(a, b, constant, ref control);
        flags |= (ulong)control.Finish().Flags;
        return result;
    }

    private static Vector128<byte> Order<TSignals, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control)
        where TSignals : struct, ISignals
        where T : struct, IFloatFormat =>
        Vector128.CreateScalar(OrderLane<TSignals>.Compute<T>(a.AsUInt64().ToScalar(), b.AsUInt64().ToScalar(), constant, ref control)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ExtremePackedSingle<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, IExtreme
    {
        var (x, y) = (a.AsSingle(), b.AsSingle());
        return Settled.All(Settled.Ordinary(x) & Settled.Ordinary(y))
            ? Vector128.ConditionalSelect(T.TakesFirst(x, y), x, y).AsByte()
            : SseLanes.PackedDefault<T, Binary32>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ExtremePackedDouble<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, IExtreme
    {
        var (x, y) = (a.AsDouble(), b.AsDouble());
        return Settled.All(Settled.Ordinary(x) & Settled.Ordinary(y))
            ? Vector128.ConditionalSelect(T.TakesFirst(x, y), x, y).AsByte()
            : SseLanes.PackedDefault<T, Binary64>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ExtremeScalarSingle<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, IExtreme
    {
        var (x, y) = (a.AsSingle().ToScalar(), b.AsSingle().ToScalar());
        return IsOrdered(x) && IsOrdered(y) && Settled.IsOrdinary(x) && Settled.IsOrdinary(y)
            ? a.AsSingle().WithElement(0, T.TakesFirst(x, y) ? x : y).AsByte()
            : SseLanes.ScalarDefault<T, Binary32>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ExtremeScalarDouble<T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where T : struct, IExtreme
    {
        var (x, y) = (a.AsDouble().ToScalar(), b.AsDouble().ToScalar());
        return IsOrdered(x) && IsOrdered(y) && Settled.IsOrdinary(x) && Settled.IsOrdinary(y)
            ? a.AsDouble().WithElement(0, T.TakesFirst(x, y) ? x : y).AsByte()
            : SseLanes.ScalarDefault<T, Binary64>(a, b, constant, ref flags);
    }

    private static FloatOrdering Ordering<T>(ref ulong a, ref ulong b, bool isQuiet, ref SseControl control)
        where T : struct, IFloatFormat
    {
        var context = control.Begin();
        (a, b) = (control.Operand<T>(a), control.Operand<T>(b));
        var ordering = isQuiet ? FloatComparison.CompareQuiet<T>(a, b, ref context) : FloatComparison.CompareSignaling<T>(a, b, ref context);
        control.End(context);
        return ordering;
    }

    private readonly struct Signaling : ISignals
    {
        public static bool OnQuietNan => true;
    }

    private readonly struct Quiet : ISignals
    {
        public static bool OnQuietNan => false;
    }

    private readonly struct OrderLane<TSignals> : ILaneOperation
        where TSignals : struct, ISignals
    {
        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat => (ulong)(Ordering<T>(ref a, ref b, !TSignals.OnQuietNan, ref control) switch
            {
                FloatOrdering.Less => ArithmeticFlags.Carry,
                FloatOrdering.Equal => ArithmeticFlags.Zero,
                FloatOrdering.Unordered => ArithmeticFlags.Carry | ArithmeticFlags.Parity | ArithmeticFlags.Zero,
                _ => ArithmeticFlags.None,
            });
    }

    private readonly struct Compare : ILaneOperation
    {
        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat
        {
            int predicate = constant & PredicateMask;
            var ordering = Ordering<T>(ref a, ref b, predicate is not (LessThan or LessOrEqual), ref control);
            bool holds = predicate switch
            {
                LessThan => ordering == FloatOrdering.Less,
                LessOrEqual => ordering is FloatOrdering.Less or FloatOrdering.Equal,
                Unordered => ordering == FloatOrdering.Unordered,
                _ => ordering == FloatOrdering.Equal,
            };
            return holds != ((constant & Negated) != 0) ? ulong.MaxValue : 0;
        }
    }

    // The second operand, unless the first is less: of two zeros, and with a NaN, the second.
    private readonly struct Minimum : IExtreme
    {
        public static bool TakesFirst(double x, double y) => x < y;

        public static Vector128<double> TakesFirst(Vector128<double> x, Vector128<double> y) => Vector128.LessThan(x, y);

        public static Vector128<float> TakesFirst(Vector128<float> x, Vector128<float> y) => Vector128.LessThan(x, y);

        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat => Ordering<T>(ref a, ref b, false, ref control) == FloatOrdering.Less ? a : b;
    }

    private readonly struct Maximum : IExtreme
    {
        public static bool TakesFirst(double x, double y) => x > y;

        public static Vector128<double> TakesFirst(Vector128<double> x, Vector128<double> y) => Vector128.GreaterThan(x, y);

        public static Vector128<float> TakesFirst(Vector128<float> x, Vector128<float> y) => Vector128.GreaterThan(x, y);

        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat => Ordering<T>(ref a, ref b, false, ref control) == FloatOrdering.Greater ? a : b;
    }
}

using System.Runtime.CompilerServices;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <content>Comparison, minimum and maximum, classification.</content>
internal static partial class FloatOperations
{
    private interface IRelation
    {
        static abstract bool OnHost(double x, double y);

        static abstract bool Holds(FloatOrdering ordering);
    }

    private readonly struct Equal : IRelation
    {
        public static bool OnHost(double x, double y) => x == y;

        public static bool Holds(FloatOrdering ordering) => ordering == FloatOrdering.Equal;
    }

    private readonly struct Less : IRelation
    {
        public static bool OnHost(double x, double y) => x < y;

        public static bool Holds(FloatOrdering ordering) => ordering == FloatOrdering.Less;
    }

    private readonly struct LessOrEqual : IRelation
    {
        public static bool OnHost(double x, double y) => x <= y;

        public static bool Holds(FloatOrdering ordering) => ordering is FloatOrdering.Less or FloatOrdering.Equal;
    }

    private static FloatOperation ChooseComparison<T, TForm>(FloatSpec spec)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm => (spec.Relation, (spec.Variant & FloatVariant.Quiet) != 0) switch
        {
            // Equality is quiet whatever the variant says (IEEE 754-2019, 5.11: the predicate "=" is compareQuietEqual).
            (FloatRelation.Equal, _) => CompareQuiet<Equal, T, TForm>,
            (FloatRelation.Less, false) => CompareSignaling<Less, T, TForm>,
            (FloatRelation.Less, true) => CompareQuiet<Less, T, TForm>,
            (_, false) => CompareSignaling<LessOrEqual, T, TForm>,
            (_, true) => CompareQuiet<LessOrEqual, T, TForm>,
        };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CompareQuiet<TRelation, T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TRelation : struct, IRelation
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        ulong x = TForm.Read<T>(a);
        ulong y = TForm.Read<T>(b);
        if (TryCompareOnHost<TRelation, T>(x, y, out bool holds)) return holds ? 1u : 0;
        var context = Begin(spec, flags);
        holds = TRelation.Holds(FloatComparison.CompareQuiet<T>(x, y, ref context));
        flags = (ulong)context.Flags;
        return holds ? 1u : 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CompareSignaling<TRelation, T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TRelation : struct, IRelation
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        ulong x = TForm.Read<T>(a);
        ulong y = TForm.Read<T>(b);
        if (TryCompareOnHost<TRelation, T>(x, y, out bool holds)) return holds ? 1u : 0;
        var context = Begin(spec, flags);
        holds = TRelation.Holds(FloatComparison.CompareSignaling<T>(x, y, ref context));
        flags = (ulong)context.Flags;
        return holds ? 1u : 0;
    }

    /// <summary>Numbers signal nothing; with a NaN, or in binary16, the host is not asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryCompareOnHost<TRelation, T>(ulong a, ulong b, out bool holds)
        where TRelation : struct, IRelation
        where T : struct, IFloatFormat
    {
        holds = false;
        if (typeof(T) == typeof(Binary16)) return false;
        double x = typeof(T) == typeof(Binary64) ? Value64(a) : Value32(a);
        double y = typeof(T) == typeof(Binary64) ? Value64(b) : Value32(b);
        holds = TRelation.OnHost(x, y);
        return holds || (!double.IsNaN(x) && !double.IsNaN(y));
    }

    private static FloatOperation ChooseMinimum<T, TForm>(Opcode opcode, FloatSpec spec)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm => (opcode, (spec.Variant & FloatVariant.Propagate) != 0) switch
        {
            (Opcode.FMin, false) => MinimumNumber<T, TForm>,
            (Opcode.FMin, true) => Minimum<T, TForm>,
            (_, false) => MaximumNumber<T, TForm>,
            (_, true) => Maximum<T, TForm>,
        };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MinimumNumber<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = FloatComparison.MinimumNumber<T>(TForm.Read<T>(a), TForm.Read<T>(b), ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MaximumNumber<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = FloatComparison.MaximumNumber<T>(TForm.Read<T>(a), TForm.Read<T>(b), ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Minimum<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = FloatComparison.Minimum<T>(TForm.Read<T>(a), TForm.Read<T>(b), ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Maximum<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = FloatComparison.Maximum<T>(TForm.Read<T>(a), TForm.Read<T>(b), ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Classify<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm => (ulong)FloatClassification.Classify<T>(TForm.Read<T>(a));
}

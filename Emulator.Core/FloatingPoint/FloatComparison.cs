namespace Emulator.Core.FloatingPoint;

/// <summary>How two data compare (IEEE 754-2019, 5.11).</summary>
public enum FloatOrdering
{
    /// <summary>The first is less.</summary>
    Less,

    /// <summary>They are equal; zeros are, whatever their signs.</summary>
    Equal,

    /// <summary>The first is greater.</summary>
    Greater,

    /// <summary>One is a NaN.</summary>
    Unordered,
}

/// <summary>Comparison predicates (IEEE 754-2019, 5.6.1) and the minimum and maximum operations (9.6).</summary>
public static class FloatComparison
{
    /// <summary>compareQuietEqual: a = b; only signaling NaNs are invalid.</summary>
    public static bool EqualQuiet<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => CompareQuiet<T>(a, b, ref context) == FloatOrdering.Equal;

    /// <summary>compareQuietLess: a &lt; b; only signaling NaNs are invalid.</summary>
    public static bool LessQuiet<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => CompareQuiet<T>(a, b, ref context) == FloatOrdering.Less;

    /// <summary>compareQuietLessEqual: a ≤ b; only signaling NaNs are invalid.</summary>
    public static bool LessOrEqualQuiet<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => CompareQuiet<T>(a, b, ref context) <= FloatOrdering.Equal;

    /// <summary>compareSignalingEqual: a = b; every NaN is invalid.</summary>
    public static bool EqualSignaling<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => CompareSignaling<T>(a, b, ref context) == FloatOrdering.Equal;

    /// <summary>compareSignalingLess: a &lt; b; every NaN is invalid.</summary>
    public static bool LessSignaling<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => CompareSignaling<T>(a, b, ref context) == FloatOrdering.Less;

    /// <summary>compareSignalingLessEqual: a ≤ b; every NaN is invalid.</summary>
    public static bool LessOrEqualSignaling<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => CompareSignaling<T>(a, b, ref context) <= FloatOrdering.Equal;

    /// <summary>The relation of a to b; only signaling NaNs are invalid.</summary>
    public static FloatOrdering CompareQuiet<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if (Format<T>.IsNan(a) || Format<T>.IsNan(b))
        {
            NoteSignaling<T>(a, b, ref context);
            return FloatOrdering.Unordered;
        }

        return CompareNumbers<T>(a, b, ref context);
    }

    /// <summary>The relation of a to b; every NaN is invalid.</summary>
    public static FloatOrdering CompareSignaling<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if (Format<T>.IsNan(a) || Format<T>.IsNan(b))
        {
            context.Flags |= FloatFlags.Invalid;
            return FloatOrdering.Unordered;
        }

        return CompareNumbers<T>(a, b, ref context);
    }

    /// <summary>minimumNumber: the lesser one, −0 being less than +0; of a number and a NaN, the number.</summary>
    public static ulong MinimumNumber<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => Format<T>.IsNan(a) || Format<T>.IsNan(b) ? NumberOf<T>(a, b, ref context) : Select<T>(a, b, greater: false, ref context);

    /// <summary>maximumNumber: the greater one, +0 being greater than −0; of a number and a NaN, the number.</summary>
    public static ulong MaximumNumber<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => Format<T>.IsNan(a) || Format<T>.IsNan(b) ? NumberOf<T>(a, b, ref context) : Select<T>(a, b, greater: true, ref context);

    /// <summary>minimum: the lesser one, −0 being less than +0; a NaN if any operand is one.</summary>
    public static ulong Minimum<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => Format<T>.IsNan(a) || Format<T>.IsNan(b) ? Specials.Nan<T>(a, b, ref context) : Select<T>(a, b, greater: false, ref context);

    /// <summary>maximum: the greater one, +0 being greater than −0; a NaN if any operand is one.</summary>
    public static ulong Maximum<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
        => Format<T>.IsNan(a) || Format<T>.IsNan(b) ? Specials.Nan<T>(a, b, ref context) : Select<T>(a, b, greater: true, ref context);

    private static FloatOrdering CompareNumbers<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        NoteSubnormals<T>(a, b, ref context);
        var (left, right) = (Ordered<T>(a), Ordered<T>(b));
        return left < right ? FloatOrdering.Less : left == right ? FloatOrdering.Equal : FloatOrdering.Greater;
    }

    /// <summary>An integer that orders as the numbers do: the magnitude with the sign, and one zero.</summary>
    private static long Ordered<T>(ulong bits)
        where T : struct, IFloatFormat
    {
        var magnitude = (long)(bits & Format<T>.MagnitudeMask);
        return (bits & Format<T>.SignMask) != 0 ? -magnitude : magnitude;
    }

    private static ulong Select<T>(ulong a, ulong b, bool greater, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        NoteSubnormals<T>(a, b, ref context);
        var (left, right) = (Ordered<T>(a), Ordered<T>(b));

        // Equal operands are the same datum, or zeros of which the sign bit tells.
        var takeA = left == right ? (a & Format<T>.SignMask) != 0 != greater : left < right != greater;
        return (takeA ? a : b) & (Format<T>.SignMask | Format<T>.MagnitudeMask);
    }

    private static ulong NumberOf<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if (Format<T>.IsNan(a) && Format<T>.IsNan(b))
        {
            return Specials.Nan<T>(a, b, ref context);
        }

        NoteSignaling<T>(a, b, ref context);
        return (Format<T>.IsNan(a) ? b : a) & (Format<T>.SignMask | Format<T>.MagnitudeMask);
    }

    private static void NoteSignaling<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if (Format<T>.IsSignalingNan(a) || Format<T>.IsSignalingNan(b))
        {
            context.Flags |= FloatFlags.Invalid;
        }
    }

    private static void NoteSubnormals<T>(ulong a, ulong b, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        if (context.Has(FloatBehavior.ReportSubnormalOperands) && (Format<T>.IsSubnormal(a) || Format<T>.IsSubnormal(b)))
        {
            context.Flags |= FloatFlags.Denormal;
        }
    }
}

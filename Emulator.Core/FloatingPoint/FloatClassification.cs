namespace Emulator.Core.FloatingPoint;

/// <summary>The classes of data (IEEE 754-2019, 5.7.2 class), one bit each, in the order of the number line.</summary>
[Flags]
public enum FloatClass
{
    /// <summary>No class; no datum has it.</summary>
    None = 0,

    /// <summary>−∞.</summary>
    NegativeInfinity = 1 << 0,

    /// <summary>A negative normal number.</summary>
    NegativeNormal = 1 << 1,

    /// <summary>A negative subnormal number.</summary>
    NegativeSubnormal = 1 << 2,

    /// <summary>−0.</summary>
    NegativeZero = 1 << 3,

    /// <summary>+0.</summary>
    PositiveZero = 1 << 4,

    /// <summary>A positive subnormal number.</summary>
    PositiveSubnormal = 1 << 5,

    /// <summary>A positive normal number.</summary>
    PositiveNormal = 1 << 6,

    /// <summary>+∞.</summary>
    PositiveInfinity = 1 << 7,

    /// <summary>A signaling NaN.</summary>
    SignalingNan = 1 << 8,

    /// <summary>A quiet NaN.</summary>
    QuietNan = 1 << 9,
}

/// <summary>Tells what an encoding stands for; signals nothing, not even for signaling NaNs (IEEE 754-2019, 5.7.2).</summary>
public static class FloatClassification
{
    /// <summary>The one class that <paramref name="value"/> belongs to.</summary>
    public static FloatClass Classify<T>(ulong value)
        where T : struct, IFloatFormat
    {
        var magnitude = value & Format<T>.MagnitudeMask;
        if (magnitude > Format<T>.Infinity)
        {
            return (magnitude & Format<T>.QuietBit) != 0 ? FloatClass.QuietNan : FloatClass.SignalingNan;
        }

        var negative = (value & Format<T>.SignMask) != 0;
        return magnitude switch
        {
            0 => negative ? FloatClass.NegativeZero : FloatClass.PositiveZero,
            _ when magnitude < Format<T>.HiddenBit => negative ? FloatClass.NegativeSubnormal : FloatClass.PositiveSubnormal,
            _ when magnitude < Format<T>.Infinity => negative ? FloatClass.NegativeNormal : FloatClass.PositiveNormal,
            _ => negative ? FloatClass.NegativeInfinity : FloatClass.PositiveInfinity,
        };
    }

    /// <summary>Whether <paramref name="value"/> is a NaN of either kind.</summary>
    public static bool IsNan<T>(ulong value)
        where T : struct, IFloatFormat
        => Format<T>.IsNan(value);

    /// <summary>Whether <paramref name="value"/> is a signaling NaN.</summary>
    public static bool IsSignalingNan<T>(ulong value)
        where T : struct, IFloatFormat
        => Format<T>.IsSignalingNan(value);

    /// <summary>The quiet NaN that a guest with <paramref name="behavior"/> makes when no operand supplies one.</summary>
    public static ulong DefaultNan<T>(FloatBehavior behavior)
        where T : struct, IFloatFormat
        => Specials.DefaultNan<T>(new FloatContext(behavior));
}

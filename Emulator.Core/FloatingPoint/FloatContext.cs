namespace Emulator.Core.FloatingPoint;

/// <summary>How an inexact result is chosen from its two neighbours (IEEE 754-2019, 4.3).</summary>
public enum RoundingMode : byte
{
    /// <summary>roundTiesToEven: the nearer one, and of two equally near the one with an even significand.</summary>
    NearestEven,

    /// <summary>roundTowardZero: the one of smaller magnitude.</summary>
    TowardZero,

    /// <summary>roundTowardNegative: the lesser one.</summary>
    Down,

    /// <summary>roundTowardPositive: the greater one.</summary>
    Up,

    /// <summary>roundTiesToAway: the nearer one, and of two equally near the one of larger magnitude.</summary>
    NearestMaxMagnitude,

    /// <summary>Round to odd: the one with an odd significand, so that a second rounding to fewer bits is still correct.</summary>
    Odd,
}

/// <summary>The exceptions an operation signalled (IEEE 754-2019, clause 7); they accumulate until somebody clears them.</summary>
[Flags]
public enum FloatFlags : byte
{
    /// <summary>Nothing was signalled.</summary>
    None = 0,

    /// <summary>The result was rounded (7.6).</summary>
    Inexact = 1,

    /// <summary>The result was tiny and rounded (7.5, default handling).</summary>
    Underflow = 2,

    /// <summary>The rounded result was too large for the format (7.4).</summary>
    Overflow = 4,

    /// <summary>A finite operand gave an exactly infinite result (7.3).</summary>
    DivideByZero = 8,

    /// <summary>There was no usefully definable result, or an operand was a signaling NaN (7.2).</summary>
    Invalid = 16,

    /// <summary>An operand was subnormal; only with <see cref="FloatBehavior.ReportSubnormalOperands"/>.</summary>
    Denormal = 32,
}

/// <summary>The choices IEEE 754 leaves to an implementation; a guest fixes them once. None set is the plainest machine.</summary>
[Flags]
public enum FloatBehavior : byte
{
    /// <summary>Every NaN result is the positive quiet NaN without payload; tininess is detected after rounding; conversions to integers saturate.</summary>
    None = 0,

    /// <summary>A NaN result is the first NaN operand, made quiet (6.2.3), instead of the default NaN.</summary>
    PropagateNan = 1,

    /// <summary>The default NaN has its sign bit set.</summary>
    NegativeDefaultNan = 2,

    /// <summary>Tininess is detected before rounding instead of after it (7.5).</summary>
    TininessBeforeRounding = 4,

    /// <summary>
    /// A conversion to an integer that is invalid gives the "integer indefinite": only the top bit set for signed
    /// destinations, all bits set for unsigned ones. Otherwise it saturates, and a NaN gives the greatest integer.
    /// </summary>
    IndefiniteInteger = 8,

    /// <summary>A fused 0 × ∞ + quiet NaN gives that NaN and signals nothing (7.2 c leaves it open); otherwise it is invalid.</summary>
    QuietNanHidesInvalidProduct = 16,

    /// <summary>Subnormal operands that take part in an operation without a NaN signal <see cref="FloatFlags.Denormal"/>.</summary>
    ReportSubnormalOperands = 32,

    /// <summary>
    /// Overflow has alternate handling (clause 8) by the guest: inexact tells then whether the result is so with an exponent that has no
    /// limit, which is what the handler is to work with.
    /// </summary>
    OverflowIsTrapped = 64,

    /// <summary>As <see cref="OverflowIsTrapped"/>, of results that are tiny.</summary>
    UnderflowIsTrapped = 128,
}

/// <summary>
/// What an operation needs besides its operands, and where it signals. Small and without references, so that it can live
/// on the stack, in a guest's state block or in a snapshot.
/// </summary>
/// <param name="Rounding">The rounding direction of every operation that rounds and is not told otherwise.</param>
/// <param name="Flags">The exceptions signalled so far; operations only ever add to it.</param>
/// <param name="Behavior">The guest's implementation choices.</param>
public record struct FloatContext(RoundingMode Rounding, FloatFlags Flags, FloatBehavior Behavior)
{
    /// <summary>A context with the given choices that has signalled nothing and rounds to nearest even.</summary>
    public FloatContext(FloatBehavior behavior)
        : this(RoundingMode.NearestEven, FloatFlags.None, behavior)
    {
    }

    internal readonly bool Has(FloatBehavior behavior) => (Behavior & behavior) != 0;
}

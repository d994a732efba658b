using Emulator.Core.FloatingPoint;

namespace Emulator.Core.Ir;

/// <summary>An IEEE 754 interchange format.</summary>
public enum FloatFormat : byte
{
    /// <summary>16 bits.</summary>
    Binary16,

    /// <summary>32 bits.</summary>
    Binary32,

    /// <summary>64 bits.</summary>
    Binary64,
}

/// <summary>An integer type of a conversion.</summary>
public enum IntegerKind : byte
{
    /// <summary>32 bits, signed.</summary>
    Int32,

    /// <summary>32 bits, unsigned.</summary>
    UInt32,

    /// <summary>64 bits, signed.</summary>
    Int64,

    /// <summary>64 bits, unsigned.</summary>
    UInt64,
}

/// <summary>A relation of <see cref="Opcode.FCompare"/>.</summary>
public enum FloatRelation : byte
{
    /// <summary>Equal; only signaling NaNs are invalid.</summary>
    Equal,

    /// <summary>Less than.</summary>
    Less,

    /// <summary>Less than or equal.</summary>
    LessOrEqual,
}

/// <summary>Variants of a floating-point operation.</summary>
[Flags]
public enum FloatVariant : byte
{
    /// <summary>The plain operation.</summary>
    None = 0,

    /// <summary>FMulAdd: the product is negated.</summary>
    NegateProduct = 1,

    /// <summary>FMulAdd: the addend is negated.</summary>
    NegateAddend = 2,

    /// <summary>FCompare: quiet NaNs are not invalid.</summary>
    Quiet = 4,

    /// <summary>FRound: a changed value is inexact.</summary>
    SignalInexact = 8,

    /// <summary>FMin, FMax: a NaN operand gives NaN.</summary>
    Propagate = 16,

    /// <summary>FToInteger, Int32 only: out of range gives the integer modulo 2^32 instead of the nearest one; flags are the same.</summary>
    Modular = 32,

    /// <summary>
    /// Operands and results of formats narrower than 64 bits are NaN-boxed: their upper bits are ones, and an operand whose are not counts
    /// as the default NaN. Without it the upper bits of operands are ignored, those of results zero.
    /// </summary>
    Boxed = 64,
}

/// <summary>
/// Everything about a floating-point operation that is known when it is translated; packed into the immediate.
/// </summary>
/// <param name="Format">Format of the operands and, except in conversions, of the result.</param>
/// <param name="Rounding">Rounding mode.</param>
public readonly record struct FloatSpec(FloatFormat Format, RoundingMode Rounding = RoundingMode.NearestEven)
{
    /// <summary>FConvert: the format of the operand.</summary>
    public FloatFormat Source { get; init; }

    /// <summary>FToInteger, IntegerToF: the integer's type.</summary>
    public IntegerKind Integer { get; init; }

    /// <summary>FCompare: the relation.</summary>
    public FloatRelation Relation { get; init; }

    /// <summary>Variants.</summary>
    public FloatVariant Variant { get; init; }

    /// <summary>As an immediate.</summary>
    public long Pack() => (long)Format | ((long)Rounding << 8) | ((long)Source << 16) | ((long)Integer << 24)
        | ((long)Relation << 32) | ((long)Variant << 40);

    /// <summary>From an immediate.</summary>
    public static FloatSpec Unpack(long immediate) => new((FloatFormat)(byte)immediate, (RoundingMode)(byte)(immediate >> 8))
    {
        Source = (FloatFormat)(byte)(immediate >> 16),
        Integer = (IntegerKind)(byte)(immediate >> 24),
        Relation = (FloatRelation)(byte)(immediate >> 32),
        Variant = (FloatVariant)(byte)(immediate >> 40),
    };
}

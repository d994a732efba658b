using Emulator.Core.FloatingPoint;

namespace Emulator.Tests.FloatingPoint;

internal delegate ulong FloatFunction(ulong a, ulong b, ulong c, ref FloatContext context);

/// <summary>What an operation does with its operands, as far as choosing interesting ones goes.</summary>
internal enum OperandRelation
{
    Single,
    Pair,
    Sum,
    Product,
    Quotient,
    Fused,
    Integer,
}

/// <summary>One operation of the library under the name that oracles know it by.</summary>
internal sealed record FloatOperation(string Name, FloatLayout Operand, int ResultBits, OperandRelation Relation, FloatFunction Apply)
{
    private const int Register = 64;

    public static IReadOnlyList<FloatOperation> All { get; } =
    [
        .. Of<Binary16>("h", FloatLayout.Binary16),
        .. Of<Binary32>("s", FloatLayout.Binary32),
        .. Of<Binary64>("d", FloatLayout.Binary64),
        Conversion<Binary16, Binary32>("cvt.s.h", FloatLayout.Binary16, 32),
        Conversion<Binary16, Binary64>("cvt.d.h", FloatLayout.Binary16, 64),
        Conversion<Binary32, Binary16>("cvt.h.s", FloatLayout.Binary32, 16),
        Conversion<Binary32, Binary64>("cvt.d.s", FloatLayout.Binary32, 64),
        Conversion<Binary64, Binary16>("cvt.h.d", FloatLayout.Binary64, 16),
        Conversion<Binary64, Binary32>("cvt.s.d", FloatLayout.Binary64, 32),
    ];

    public override string ToString() => Name;

    private static IEnumerable<FloatOperation> Of<T>(string f, FloatLayout layout)
        where T : struct, IFloatFormat
    {
        FloatOperation Row(string name, OperandRelation relation, FloatFunction apply, int bits = 0)
            => new($"{name}.{f}", layout, bits == 0 ? layout.Width : bits, relation, apply);
        FloatOperation FromInteger(string kind, FloatFunction apply)
            => new($"cvt.{f}.{kind}", layout, layout.Width, OperandRelation.Integer, apply);

        yield return Row("add", OperandRelation.Sum, static (a, b, c, ref x) => FloatArithmetic.Add<T>(a, b, ref x));
        yield return Row("sub", OperandRelation.Sum, static (a, b, c, ref x) => FloatArithmetic.Subtract<T>(a, b, ref x));
        yield return Row("mul", OperandRelation.Product, static (a, b, c, ref x) => FloatArithmetic.Multiply<T>(a, b, ref x));
        yield return Row("div", OperandRelation.Quotient, static (a, b, c, ref x) => FloatArithmetic.Divide<T>(a, b, ref x));
        yield return Row("sqrt", OperandRelation.Single, static (a, b, c, ref x) => FloatArithmetic.SquareRoot<T>(a, ref x));
        yield return Row("madd", OperandRelation.Fused, static (a, b, c, ref x) => FusedArithmetic.MultiplyAdd<T>(a, b, c, ref x));
        yield return Row("msub", OperandRelation.Fused, static (a, b, c, ref x) => FusedArithmetic.MultiplySubtract<T>(a, b, c, ref x));
        yield return Row("nmsub", OperandRelation.Fused, static (a, b, c, ref x) => FusedArithmetic.NegatedMultiplyAdd<T>(a, b, c, ref x));
        yield return Row("nmadd", OperandRelation.Fused, static (a, b, c, ref x) => FusedArithmetic.NegatedMultiplySubtract<T>(a, b, c, ref x));
        yield return Row("min", OperandRelation.Pair, static (a, b, c, ref x) => FloatComparison.MinimumNumber<T>(a, b, ref x));
        yield return Row("max", OperandRelation.Pair, static (a, b, c, ref x) => FloatComparison.MaximumNumber<T>(a, b, ref x));
        yield return Row("eq", OperandRelation.Pair, static (a, b, c, ref x) => Bit(FloatComparison.EqualQuiet<T>(a, b, ref x)), Register);
        yield return Row("lt", OperandRelation.Pair, static (a, b, c, ref x) => Bit(FloatComparison.LessSignaling<T>(a, b, ref x)), Register);
        yield return Row("le", OperandRelation.Pair, static (a, b, c, ref x) => Bit(FloatComparison.LessOrEqualSignaling<T>(a, b, ref x)), Register);
        yield return Row("class", OperandRelation.Single, static (a, b, c, ref x) => (ulong)FloatClassification.Classify<T>(a), Register);
        yield return Row("cvt.w", OperandRelation.Single, static (a, b, c, ref x) => FloatToInteger.ToInt32<T>(a, x.Rounding, ref x), 32);
        yield return Row("cvt.wu", OperandRelation.Single, static (a, b, c, ref x) => FloatToInteger.ToUInt32<T>(a, x.Rounding, ref x), 32);
        yield return Row("cvt.l", OperandRelation.Single, static (a, b, c, ref x) => FloatToInteger.ToInt64<T>(a, x.Rounding, ref x), 64);
        yield return Row("cvt.lu", OperandRelation.Single, static (a, b, c, ref x) => FloatToInteger.ToUInt64<T>(a, x.Rounding, ref x), 64);
        yield return FromInteger("w", static (a, b, c, ref x) => FloatConversion.FromInt32<T>(a, ref x));
        yield return FromInteger("wu", static (a, b, c, ref x) => FloatConversion.FromUInt32<T>(a, ref x));
        yield return FromInteger("l", static (a, b, c, ref x) => FloatConversion.FromInt64<T>(a, ref x));
        yield return FromInteger("lu", static (a, b, c, ref x) => FloatConversion.FromUInt64<T>(a, ref x));
    }

    private static FloatOperation Conversion<TFrom, TTo>(string name, FloatLayout from, int resultBits)
        where TFrom : struct, IFloatFormat
        where TTo : struct, IFloatFormat
        => new(name, from, resultBits, OperandRelation.Single, static (a, b, c, ref x) => FloatConversion.Convert<TFrom, TTo>(a, ref x));

    private static ulong Bit(bool value) => value ? 1UL : 0;
}

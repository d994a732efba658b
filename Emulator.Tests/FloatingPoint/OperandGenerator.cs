using Emulator.Core.FloatingPoint;

namespace Emulator.Tests.FloatingPoint;

/// <summary>
/// Operands where implementations go wrong: few set bits and few clear ones, exponents at both ends and around one, NaNs
/// of every kind, and operands related to each other so that sums cancel, ties are exact and results sit at the limits.
/// </summary>
internal sealed class OperandGenerator(FloatLayout layout, int seed)
{
    private readonly Random _random = new(seed);

    public (ulong A, ulong B, ulong C) Next(OperandRelation relation)
    {
        if (relation == OperandRelation.Integer)
        {
            return (Integer(), 0, 0);
        }

        var a = Any();
        if (relation == OperandRelation.Single)
        {
            return (a, 0, 0);
        }

        var b = Any();
        if (_random.Next(3) != 0)
        {
            b = relation switch
            {
                OperandRelation.Pair => Neighbour(a),
                OperandRelation.Sum => Addend(a),
                OperandRelation.Quotient => AtLimits(layout.BiasedExponent(a) + layout.Bias, -1),
                _ => AtLimits(layout.Bias - layout.BiasedExponent(a), 1),
            };
        }

        return (a, b, relation == OperandRelation.Fused ? FusedAddend(a, b) : 0);
    }

    public RoundingMode Rounding(RoundingMode last) => (RoundingMode)_random.Next((int)last + 1);

    public ulong Any() => _random.Next(8) switch
    {
        0 => Bits(),
        1 => layout.Compose(Coin(), Pick(0, layout.MaxExponent), _random.Next(3) == 0 ? Fraction() : 0), // zeros, infinities, NaNs, subnormals
        2 => layout.Compose(Coin(), layout.MaxExponent * _random.Next(2) + _random.Next(-3, 4), Fraction()),
        3 => layout.Compose(Coin(), layout.Bias + _random.Next(-4, 5), Fraction()),
        4 => layout.Compose(Coin(), layout.Bias + _random.Next(-1, 67), Fraction()), // around every integer width
        _ => layout.Compose(Coin(), _random.Next(layout.MaxExponent + 1), Fraction()),
    };

    private ulong Bits() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue) & layout.Mask;

    private bool Coin() => _random.Next(2) == 0;

    private int Pick(params ReadOnlySpan<int> choices) => choices[_random.Next(choices.Length)];

    private ulong Pick(params ReadOnlySpan<ulong> choices) => choices[_random.Next(choices.Length)];

    private ulong Fraction()
    {
        var (bit, other) = (1UL << _random.Next(layout.FractionBits), 1UL << _random.Next(layout.FractionBits));
        var pattern = _random.Next(10) switch
        {
            0 => 0UL,
            1 => ulong.MaxValue,
            2 => bit,
            3 => bit | other,
            4 => bit - 1,
            5 => 0 - bit,
            6 => bit - other,
            7 => Bits() & (0 - bit), // random above, zeros below
            8 => Bits() | (bit - 1), // random above, ones below
            _ => Bits(),
        };
        return (_random.Next(8) == 0 ? pattern + Pick(1, ulong.MaxValue) : pattern) & layout.FractionMask;
    }

    private ulong Integer() => (_random.Next(4) switch
    {
        0 => Bits64(),
        1 => (1UL << _random.Next(64)) + (ulong)_random.Next(-2, 3),
        2 => (1UL << _random.Next(64)) + (1UL << _random.Next(64)) + (ulong)_random.Next(-1, 2),
        _ => Bits64() >> _random.Next(64),
    }) * Pick(1, ulong.MaxValue);

    private ulong Bits64() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue);

    /// <summary>Equal, opposite or a few units away.</summary>
    private ulong Neighbour(ulong a) => ((a ^ Pick(0, layout.SignMask)) + (ulong)_random.Next(-2, 3)) & layout.Mask;

    private ulong Addend(ulong a) => _random.Next(3) switch
    {
        0 => Neighbour(a),
        1 => Near(layout.BiasedExponent(a) + Pick(1, -1) * (layout.FractionBits + _random.Next(-2, 4))), // ties and stickiness
        _ => Near(layout.BiasedExponent(a) + _random.Next(-3, 4)),
    };

    /// <summary>An exponent that brings the result's to the least normal one, to deep subnormals or to the greatest.</summary>
    private ulong AtLimits(int difference, int direction)
    {
        var wanted = Pick(1, 0, -layout.FractionBits / 2, -layout.FractionBits, layout.MaxExponent - 1) + _random.Next(-2, 3);
        return Near(difference + direction * wanted);
    }

    private ulong Near(int exponent) => layout.Compose(Coin(), exponent, Fraction());

    private ulong FusedAddend(ulong a, ulong b)
    {
        var exponent = layout.BiasedExponent(a) + layout.BiasedExponent(b) - layout.Bias;
        return _random.Next(4) switch
        {
            0 => Any(),
            1 => Cancelling(a, b),
            2 => Near(exponent + _random.Next(-2, 3)),
            _ => Near(exponent + Pick(1, -1, 2, -2) * (layout.FractionBits + _random.Next(-2, 4))),
        };
    }

    /// <summary>Minus the product, within a few units; a rough product will do, it only chooses what to test.</summary>
    private ulong Cancelling(ulong a, ulong b)
    {
        var context = new FloatContext(RoundingMode.TowardZero, FloatFlags.None, FloatBehavior.None);
        var product = layout.Width switch
        {
            16 => FloatArithmetic.Multiply<Binary16>(a, b, ref context),
            32 => FloatArithmetic.Multiply<Binary32>(a, b, ref context),
            _ => FloatArithmetic.Multiply<Binary64>(a, b, ref context),
        };
        return (Neighbour(product) ^ Pick(0, layout.SignMask)) & layout.Mask;
    }
}

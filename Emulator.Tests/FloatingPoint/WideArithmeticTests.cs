using System.Numerics;
using Emulator.Core.FloatingPoint;

namespace Emulator.Tests.FloatingPoint;

/// <summary>The wide integer steps by themselves, on all 64 bits, where binary64 uses only 53 of them.</summary>
[TestFixture]
public sealed class WideArithmeticTests
{
    private const ulong TopBit = 1UL << 63;

    [Test]
    public void Division_is_exact()
        => ForCases(static (a, b, _) =>
        {
            var divisor = b | TopBit;
            var dividend = a < divisor ? a : a >> 1;
            var expected = BigInteger.DivRem((BigInteger)dividend << 64, divisor, out var expectedRemainder);
            var quotient = WideArithmetic.Divide(dividend, divisor, out var remainder);
            return quotient == expected && remainder == expectedRemainder;
        });

    [Test]
    public void Square_root_is_the_greatest_whose_square_fits()
        => ForCases(static (a, _, _) =>
        {
            var high = a | TopBit >> 1;
            var radicand = (BigInteger)high << 64;
            var root = WideArithmetic.SquareRoot(high, out var exact);
            var (square, next) = ((BigInteger)root * root, ((BigInteger)root + 1) * ((BigInteger)root + 1));
            return square <= radicand && next > radicand && exact == (square == radicand);
        });

    [Test]
    public void Wide_integers_are_the_frameworks()
        => ForCases(static (a, b, count) =>
        {
            var (x, y) = (Wide.Product(a, b), new Wide(b, a));
            var (expectedX, expectedY) = ((UInt128)a * b, new UInt128(b, a));
            var right = Math.Clamp(count, 1, 127);
            var shifted = expectedX >> right | (expectedX << 128 - right != UInt128.Zero ? UInt128.One : UInt128.Zero);
            return Same(x, expectedX)
                && Same(x.Plus(y), unchecked(expectedX + expectedY))
                && Same(x.Minus(y), unchecked(expectedX - expectedY))
                && Same(x.ShiftLeft(count & 63), expectedX << (count & 63))
                && Same(x.ShiftRightSticky(right), shifted)
                && Same(x.ShiftRightSticky(count + 128), expectedX != UInt128.Zero ? UInt128.One : UInt128.Zero);
        });

    private static bool Same(Wide actual, UInt128 expected) => new UInt128(actual.High, actual.Low) == expected;

    private static void ForCases(Func<ulong, ulong, int, bool> holds)
    {
        var (random, failures) = (new Random(DifferentialRun.Seed), new List<string>());
        for (var i = 0; i < DifferentialRun.Cases && failures.Count < 12; i++)
        {
            var (a, b, count) = (Pattern(random), Pattern(random), random.Next(128));
            if (!holds(a, b, count))
            {
                failures.Add($"{a:x} {b:x} {count}");
            }
        }

        DifferentialRun.Report(failures);
    }

    /// <summary>Runs of ones and zeros in each half, which is where estimated digits are wrong, or random bits.</summary>
    private static ulong Pattern(Random random) => random.Next(4) switch
    {
        0 => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        1 => Run(random) ^ Run(random),
        2 => Run(random) << 32 | Run(random) >> 32,
        _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) & Run(random) | TopBit,
    };

    private static ulong Run(Random random) => (ulong.MaxValue >> random.Next(64)) + (ulong)random.Next(-1, 2);
}

using System.Numerics;
using Emulator.Core.FloatingPoint;

namespace Emulator.Tests.FloatingPoint;

/// <summary>What no processor at hand executes, derived from its definition and from operations that were compared with one.</summary>
[TestFixture]
public sealed class DefinitionTests
{
    private static readonly RoundingMode[] Modes = Enum.GetValues<RoundingMode>();

    private static IEnumerable<FloatOperation> Rounded
        => FloatOperation.All.Where(static o => o.Relation is not OperandRelation.Pair && !o.Name.StartsWith("class", StringComparison.Ordinal)
            && !o.Name.StartsWith("cvt.w", StringComparison.Ordinal) && !o.Name.StartsWith("cvt.l", StringComparison.Ordinal));

    [TestCaseSource(nameof(Rounded))]
    public void Odd_is_truncation_with_the_inexact_flag_as_last_bit(object operation)
        => ForCases((FloatOperation)operation, static (o, mode, a, b, c) =>
        {
            var (truncated, flags) = Apply(o, RoundingMode.TowardZero, FloatBehavior.None, a, b, c);
            var expected = truncated | ((flags & FloatFlags.Inexact) != 0 ? 1UL : 0);
            var (odd, oddFlags) = Apply(o, RoundingMode.Odd, FloatBehavior.None, a, b, c);
            return (odd, oddFlags) == (expected, flags) ? null : $"{odd:x} {oddFlags}, expected {expected:x} {flags}";
        });

    [TestCaseSource(nameof(Rounded))]
    public void Tininess_before_rounding_is_a_truncated_result_below_the_least_normal(object operation)
        => ForCases((FloatOperation)operation, static (o, mode, a, b, c) =>
        {
            var layout = o.ResultBits switch { 16 => FloatLayout.Binary16, 32 => FloatLayout.Binary32, _ => FloatLayout.Binary64 };
            var (truncated, _) = Apply(o, RoundingMode.TowardZero, FloatBehavior.None, a, b, c);
            var (result, after) = Apply(o, mode, FloatBehavior.None, a, b, c);
            var tiny = layout.BiasedExponent(truncated) == 0 && (after & FloatFlags.Inexact) != 0;
            var expected = tiny ? after | FloatFlags.Underflow : after & ~FloatFlags.Underflow;
            var (same, before) = Apply(o, mode, FloatBehavior.TininessBeforeRounding, a, b, c);
            return (same, before) == (result, expected) ? null : $"{same:x} {before}, expected {result:x} {expected}";
        });

    [TestCaseSource(typeof(FloatOperation), nameof(FloatOperation.All))]
    public void Bits_above_the_format_are_ignored_and_never_produced(object operation)
        => ForCases((FloatOperation)operation, static (o, mode, a, b, c) =>
        {
            if (o.Relation == OperandRelation.Integer)
            {
                return null;
            }

            var plain = Apply(o, mode, FloatBehavior.PropagateNan, a, b, c);
            var boxed = Apply(o, mode, FloatBehavior.PropagateNan, o.Operand.Box(a), o.Operand.Box(b), o.Operand.Box(c));
            var signExtended = o.Name.StartsWith("cvt.w.", StringComparison.Ordinal);
            var tooWide = o.ResultBits < 64 && !signExtended && plain.Result >> o.ResultBits != 0;
            return plain == boxed && !tooWide ? null : $"{plain.Result:x} {plain.Flags}, boxed {boxed.Result:x} {boxed.Flags}";
        });

    [TestCaseSource(typeof(FloatOperation), nameof(FloatOperation.All))]
    public void A_mode_that_does_not_exist_truncates_and_nothing_is_allocated(object operation)
    {
        var o = (FloatOperation)operation;
        var generator = new OperandGenerator(o.Operand, DifferentialRun.Seed);
        var (a, b, c) = generator.Next(o.Relation);
        var allocated = long.MaxValue;
        for (var i = 0; i < 100; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var (unknown, truncated) = (new FloatContext(FloatBehavior.None) { Rounding = (RoundingMode)7 }, new FloatContext(FloatBehavior.None) { Rounding = RoundingMode.TowardZero });
            var same = o.Apply(a, b, c, ref unknown) == o.Apply(a, b, c, ref truncated) && unknown.Flags == truncated.Flags;
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.That(same, $"{o} {a:x} {b:x} {c:x}");
            (a, b, c) = generator.Next(o.Relation);
        }

        Assert.That(allocated, Is.Zero);
    }

    [Test]
    public void Modular_conversion_keeps_the_low_bits_of_the_integer()
        => ForCases(Find("cvt.w.d"), static (_, _, a, _, _) =>
        {
            var (saturated, expectedFlags) = Apply(Find("cvt.w.d"), RoundingMode.TowardZero, FloatBehavior.None, a, 0, 0);
            var x = BitConverter.UInt64BitsToDouble(a);
            var expected = double.IsFinite(x) ? (ulong)(int)(uint)(new BigInteger(Math.Truncate(x)) & uint.MaxValue) : 0;
            var context = new FloatContext(FloatBehavior.None);
            var result = FloatToInteger.ToInt32Modular<Binary64>(a, ref context);
            return (result, context.Flags) == (expected, expectedFlags) && ((expectedFlags & FloatFlags.Invalid) != 0 || expected == saturated)
                ? null
                : $"{result:x} {context.Flags}, expected {expected:x} {expectedFlags}";
        });

    [Test]
    public void Rounding_to_integral_is_the_hosts()
    {
        ForCases(Find("cvt.l.d"), static (_, mode, a, _, _) => Integral<Binary64>(mode, a, FloatLayout.Binary64,
            BitConverter.UInt64BitsToDouble(a), static r => BitConverter.DoubleToUInt64Bits(r)));
        ForCases(Find("cvt.l.s"), static (_, mode, a, _, _) => Integral<Binary32>(mode, a, FloatLayout.Binary32,
            BitConverter.UInt32BitsToSingle((uint)a), static r => BitConverter.SingleToUInt32Bits((float)r)));
        ForCases(Find("cvt.l.h"), static (_, mode, a, _, _) => Integral<Binary16>(mode, a, FloatLayout.Binary16,
            (double)BitConverter.UInt16BitsToHalf((ushort)a), static r => BitConverter.HalfToUInt16Bits((Half)r)));
    }

    [Test]
    public void Minimum_and_maximum_pass_NaNs_on()
    {
        MinimumAndMaximum<Binary16>("h");
        MinimumAndMaximum<Binary32>("s");
        MinimumAndMaximum<Binary64>("d");
    }

    [Test]
    public void Quiet_and_signaling_comparisons_differ_in_quiet_NaNs_only()
    {
        Comparisons<Binary16>("h");
        Comparisons<Binary32>("s");
        Comparisons<Binary64>("d");
    }

    /// <summary>
    /// Products of the form A × 2^76 + small: random operands never have a tie that only the product's last bits break.
    /// </summary>
    [TestCase(0x17ff957fde949fUL, 0x1a150025ffa4dbUL)]
    [TestCase(0x13f2a1926a0f7dUL, 0x12a1bada12a929UL)]
    [TestCase(0x15195282f7daedUL, 0x1e25d78bce0443UL)]
    public void The_last_bits_of_a_product_decide_a_tie(ulong x, ulong y)
    {
        foreach (var scale in (ReadOnlySpan<double>)[1, 1.5, -1, -1.5])
        {
            for (var power = 104; power < 134; power++)
            {
                var z = Math.ScaleB(scale, power);
                var expected = BitConverter.DoubleToUInt64Bits(Math.FusedMultiplyAdd((double)x, y, z));
                var (a, b, c) = (BitConverter.DoubleToUInt64Bits(x), BitConverter.DoubleToUInt64Bits(y), BitConverter.DoubleToUInt64Bits(z));
                var (soft, host) = (new FloatContext(FloatBehavior.None), new FloatContext(FloatBehavior.None));
                Assert.That(FusedArithmetic.MultiplyAdd<Binary64>(a, b, c, ref soft), Is.EqualTo(expected), $"{scale} x 2^{power}");
                Assert.That(HostFloat64.MultiplyAdd(a, b, c, ref host), Is.EqualTo(expected), $"{scale} x 2^{power}");
                Assert.That(host, Is.EqualTo(soft), $"{scale} x 2^{power}");
            }
        }
    }

    [Test]
    public void Default_NaN_is_the_guests_choice()
        => Assert.Multiple(static () =>
        {
            Assert.That(FloatClassification.DefaultNan<Binary16>(FloatBehavior.None), Is.EqualTo(0x7e00));
            Assert.That(FloatClassification.DefaultNan<Binary32>(FloatBehavior.None), Is.EqualTo(0x7fc00000));
            Assert.That(FloatClassification.DefaultNan<Binary64>(FloatBehavior.None), Is.EqualTo(0x7ff80000_00000000));
            Assert.That(FloatClassification.DefaultNan<Binary64>(FloatBehavior.NegativeDefaultNan), Is.EqualTo(0xfff80000_00000000));
        });

    private static string? Integral<T>(RoundingMode mode, ulong bits, FloatLayout layout, double value, Func<double, ulong> toBits)
        where T : struct, IFloatFormat
    {
        var (silent, exact) = (new FloatContext(FloatBehavior.None), new FloatContext(FloatBehavior.None));
        var result = FloatToInteger.RoundToIntegral<T>(bits, mode, ref silent);
        var exactResult = FloatToInteger.RoundToIntegralExact<T>(bits, mode, ref exact);
        var expectedFlags = FloatClassification.IsSignalingNan<T>(bits) ? FloatFlags.Invalid : FloatFlags.None;
        var expected = FloatClassification.DefaultNan<T>(FloatBehavior.None);
        if (!layout.IsNan(bits))
        {
            expected = toBits(mode switch
            {
                RoundingMode.NearestEven => Math.Round(value, MidpointRounding.ToEven),
                RoundingMode.NearestMaxMagnitude => Math.Round(value, MidpointRounding.AwayFromZero),
                RoundingMode.Down => Math.Floor(value),
                RoundingMode.Up => Math.Ceiling(value),
                RoundingMode.Odd when Math.Floor(value) != value => OddOf(Math.Floor(value), Math.Ceiling(value)),
                _ => Math.Truncate(value),
            });
        }

        var expectedExact = expectedFlags | (!layout.IsNan(bits) && expected != bits ? FloatFlags.Inexact : FloatFlags.None);
        return (result, silent.Flags, exactResult, exact.Flags) == (expected, expectedFlags, expected, expectedExact)
            ? null
            : $"{result:x} {silent.Flags} {exactResult:x} {exact.Flags}, expected {expected:x} {expectedFlags} {expectedExact}";
    }

    private static double OddOf(double below, double above) => Math.IEEERemainder(below, 2) == 0 ? above : below;

    private static void MinimumAndMaximum<T>(string f)
        where T : struct, IFloatFormat
        => ForCases(Find($"min.{f}"), (o, mode, a, b, _) =>
        {
            var isNan = o.Operand.IsNan(a) || o.Operand.IsNan(b);
            var (least, flags) = Apply(o, mode, FloatBehavior.None, a, b, 0);
            var (greatest, _) = Apply(Find($"max.{f}"), mode, FloatBehavior.None, a, b, 0);
            var nan = FloatClassification.DefaultNan<T>(FloatBehavior.None);
            var (minimum, maximum) = (new FloatContext(FloatBehavior.None), new FloatContext(FloatBehavior.None));
            var actual = (FloatComparison.Minimum<T>(a, b, ref minimum), FloatComparison.Maximum<T>(a, b, ref maximum));
            return actual == (isNan ? nan : least, isNan ? nan : greatest) && minimum.Flags == flags && maximum.Flags == flags ? null : $"{actual}";
        });

    private static void Comparisons<T>(string f)
        where T : struct, IFloatFormat
        => ForCases(Find($"lt.{f}"), (o, _, a, b, _) =>
        {
            var isNan = o.Operand.IsNan(a) || o.Operand.IsNan(b);
            var quiet = FloatClassification.IsSignalingNan<T>(a) || FloatClassification.IsSignalingNan<T>(b) ? FloatFlags.Invalid : FloatFlags.None;
            var signaling = isNan ? FloatFlags.Invalid : FloatFlags.None;
            var less = Apply(o, default, FloatBehavior.None, a, b, 0).Result != 0;
            var equal = Apply(Find($"eq.{f}"), default, FloatBehavior.None, a, b, 0).Result != 0;
            var ordering = isNan ? FloatOrdering.Unordered : less ? FloatOrdering.Less : equal ? FloatOrdering.Equal : FloatOrdering.Greater;
            var (q, s) = (new FloatContext(FloatBehavior.None), new FloatContext(FloatBehavior.None));
            var holds = FloatComparison.LessQuiet<T>(a, b, ref q) == less
                && FloatComparison.LessOrEqualQuiet<T>(a, b, ref q) == (less || equal)
                && FloatComparison.EqualSignaling<T>(a, b, ref s) == equal
                && FloatComparison.CompareQuiet<T>(a, b, ref q) == ordering
                && FloatComparison.CompareSignaling<T>(a, b, ref s) == ordering;
            return holds && q.Flags == quiet && s.Flags == signaling ? null : $"{ordering} {q.Flags} {s.Flags}";
        });

    private static void ForCases(FloatOperation operation, Func<FloatOperation, RoundingMode, ulong, ulong, ulong, string?> check)
    {
        var generator = new OperandGenerator(operation.Operand, DifferentialRun.Seed);
        var failures = new List<string>();
        for (var i = 0; i < DifferentialRun.Cases && failures.Count < 12; i++)
        {
            var (a, b, c) = generator.Next(operation.Relation);
            var mode = Modes[i % Modes.Length];
            if (check(operation, mode, a, b, c) is { } failure)
            {
                failures.Add($"{operation} {mode} {a:x} {b:x} {c:x}: {failure}");
            }
        }

        DifferentialRun.Report(failures);
    }

    private static FloatOperation Find(string name) => FloatOperation.All.Single(o => o.Name == name);

    private static (ulong Result, FloatFlags Flags) Apply(FloatOperation operation, RoundingMode mode, FloatBehavior behavior, ulong a, ulong b, ulong c)
    {
        var context = new FloatContext(behavior) { Rounding = mode };
        var result = operation.Apply(a, b, c, ref context);
        return (result, context.Flags);
    }
}

using Emulator.Core.FloatingPoint;

namespace Emulator.Tests.FloatingPoint;

/// <summary>
/// The host's hardware must be indistinguishable from the bit-exact path, whatever flags are set already, in every mode
/// and for every guest.
/// </summary>
[TestFixture]
public sealed class HostFastPathTests
{
    private static readonly FloatBehavior[] Behaviors =
    [
        FloatBehavior.None,
        FloatBehavior.PropagateNan | FloatBehavior.NegativeDefaultNan | FloatBehavior.ReportSubnormalOperands | FloatBehavior.IndefiniteInteger,
        FloatBehavior.TininessBeforeRounding,
    ];

    private static readonly FloatFunction[] Fast32 =
    [
        static (a, b, c, ref x) => HostFloat32.Add(a, b, ref x),
        static (a, b, c, ref x) => HostFloat32.Subtract(a, b, ref x),
        static (a, b, c, ref x) => HostFloat32.Multiply(a, b, ref x),
        static (a, b, c, ref x) => HostFloat32.Divide(a, b, ref x),
        static (a, b, c, ref x) => HostFloat32.SquareRoot(a, ref x),
        static (a, b, c, ref x) => HostFloat32.MultiplyAdd(a, b, c, ref x),
        static (a, b, c, ref x) => HostFloat32.MultiplySubtract(a, b, c, ref x),
        static (a, b, c, ref x) => HostFloat32.NegatedMultiplyAdd(a, b, c, ref x),
        static (a, b, c, ref x) => HostFloat32.NegatedMultiplySubtract(a, b, c, ref x),
    ];

    private static readonly FloatFunction[] Fast64 =
    [
        static (a, b, c, ref x) => HostFloat64.Add(a, b, ref x),
        static (a, b, c, ref x) => HostFloat64.Subtract(a, b, ref x),
        static (a, b, c, ref x) => HostFloat64.Multiply(a, b, ref x),
        static (a, b, c, ref x) => HostFloat64.Divide(a, b, ref x),
        static (a, b, c, ref x) => HostFloat64.SquareRoot(a, ref x),
        static (a, b, c, ref x) => HostFloat64.MultiplyAdd(a, b, c, ref x),
        static (a, b, c, ref x) => HostFloat64.MultiplySubtract(a, b, c, ref x),
        static (a, b, c, ref x) => HostFloat64.NegatedMultiplyAdd(a, b, c, ref x),
        static (a, b, c, ref x) => HostFloat64.NegatedMultiplySubtract(a, b, c, ref x),
    ];

    private static readonly string[] Arithmetic = ["add", "sub", "mul", "div", "sqrt", "madd", "msub", "nmsub", "nmadd"];

    private static IEnumerable<TestCaseData> Pairs
        => Arithmetic.SelectMany(static (name, i) => new[] { Pair($"{name}.s", Fast32[i]), Pair($"{name}.d", Fast64[i]) })
            .Concat(Integers<Binary32>("s")).Concat(Integers<Binary64>("d")).Concat(Integers<Binary16>("h"))
            .Append(Pair("cvt.d.s", static (a, b, c, ref x) => HostConversion.Widen(a, ref x)))
            .Append(Pair("cvt.s.d", static (a, b, c, ref x) => HostConversion.Narrow(a, ref x)));

    [TestCaseSource(nameof(Pairs))]
    public void Is_the_same_as_the_bit_exact_path(object operation, object function)
    {
        var (exact, fast) = ((FloatOperation)operation, (FloatFunction)function);
        var generator = new OperandGenerator(exact.Operand, DifferentialRun.Seed);
        var failures = new List<string>();
        for (var i = 0; i < DifferentialRun.Cases; i++)
        {
            var (a, b, c) = generator.Next(exact.Relation);

            // Three of four to nearest even, where there is a fast path for arithmetic; conversions like to truncate.
            var rounding = i % 4 == 0 ? generator.Rounding(RoundingMode.Odd) : i % 4 == 1 ? RoundingMode.TowardZero : RoundingMode.NearestEven;
            foreach (var behavior in Behaviors)
            {
                foreach (var before in (ReadOnlySpan<FloatFlags>)[FloatFlags.None, FloatFlags.Inexact, FloatFlags.Invalid | FloatFlags.Denormal])
                {
                    var (expected, actual) = (new FloatContext(rounding, before, behavior), new FloatContext(rounding, before, behavior));
                    var (expectedResult, actualResult) = (exact.Apply(a, b, c, ref expected), fast(a, b, c, ref actual));
                    if ((expectedResult != actualResult || expected != actual) && failures.Count < 12)
                    {
                        failures.Add($"{exact} {rounding} {behavior} {before} {a:x} {b:x} {c:x}: "
                            + $"{actualResult:x} {actual.Flags}, expected {expectedResult:x} {expected.Flags}");
                    }
                }
            }
        }

        DifferentialRun.Report(failures);
    }

    private static IEnumerable<TestCaseData> Integers<T>(string f)
        where T : struct, IFloatFormat
    {
        yield return Pair($"cvt.w.{f}", static (a, b, c, ref x) => HostConversion.ToInt32<T>(a, x.Rounding, ref x));
        yield return Pair($"cvt.wu.{f}", static (a, b, c, ref x) => HostConversion.ToUInt32<T>(a, x.Rounding, ref x));
        yield return Pair($"cvt.l.{f}", static (a, b, c, ref x) => HostConversion.ToInt64<T>(a, x.Rounding, ref x));
        yield return Pair($"cvt.lu.{f}", static (a, b, c, ref x) => HostConversion.ToUInt64<T>(a, x.Rounding, ref x));
        yield return Pair($"cvt.{f}.w", static (a, b, c, ref x) => HostConversion.FromInt32<T>(a, ref x));
        yield return Pair($"cvt.{f}.wu", static (a, b, c, ref x) => HostConversion.FromUInt32<T>(a, ref x));
        yield return Pair($"cvt.{f}.l", static (a, b, c, ref x) => HostConversion.FromInt64<T>(a, ref x));
        yield return Pair($"cvt.{f}.lu", static (a, b, c, ref x) => HostConversion.FromUInt64<T>(a, ref x));
    }

    private static TestCaseData Pair(string name, FloatFunction fast)
        => new TestCaseData(FloatOperation.All.Single(o => o.Name == name), fast).SetArgDisplayNames(name);
}

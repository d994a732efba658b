using Emulator.Core.FloatingPoint;

namespace Emulator.Tests.FloatingPoint;

/// <summary>Values against what .NET computes, on any host and without tools: rounding to nearest even, no flags.</summary>
[TestFixture]
public sealed class HostArithmeticTests
{
    private static readonly Dictionary<string, Func<double, double, double, double>> Doubles = new()
    {
        ["add.d"] = static (a, b, c) => a + b,
        ["sub.d"] = static (a, b, c) => a - b,
        ["mul.d"] = static (a, b, c) => a * b,
        ["div.d"] = static (a, b, c) => a / b,
        ["sqrt.d"] = static (a, b, c) => Math.Sqrt(a),
        ["madd.d"] = Math.FusedMultiplyAdd,
        ["min.d"] = static (a, b, c) => double.MinNumber(a, b),
        ["max.d"] = static (a, b, c) => double.MaxNumber(a, b),
    };

    private static readonly Dictionary<string, Func<float, float, float, float>> Singles = new()
    {
        ["add.s"] = static (a, b, c) => a + b,
        ["sub.s"] = static (a, b, c) => a - b,
        ["mul.s"] = static (a, b, c) => a * b,
        ["div.s"] = static (a, b, c) => a / b,
        ["sqrt.s"] = static (a, b, c) => MathF.Sqrt(a),
        ["madd.s"] = MathF.FusedMultiplyAdd,
        ["min.s"] = static (a, b, c) => float.MinNumber(a, b),
        ["max.s"] = static (a, b, c) => float.MaxNumber(a, b),
    };

    private static readonly Dictionary<string, Func<Half, Half, Half, Half>> Halves = new()
    {
        ["add.h"] = static (a, b, c) => a + b,
        ["sub.h"] = static (a, b, c) => a - b,
        ["mul.h"] = static (a, b, c) => a * b,
        ["div.h"] = static (a, b, c) => a / b,
        ["sqrt.h"] = static (a, b, c) => Half.Sqrt(a),
    };

    private static IEnumerable<string> DoubleNames => Doubles.Keys;

    private static IEnumerable<string> SingleNames => Singles.Keys;

    private static IEnumerable<string> HalfNames => Halves.Keys;

    [TestCaseSource(nameof(DoubleNames))]
    public void Double_is_the_hosts(string name)
        => Compare(name, (a, b, c) => BitConverter.DoubleToUInt64Bits(Doubles[name](
            BitConverter.UInt64BitsToDouble(a), BitConverter.UInt64BitsToDouble(b), BitConverter.UInt64BitsToDouble(c))));

    [TestCaseSource(nameof(SingleNames))]
    public void Single_is_the_hosts(string name)
        => Compare(name, (a, b, c) => BitConverter.SingleToUInt32Bits(Singles[name](
            BitConverter.UInt32BitsToSingle((uint)a), BitConverter.UInt32BitsToSingle((uint)b), BitConverter.UInt32BitsToSingle((uint)c))));

    [TestCaseSource(nameof(HalfNames))]
    public void Half_is_the_hosts(string name)
        => Compare(name, (a, b, c) => BitConverter.HalfToUInt16Bits(Halves[name](
            BitConverter.UInt16BitsToHalf((ushort)a), BitConverter.UInt16BitsToHalf((ushort)b), BitConverter.UInt16BitsToHalf((ushort)c))));

    [Test]
    public void Every_half_converts_as_System_Half_does()
    {
        var failures = new List<string>();
        var context = new FloatContext(FloatBehavior.None);
        for (uint bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var half = BitConverter.UInt16BitsToHalf((ushort)bits);
            var toSingle = FloatConversion.Convert<Binary16, Binary32>(bits, ref context);
            var toDouble = FloatConversion.Convert<Binary16, Binary64>(bits, ref context);
            if (!Same(FloatLayout.Binary32, toSingle, BitConverter.SingleToUInt32Bits((float)half))
                || !Same(FloatLayout.Binary64, toDouble, BitConverter.DoubleToUInt64Bits((double)half)))
            {
                failures.Add($"{bits:x}: {toSingle:x} {toDouble:x}");
            }
        }

        DifferentialRun.Report(failures);
        Assert.That(context.Flags, Is.EqualTo(FloatFlags.Invalid), "widening is exact; signaling NaNs are invalid");
    }

    [Test]
    public void Narrowing_is_the_hosts()
    {
        Compare("cvt.h.s", static (a, _, _) => BitConverter.HalfToUInt16Bits((Half)BitConverter.UInt32BitsToSingle((uint)a)));
        Compare("cvt.h.d", static (a, _, _) => BitConverter.HalfToUInt16Bits((Half)BitConverter.UInt64BitsToDouble(a)));
        Compare("cvt.s.d", static (a, _, _) => BitConverter.SingleToUInt32Bits((float)BitConverter.UInt64BitsToDouble(a)));
    }

    [Test]
    public void Integers_become_what_the_host_makes_of_them()
    {
        Compare("cvt.d.l", static (a, _, _) => BitConverter.DoubleToUInt64Bits((long)a));
        Compare("cvt.d.lu", static (a, _, _) => BitConverter.DoubleToUInt64Bits(a));
        Compare("cvt.s.l", static (a, _, _) => BitConverter.SingleToUInt32Bits((long)a));
        Compare("cvt.s.lu", static (a, _, _) => BitConverter.SingleToUInt32Bits(a));
    }

    private static void Compare(string name, Func<ulong, ulong, ulong, ulong> host)
    {
        var operation = FloatOperation.All.Single(o => o.Name == name);
        var result = operation.ResultBits switch { 16 => FloatLayout.Binary16, 32 => FloatLayout.Binary32, _ => FloatLayout.Binary64 };
        var generator = new OperandGenerator(operation.Operand, DifferentialRun.Seed);
        var failures = new List<string>();
        for (var i = 0; i < DifferentialRun.Cases && failures.Count < 12; i++)
        {
            var (a, b, c) = generator.Next(operation.Relation);
            var context = new FloatContext(FloatBehavior.None);
            var (actual, expected) = (operation.Apply(a, b, c, ref context), host(a, b, c));
            if (!Same(result, actual, expected))
            {
                failures.Add($"{name} {a:x} {b:x} {c:x}: {actual:x}, expected {expected:x}");
            }
        }

        DifferentialRun.Report(failures);
    }

    /// <summary>Hosts differ in the NaNs they make; here all are one.</summary>
    private static bool Same(FloatLayout layout, ulong actual, ulong expected)
        => actual == expected || (layout.IsNan(actual) && layout.IsNan(expected));
}

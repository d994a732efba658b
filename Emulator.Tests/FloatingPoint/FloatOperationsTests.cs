using System.Reflection;
using Emulator.Core.Execution;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Tests.FloatingPoint;

/// <summary>
/// The methods that engines call for the IR's floating-point operations: every combination that a spec can name, against the bit-exact
/// library, with raw and with boxed operands.
/// </summary>
public sealed class FloatOperationsTests
{
    private const int Count = 300;

    private static readonly Dictionary<FloatFormat, (string Suffix, FloatLayout Layout)> Formats = new()
    {
        [FloatFormat.Binary16] = ("h", FloatLayout.Binary16),
        [FloatFormat.Binary32] = ("s", FloatLayout.Binary32),
        [FloatFormat.Binary64] = ("d", FloatLayout.Binary64),
    };

    private static IEnumerable<TestCaseData> Operations() =>
        from format in Formats.Keys
        from operation in Named(format)
        select new TestCaseData(operation.Opcode, operation.Spec, operation.Name)
            .SetArgDisplayNames(operation.Name, operation.Spec.Variant.ToString());

    [TestCaseSource(nameof(Operations))]
    public void Agrees_with_the_library(Opcode opcode, FloatSpec plain, string name)
    {
        var library = FloatOperation.All.Single(operation => operation.Name == name);
        int seed = TestContext.CurrentContext.Random.Next();
        var generator = new OperandGenerator(library.Operand, seed);
        var random = new Random(seed);
        bool isFromInteger = opcode == Opcode.IntegerToF;
        ulong operandBox = isFromInteger || library.Operand.Width == 64 ? 0 : ulong.MaxValue << library.Operand.Width;
        bool givesFloat = opcode is not (Opcode.FCompare or Opcode.FToInteger or Opcode.FClassify);
        ulong resultBox = Formats[plain.Format].Layout is { Width: < 64 } layout && givesFloat ? ulong.MaxValue << layout.Width : 0;
        for (int i = 0; i < Count; i++)
        {
            var rounding = generator.Rounding(RoundingMode.NearestMaxMagnitude);
            var (a, b, c) = generator.Next(library.Relation);
            ulong before = (ulong)random.Next(32);
            var context = new FloatContext(rounding, (FloatFlags)before, FloatBehavior.None);
            ulong expected = library.Apply(a, b, c, ref context);
            if (opcode == Opcode.FToInteger && library.ResultBits == 32) expected = (ulong)(int)expected;
            foreach (bool boxed in (bool[])[false, true])
            {
                var spec = plain with { Rounding = rounding, Variant = plain.Variant | (boxed ? FloatVariant.Boxed : FloatVariant.None) };
                ulong upper = boxed ? operandBox : operandBox & (ulong)random.NextInt64();
                ulong flags = before;
                ulong actual = FloatOperations.Execute(opcode, spec.Pack(), a | upper, b | upper, c | upper, ref flags);
                Assert.That(actual, Is.EqualTo(boxed ? expected | resultBox : expected), $"{spec} {a:x} {b:x} {c:x} seed {seed}");
                Assert.That((FloatFlags)flags, Is.EqualTo(context.Flags), $"{spec} {a:x} {b:x} {c:x} flags {before} seed {seed}");
            }
        }
    }

    [Test]
    public void What_is_not_boxed_counts_as_the_default_NaN()
    {
        var spec = new FloatSpec(FloatFormat.Binary32) { Variant = FloatVariant.Boxed };
        ulong one = 0xffff_ffff_3f80_0000;
        ulong flags = 0;
        Assert.That(FloatOperations.Execute(Opcode.FAdd, spec.Pack(), one, 0x3f80_0000, 0, ref flags), Is.EqualTo(0xffff_ffff_7fc0_0000));
        Assert.That(FloatOperations.Execute(Opcode.FMin, spec.Pack(), one, 0x7fff_ffff_3f80_0000, 0, ref flags), Is.EqualTo(one));
        Assert.That(FloatOperations.Execute(Opcode.FClassify, spec.Pack(), 0xffff_fffe_3f80_0000, 0, 0, ref flags), Is.EqualTo(1 << 9));
        Assert.That(flags, Is.Zero);
    }

    [Test]
    public void Generated_code_gets_the_same_static_method_for_the_same_spec()
    {
        foreach (var data in Operations())
        {
            var (opcode, spec) = ((Opcode)data.Arguments[0]!, (FloatSpec)data.Arguments[1]!);
            var method = FloatOperations.MethodFor(opcode, spec.Pack());
            Assert.That(method, Is.EqualTo(FloatOperations.MethodFor(opcode, spec.Pack())));
            Assert.That(method.IsStatic && method.GetParameters().Length == 5 && method.ReturnType == typeof(ulong), opcode.ToString());
            Assert.That(method.MethodImplementationFlags.HasFlag(MethodImplAttributes.NoInlining), method.Name);
        }
    }

    private static IEnumerable<(string Name, Opcode Opcode, FloatSpec Spec)> Named(FloatFormat format)
    {
        string f = Formats[format].Suffix;
        var spec = new FloatSpec(format);
        yield return ($"add.{f}", Opcode.FAdd, spec);
        yield return ($"sub.{f}", Opcode.FSub, spec);
        yield return ($"mul.{f}", Opcode.FMul, spec);
        yield return ($"div.{f}", Opcode.FDiv, spec);
        yield return ($"sqrt.{f}", Opcode.FSqrt, spec);
        yield return ($"madd.{f}", Opcode.FMulAdd, spec);
        yield return ($"msub.{f}", Opcode.FMulAdd, spec with { Variant = FloatVariant.NegateAddend });
        yield return ($"nmsub.{f}", Opcode.FMulAdd, spec with { Variant = FloatVariant.NegateProduct });
        yield return ($"nmadd.{f}", Opcode.FMulAdd, spec with { Variant = FloatVariant.NegateProduct | FloatVariant.NegateAddend });
        yield return ($"min.{f}", Opcode.FMin, spec);
        yield return ($"max.{f}", Opcode.FMax, spec);
        yield return ($"eq.{f}", Opcode.FCompare, spec);
        yield return ($"lt.{f}", Opcode.FCompare, spec with { Relation = FloatRelation.Less });
        yield return ($"le.{f}", Opcode.FCompare, spec with { Relation = FloatRelation.LessOrEqual });
        yield return ($"class.{f}", Opcode.FClassify, spec);
        foreach (var (kind, name) in ((IntegerKind, string)[])
            [(IntegerKind.Int32, "w"), (IntegerKind.UInt32, "wu"), (IntegerKind.Int64, "l"), (IntegerKind.UInt64, "lu")])
        {
            yield return ($"cvt.{name}.{f}", Opcode.FToInteger, spec with { Integer = kind });
            yield return ($"cvt.{f}.{name}", Opcode.IntegerToF, spec with { Integer = kind });
        }

        foreach (var source in Formats.Keys.Where(source => source != format))
        {
            yield return ($"cvt.{f}.{Formats[source].Suffix}", Opcode.FConvert, spec with { Source = source });
        }
    }
}

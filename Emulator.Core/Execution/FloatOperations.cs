using System.Diagnostics;
using System.Reflection;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <summary>The code of one floating-point operation: operands and result as slots hold them.</summary>
/// <param name="a">First operand.</param>
/// <param name="b">Second operand.</param>
/// <param name="c">Third operand.</param>
/// <param name="spec">The packed <see cref="FloatSpec"/>; the part that chose the method is not looked at again.</param>
/// <param name="flags">The hart's accumulated <see cref="FloatFlags"/>.</param>
internal delegate ulong FloatOperation(ulong a, ulong b, ulong c, long spec, ref ulong flags);

/// <summary>
/// What executes the IR's floating-point operations, for every engine: a table from operation and spec to a static method. Formats and
/// kinds are type arguments, so that the JIT compiles each method for one of them; the rounding mode is read from the spec, except in
/// the methods for rounding to nearest even, which try the host's arithmetic first.
/// </summary>
internal static partial class FloatOperations
{
    private const int RoundingShift = 8;
    private const int OperationCount = Opcode.FClassify - Opcode.FAdd + 1;
    private const int KeyBits = 9;

    private static readonly FloatOperation?[] Methods = new FloatOperation?[OperationCount << KeyBits];

    /// <summary>Computes an operation.</summary>
    public static ulong Execute(Opcode opcode, long spec, ulong a, ulong b, ulong c, ref ulong flags) =>
        DelegateFor(opcode, spec)(a, b, c, spec, ref flags);

    /// <summary>The static method, of <see cref="FloatOperation"/>'s signature, that generated code calls.</summary>
    public static MethodInfo MethodFor(Opcode opcode, long spec) => DelegateFor(opcode, spec).Method;

    private static FloatOperation DelegateFor(Opcode opcode, long packed)
    {
        var spec = FloatSpec.Unpack(packed);
        ref var entry = ref Methods[((opcode - Opcode.FAdd) << KeyBits) | Key(opcode, spec)];
        return entry ??= Choose(opcode, spec);
    }

    // bits 0-1 format, 2 boxed, 3 nearest even, from 4 whatever else the operation looks at
    private static int Key(Opcode opcode, FloatSpec spec)
    {
        int variant = (int)spec.Variant;
        int detail = opcode switch
        {
            Opcode.FMulAdd => variant & (int)(FloatVariant.NegateProduct | FloatVariant.NegateAddend),
            Opcode.FMin or Opcode.FMax => (spec.Variant & FloatVariant.Propagate) != 0 ? 1 : 0,
            Opcode.FRound => (spec.Variant & FloatVariant.SignalInexact) != 0 ? 1 : 0,
            Opcode.FCompare => ((int)spec.Relation << 1) | ((spec.Variant & FloatVariant.Quiet) != 0 ? 1 : 0),
            Opcode.FToInteger => ((int)spec.Integer << 1) | ((spec.Variant & FloatVariant.Modular) != 0 ? 1 : 0),
            Opcode.IntegerToF => (int)spec.Integer,
            Opcode.FConvert => (int)spec.Source,
            _ => 0,
        };
        return (int)spec.Format | (IsBoxed(spec) ? 4 : 0) | (IsNearestEven(spec) ? 8 : 0) | (detail << 4);
    }

    private static FloatOperation Choose(Opcode opcode, FloatSpec spec) => (spec.Format, IsBoxed(spec)) switch
    {
        (FloatFormat.Binary16, false) => Choose<Binary16, Raw>(opcode, spec),
        (FloatFormat.Binary16, true) => Choose<Binary16, Boxed>(opcode, spec),
        (FloatFormat.Binary32, false) => Choose<Binary32, Raw>(opcode, spec),
        (FloatFormat.Binary32, true) => Choose<Binary32, Boxed>(opcode, spec),
        (FloatFormat.Binary64, false) => Choose<Binary64, Raw>(opcode, spec),
        (FloatFormat.Binary64, true) => Choose<Binary64, Boxed>(opcode, spec),
        _ => throw new UnreachableException($"{spec.Format} is not a format"),
    };

    private static FloatOperation Choose<T, TForm>(Opcode opcode, FloatSpec spec)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm => opcode switch
        {
            Opcode.FAdd => ChooseBinary<Addition, T, TForm>(spec),
            Opcode.FSub => ChooseBinary<Subtraction, T, TForm>(spec),
            Opcode.FMul => ChooseBinary<Multiplication, T, TForm>(spec),
            Opcode.FDiv => ChooseBinary<Division, T, TForm>(spec),
            Opcode.FSqrt => IsHostMethod<T>(spec) ? SquareRootNearest<T, TForm> : SquareRoot<T, TForm>,
            Opcode.FMulAdd => ChooseFused<T, TForm>(spec),
            Opcode.FMin or Opcode.FMax => ChooseMinimum<T, TForm>(opcode, spec),
            Opcode.FCompare => ChooseComparison<T, TForm>(spec),
            Opcode.FToInteger => ChooseToInteger<T, TForm>(spec),
            Opcode.IntegerToF => ChooseFromInteger<T, TForm>(spec),
            Opcode.FConvert => ChooseConversion<T, TForm>(spec),
            Opcode.FRound => (spec.Variant & FloatVariant.SignalInexact) != 0 ? RoundExact<T, TForm> : Round<T, TForm>,
            Opcode.FClassify => Classify<T, TForm>,
            _ => throw new UnreachableException($"{opcode} is not a floating-point operation"),
        };

    private static bool IsBoxed(FloatSpec spec) => (spec.Variant & FloatVariant.Boxed) != 0;

    private static bool IsNearestEven(FloatSpec spec) => spec.Rounding == RoundingMode.NearestEven;

    private static bool IsHostMethod<T>(FloatSpec spec)
        where T : struct, IFloatFormat => IsNearestEven(spec) && typeof(T) != typeof(Binary16);

    private static FloatContext Begin(long spec, ulong flags) =>
        new((RoundingMode)(byte)(spec >> RoundingShift), (FloatFlags)flags, FloatBehavior.None);
}

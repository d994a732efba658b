using System.Collections.Immutable;
using System.Globalization;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;
using static Emulator.Arch.RiscV.Instructions.FloatFormats;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Additional floating-point instructions: Zfa (Unpriv. spec, "Zfa").</summary>
internal static class AdditionalFloat
{
    private const int MinimumNormal = 1;
    private const int Infinity = 30;
    private const int Nan = 31;

    // The table of FLI; NaN stands for the least positive normal number of the format where it is not the last.
    private static readonly double[] Constants =
    [
        -1, double.NaN, 1.0 / 65536, 1.0 / 32768, 1.0 / 256, 1.0 / 128, 0.0625, 0.125,
        0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875,
        1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4,
        8, 16, 128, 256, 32768, 65536, double.PositiveInfinity, double.NaN,
    ];

    private static readonly OperandFormat FormatConstant =
        new("rd, imm", FloatRd, new ImmediateField("imm", new("4:0@19", false), static (value, _) => ConstantName(value)));

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. Of(FloatWidth.Single),
        .. Of(FloatWidth.Double),
        .. Of(FloatWidth.Half),

        .. InstructionSet.Of(Requirement.AllOf(D, Zfa),

            // mnemonic               funct7  type  rs1   rm  rd    opcode
            ToXTruncating("fcvtmod.w.d", "1100001 01000 ..... 001 ..... 1010011", static (l, i) => l.SetX(i.Rd, Modular(l, i)))),

        .. InstructionSet.Of(Requirement.AllOf(D, Zfa), BaseWidth.Rv32,
            ReadsToX("fmvh.x.d", "1110001 00001 ..... 000 ..... 1010011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrS(l.F(i.Rs1), 32))),
            FromPair("fmvp.d.x", "1011001 ..... ..... 000 ..... 1010011", static (l, i) => l.SetF(i.Rd, l.Ir.Or(l.Ir.ZeroExtend32(l.X(i.Rs1)), l.Ir.Shl(l.X(i.Rs2), 32))))),
    ];

    private static ImmutableArray<InstructionDefinition> Of(FloatWidth w) =>
        InstructionSet.Of(w.With(Zfa),
            Writes($"fli.{w.Suffix}",        $"11110 {w.Code} 00001 ..... 000 ..... 1010011", FormatConstant, (l, i) => l.SetF(i.Rd, ConstantBits(w, i.Immediate) | w.Box)),
            Exact($"fminm.{w.Suffix}",       $"00101 {w.Code} ..... ..... 010 ..... 1010011", (l, i) => Propagate(l, i, w, Opcode.FMin)),
            Exact($"fmaxm.{w.Suffix}",       $"00101 {w.Code} ..... ..... 011 ..... 1010011", (l, i) => Propagate(l, i, w, Opcode.FMax)),
            Rounded1($"fround.{w.Suffix}",   $"01000 {w.Code} 00100 ..... ... ..... 1010011", (l, i) => Round(l, i, w, FloatVariant.None)),
            Rounded1($"froundnx.{w.Suffix}", $"01000 {w.Code} 00101 ..... ... ..... 1010011", (l, i) => Round(l, i, w, FloatVariant.SignalInexact)),
            Compare($"fleq.{w.Suffix}",      $"10100 {w.Code} ..... ..... 100 ..... 1010011", (l, i) => HoldsQuietly(l, i, w, FloatRelation.LessOrEqual)),
            Compare($"fltq.{w.Suffix}",      $"10100 {w.Code} ..... ..... 101 ..... 1010011", (l, i) => HoldsQuietly(l, i, w, FloatRelation.Less)));

    private static void Propagate(RiscVLifter l, Operands i, FloatWidth w, Opcode opcode) =>
        l.SetF(i.Rd, l.Ir.Float(opcode, l.Spec(w, i, FloatVariant.Propagate), l.F(i.Rs1), l.F(i.Rs2)));

    private static void Round(RiscVLifter l, Operands i, FloatWidth w, FloatVariant variant) =>
        l.SetF(i.Rd, l.Ir.Float(Opcode.FRound, l.Spec(w, i, variant), l.F(i.Rs1)));

    private static void HoldsQuietly(RiscVLifter l, Operands i, FloatWidth w, FloatRelation relation) =>
        l.SetX(i.Rd, l.Ir.Float(Opcode.FCompare, l.Spec(w, i, FloatVariant.Quiet) with { Relation = relation }, l.F(i.Rs1), l.F(i.Rs2)));

    private static Value Modular(RiscVLifter l, Operands i)
    {
        var spec = new FloatSpec(FloatFormat.Binary64, RoundingMode.TowardZero) { Integer = IntegerKind.Int32, Variant = FloatVariant.Modular };
        return l.Ir.Float(Opcode.FToInteger, spec, l.F(i.Rs1));
    }

    // 65536 is beyond binary16 and becomes infinity there
    internal static long ConstantBits(FloatWidth w, int index) => (index, w.Format) switch
    {
        (Nan, _) => w.DefaultNan,
        (MinimumNormal, FloatFormat.Binary16) => 1L << 10,
        (MinimumNormal, FloatFormat.Binary32) => 1L << 23,
        (MinimumNormal, _) => 1L << 52,
        (_, FloatFormat.Binary16) => BitConverter.HalfToUInt16Bits((Half)Constants[index]),
        (_, FloatFormat.Binary32) => BitConverter.SingleToUInt32Bits((float)Constants[index]),
        _ => BitConverter.DoubleToInt64Bits(Constants[index]),
    };

    private static string ConstantName(int index) => index switch
    {
        MinimumNormal => "min",
        Infinity => "inf",
        Nan => "nan",
        _ => Constants[index].ToString("R", CultureInfo.InvariantCulture),
    };
}

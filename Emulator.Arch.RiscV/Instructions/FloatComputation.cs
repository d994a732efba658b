using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Instructions.FloatFormats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Arithmetic, sign injection, comparison and classification of F, D and Zfh, one set of rows for the three formats.</summary>
internal static class FloatComputation
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
        [.. Of(FloatWidth.Single), .. Of(FloatWidth.Double), .. Of(FloatWidth.Half)];

    private static ImmutableArray<InstructionDefinition> Of(FloatWidth w) => InstructionSet.Of(w.Extension,

        // mnemonic             rs3  fmt      rs2   rs1   rm  rd    opcode
        Fused($"fmadd.{w.Suffix}",  $"..... {w.Code} ..... ..... ... ..... 1000011", (l, i) => MultiplyAdd(l, i, w, FloatVariant.None)),
        Fused($"fmsub.{w.Suffix}",  $"..... {w.Code} ..... ..... ... ..... 1000111", (l, i) => MultiplyAdd(l, i, w, FloatVariant.NegateAddend)),
        Fused($"fnmsub.{w.Suffix}", $"..... {w.Code} ..... ..... ... ..... 1001011", (l, i) => MultiplyAdd(l, i, w, FloatVariant.NegateProduct)),
        Fused($"fnmadd.{w.Suffix}", $"..... {w.Code} ..... ..... ... ..... 1001111", (l, i) => MultiplyAdd(l, i, w, FloatVariant.NegateProduct | FloatVariant.NegateAddend)),

        // mnemonic             funct5 fmt    rs2   rs1   rm  rd    opcode
        Rounded($"fadd.{w.Suffix}",   $"00000 {w.Code} ..... ..... ... ..... 1010011", (l, i) => Compute(l, i, w, Opcode.FAdd)),
        Rounded($"fsub.{w.Suffix}",   $"00001 {w.Code} ..... ..... ... ..... 1010011", (l, i) => Compute(l, i, w, Opcode.FSub)),
        Rounded($"fmul.{w.Suffix}",   $"00010 {w.Code} ..... ..... ... ..... 1010011", (l, i) => Compute(l, i, w, Opcode.FMul)),
        Rounded($"fdiv.{w.Suffix}",   $"00011 {w.Code} ..... ..... ... ..... 1010011", (l, i) => Compute(l, i, w, Opcode.FDiv)),
        Rounded1($"fsqrt.{w.Suffix}", $"01011 {w.Code} 00000 ..... ... ..... 1010011", (l, i) => l.SetF(i.Rd, l.Ir.Float(Opcode.FSqrt, l.Spec(w, i), l.F(i.Rs1)))),
        Exact($"fmin.{w.Suffix}",     $"00101 {w.Code} ..... ..... 000 ..... 1010011", (l, i) => Compute(l, i, w, Opcode.FMin)),
        Exact($"fmax.{w.Suffix}",     $"00101 {w.Code} ..... ..... 001 ..... 1010011", (l, i) => Compute(l, i, w, Opcode.FMax)),

        Exact($"fsgnj.{w.Suffix}",    $"00100 {w.Code} ..... ..... 000 ..... 1010011", (l, i) => InjectSign(l, i, w)),
        Exact($"fsgnjn.{w.Suffix}",   $"00100 {w.Code} ..... ..... 001 ..... 1010011", (l, i) => InjectNegatedSign(l, i, w)),
        Exact($"fsgnjx.{w.Suffix}",   $"00100 {w.Code} ..... ..... 010 ..... 1010011", (l, i) => InjectSignProduct(l, i, w)),

        Compare($"fle.{w.Suffix}",    $"10100 {w.Code} ..... ..... 000 ..... 1010011", (l, i) => Holds(l, i, w, FloatRelation.LessOrEqual)),
        Compare($"flt.{w.Suffix}",    $"10100 {w.Code} ..... ..... 001 ..... 1010011", (l, i) => Holds(l, i, w, FloatRelation.Less)),
        Compare($"feq.{w.Suffix}",    $"10100 {w.Code} ..... ..... 010 ..... 1010011", (l, i) => Holds(l, i, w, FloatRelation.Equal)),
        ReadsToX($"fclass.{w.Suffix}", $"11100 {w.Code} 00000 ..... 001 ..... 1010011", (l, i) => l.SetX(i.Rd, l.Ir.Float(Opcode.FClassify, l.Spec(w, i), l.F(i.Rs1)))));

    private static void Compute(RiscVLifter l, Operands i, FloatWidth w, Opcode opcode) =>
        l.SetF(i.Rd, l.Ir.Float(opcode, l.Spec(w, i), l.F(i.Rs1), l.F(i.Rs2)));

    private static void MultiplyAdd(RiscVLifter l, Operands i, FloatWidth w, FloatVariant variant) =>
        l.SetF(i.Rd, l.Ir.Float(Opcode.FMulAdd, l.Spec(w, i, variant), l.F(i.Rs1), l.F(i.Rs2), l.F(i.Rs3)));

    // with rd = x0 the flags remain
    private static void Holds(RiscVLifter l, Operands i, FloatWidth w, FloatRelation relation) =>
        l.SetX(i.Rd, l.Ir.Float(Opcode.FCompare, l.Spec(w, i) with { Relation = relation }, l.F(i.Rs1), l.F(i.Rs2)));

    // FMV: the value itself
    private static void InjectSign(RiscVLifter l, Operands i, FloatWidth w)
    {
        var value = l.UnboxedF(i.Rs1, w);
        l.SetF(i.Rd, i.Rs1 == i.Rs2 ? value : WithSign(l, w, value, l.Ir.And(l.UnboxedF(i.Rs2, w), w.Sign)));
    }

    // FNEG: one bit changed
    private static void InjectNegatedSign(RiscVLifter l, Operands i, FloatWidth w)
    {
        var value = l.UnboxedF(i.Rs1, w);
        l.SetF(i.Rd, i.Rs1 == i.Rs2 ? l.Ir.Xor(value, w.Sign) : WithSign(l, w, value, l.Ir.AndNot(w.Sign, l.UnboxedF(i.Rs2, w))));
    }

    // FABS: one bit cleared
    private static void InjectSignProduct(RiscVLifter l, Operands i, FloatWidth w)
    {
        var value = l.UnboxedF(i.Rs1, w);
        l.SetF(i.Rd, i.Rs1 == i.Rs2 ? l.Ir.And(value, ~w.Sign) : l.Ir.Xor(value, l.Ir.And(l.UnboxedF(i.Rs2, w), w.Sign)));
    }

    private static Value WithSign(RiscVLifter l, FloatWidth w, Value value, Value sign) => l.Ir.Or(l.Ir.And(value, ~w.Sign), sign);
}

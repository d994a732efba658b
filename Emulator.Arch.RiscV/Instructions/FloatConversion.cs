using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Instructions.FloatFormats;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Loads, stores, moves and conversions of F, D, Zfhmin and Zfh.</summary>
internal static class FloatConversion
{
    private static readonly FloatWidth H = FloatWidth.Half;
    private static readonly FloatWidth S = FloatWidth.Single;
    private static readonly FloatWidth D = FloatWidth.Double;

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(Zfhmin,

            // mnemonic       imm[11:0] / funct7 rs2 rs1 f3 rd  opcode
            LoadF("flh",      "............ ..... 001 ..... 0000111",  static (l, i) => l.LoadF(H, i.Rd, i.Rs1, i.Immediate)),
            StoreF("fsh",     "....... ..... ..... 001 ..... 0100111", static (l, i) => l.StoreF(H, i.Rs1, i.Immediate, i.Rs2)),
            ReadsToX("fmv.x.h", "1110010 00000 ..... 000 ..... 1010011", static (l, i) => l.SetX(i.Rd, l.Ir.SignExtend16(l.F(i.Rs1)))),
            FromX("fmv.h.x",  "1111010 00000 ..... 000 ..... 1010011", static (l, i) => l.SetF(i.Rd, l.Boxed(H, l.X(i.Rs1)))),
            Rounded1("fcvt.s.h", "0100000 00010 ..... ... ..... 1010011", static (l, i) => Convert(l, i, S, H)),
            Rounded1("fcvt.h.s", "0100010 00000 ..... ... ..... 1010011", static (l, i) => Convert(l, i, H, S))),

        .. InstructionSet.Of(Requirement.AllOf(Zfhmin, RiscVExtension.D),
            Rounded1("fcvt.d.h", "0100001 00010 ..... ... ..... 1010011", static (l, i) => Convert(l, i, D, H)),
            Rounded1("fcvt.h.d", "0100010 00001 ..... ... ..... 1010011", static (l, i) => Convert(l, i, H, D))),

        .. InstructionSet.Of(F,
            LoadF("flw",      "............ ..... 010 ..... 0000111",  static (l, i) => l.LoadF(S, i.Rd, i.Rs1, i.Immediate)),
            StoreF("fsw",     "....... ..... ..... 010 ..... 0100111", static (l, i) => l.StoreF(S, i.Rs1, i.Immediate, i.Rs2)),
            ReadsToX("fmv.x.w", "1110000 00000 ..... 000 ..... 1010011", static (l, i) => l.SetX(i.Rd, l.Ir.SignExtend32(l.F(i.Rs1)))),
            FromX("fmv.w.x",  "1111000 00000 ..... 000 ..... 1010011", static (l, i) => l.SetF(i.Rd, l.Boxed(S, l.X(i.Rs1))))),

        .. InstructionSet.Of(RiscVExtension.D,
            LoadF("fld",      "............ ..... 011 ..... 0000111",  static (l, i) => l.LoadF(D, i.Rd, i.Rs1, i.Immediate)),
            StoreF("fsd",     "....... ..... ..... 011 ..... 0100111", static (l, i) => l.StoreF(D, i.Rs1, i.Immediate, i.Rs2)),
            Rounded1("fcvt.s.d", "0100000 00001 ..... ... ..... 1010011", static (l, i) => Convert(l, i, S, D)),
            Rounded1("fcvt.d.s", "0100001 00000 ..... ... ..... 1010011", static (l, i) => Convert(l, i, D, S))),

        .. InstructionSet.Of(RiscVExtension.D, BaseWidth.Rv64,
            ReadsToX("fmv.x.d", "1110001 00000 ..... 000 ..... 1010011", static (l, i) => l.SetX(i.Rd, l.F(i.Rs1))),
            FromX("fmv.d.x",  "1111001 00000 ..... 000 ..... 1010011", static (l, i) => l.SetF(i.Rd, l.X(i.Rs1)))),

        .. Integers(S),
        .. Integers(D),
        .. Integers(H),
    ];

    private static ImmutableArray<InstructionDefinition> Integers(FloatWidth w) =>
    [
        .. InstructionSet.Of(w.Extension,

            // mnemonic                 funct5 fmt    type  rs1   rm  rd    opcode
            ToX($"fcvt.w.{w.Suffix}",  $"11000 {w.Code} 00000 ..... ... ..... 1010011", (l, i) => ToInteger(l, i, w, IntegerKind.Int32)),
            ToX($"fcvt.wu.{w.Suffix}", $"11000 {w.Code} 00001 ..... ... ..... 1010011", (l, i) => ToInteger(l, i, w, IntegerKind.UInt32)),
            FromXRounded($"fcvt.{w.Suffix}.w",  $"11010 {w.Code} 00000 ..... ... ..... 1010011", (l, i) => FromInteger(l, i, w, IntegerKind.Int32)),
            FromXRounded($"fcvt.{w.Suffix}.wu", $"11010 {w.Code} 00001 ..... ... ..... 1010011", (l, i) => FromInteger(l, i, w, IntegerKind.UInt32))),

        .. InstructionSet.Of(w.Extension, BaseWidth.Rv64,
            ToX($"fcvt.l.{w.Suffix}",  $"11000 {w.Code} 00010 ..... ... ..... 1010011", (l, i) => ToInteger(l, i, w, IntegerKind.Int64)),
            ToX($"fcvt.lu.{w.Suffix}", $"11000 {w.Code} 00011 ..... ... ..... 1010011", (l, i) => ToInteger(l, i, w, IntegerKind.UInt64)),
            FromXRounded($"fcvt.{w.Suffix}.l",  $"11010 {w.Code} 00010 ..... ... ..... 1010011", (l, i) => FromInteger(l, i, w, IntegerKind.Int64)),
            FromXRounded($"fcvt.{w.Suffix}.lu", $"11010 {w.Code} 00011 ..... ... ..... 1010011", (l, i) => FromInteger(l, i, w, IntegerKind.UInt64))),
    ];

    private static void Convert(RiscVLifter l, Operands i, FloatWidth to, FloatWidth from) =>
        l.SetF(i.Rd, l.Ir.Float(Opcode.FConvert, l.Spec(to, i) with { Source = from.Format }, l.F(i.Rs1)));

    private static void ToInteger(RiscVLifter l, Operands i, FloatWidth w, IntegerKind kind) =>
        l.SetX(i.Rd, l.Ir.Float(Opcode.FToInteger, l.Spec(w, i) with { Integer = kind }, l.F(i.Rs1)));

    private static void FromInteger(RiscVLifter l, Operands i, FloatWidth w, IntegerKind kind) =>
        l.SetF(i.Rd, l.Ir.Float(Opcode.IntegerToF, l.Spec(w, i) with { Integer = kind }, l.X(i.Rs1)));
}

using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;
using F = Emulator.Arch.RiscV.Decoding.CompressedFormats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Further compressed instructions, Zcb (Unpriv. spec "Zc Extensions"); some need the extension of their long form too.</summary>
internal static class CompressedExtra
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(Zcb,
            C("c.lbu",    "100 000 ... .. ... 00",  F.LoadByte, static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load8U, i.Rs1, i.Immediate))),
            C("c.lhu",    "100 001 ... 0. ... 00",  F.LoadHalf, static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load16U, i.Rs1, i.Immediate))),
            C("c.lh",     "100 001 ... 1. ... 00",  F.LoadHalf, static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load16S, i.Rs1, i.Immediate))),
            C("c.sb",     "100 010 ... .. ... 00",  F.StoreByte, static (l, i) => l.Store(Opcode.Store8, i.Rs1, i.Immediate, l.X(i.Rs2))),
            C("c.sh",     "100 011 ... 0. ... 00",  F.StoreHalf, static (l, i) => l.Store(Opcode.Store16, i.Rs1, i.Immediate, l.X(i.Rs2))),
            C("c.zext.b", "100 111 ... 11 000 01",  F.Unary, static (l, i) => l.SetX(i.Rd, l.Ir.ZeroExtend8(l.X(i.Rs1)))),
            C("c.not",    "100 111 ... 11 101 01",  F.Unary, static (l, i) => l.SetX(i.Rd, l.Ir.Xor(l.X(i.Rs1), -1)))),

        .. InstructionSet.Of(Requirement.AllOf(Zcb, Zbb),
            C("c.sext.b", "100 111 ... 11 001 01",  F.Unary, static (l, i) => l.SetX(i.Rd, l.Ir.SignExtend8(l.X(i.Rs1)))),
            C("c.zext.h", "100 111 ... 11 010 01",  F.Unary, static (l, i) => l.SetX(i.Rd, l.Ir.ZeroExtend16(l.X(i.Rs1)))),
            C("c.sext.h", "100 111 ... 11 011 01",  F.Unary, static (l, i) => l.SetX(i.Rd, l.Ir.SignExtend16(l.X(i.Rs1))))),

        .. InstructionSet.Of(Requirement.AllOf(Zcb, Zba), BaseWidth.Rv64,
            C("c.zext.w", "100 111 ... 11 100 01",  F.Unary, static (l, i) => l.SetX(i.Rd, l.Ir.ZeroExtend32(l.X(i.Rs1))))),

        .. InstructionSet.Of(Requirement.AllOf(Zcb, M),
            C("c.mul",    "100 111 ... 10 ... 01",  F.Arithmetic, static (l, i) => l.SetX(i.Rd, l.MulX(l.X(i.Rs1), l.X(i.Rs2))))),
    ];

    private static InstructionDefinition C(string mnemonic, string pattern, OperandFormat format, Lift lift) => new(mnemonic, pattern, format, lift);
}

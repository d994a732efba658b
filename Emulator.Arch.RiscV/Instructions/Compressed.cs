using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;
using F = Emulator.Arch.RiscV.Decoding.CompressedFormats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>
/// Compressed integer instructions, Zca (Unpriv. spec "C Extension"). Reserved encodings are exceptions of their rows; hints do what
/// the instruction they look like does.
/// </summary>
internal static class Compressed
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.Zca,

            // quadrant 0
            C("c.addi4spn", "000 ........ ... 00",   F.AddToSp, static (l, i) => l.SetX(i.Rd, l.AddX(l.X(i.Rs1), i.Immediate)))
                .Except(    "000 00000000 ... 00"),
            C("c.lw",       "010 ... ... .. ... 00", F.LoadWord, static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load32S, i.Rs1, i.Immediate))),
            C("c.sw",       "110 ... ... .. ... 00", F.StoreWord, static (l, i) => l.Store(Opcode.Store32, i.Rs1, i.Immediate, l.X(i.Rs2))),

            // quadrant 1
            C("c.nop",      "000 . 00000 ..... 01",  F.Nop, static (l, i) => { }),
            C("c.addi",     "000 . ..... ..... 01",  F.AddImmediate, static (l, i) => l.SetX(i.Rd, l.AddX(l.X(i.Rs1), i.Immediate))),
            C("c.li",       "010 . ..... ..... 01",  F.LoadImmediate, static (l, i) => l.SetX(i.Rd, i.Immediate)),
            C("c.addi16sp", "011 . 00010 ..... 01",  F.AdjustSp, static (l, i) => l.SetX(i.Rd, l.AddX(l.X(i.Rs1), i.Immediate)))
                .Except(    "011 0 00010 00000 01"),
            C("c.lui",      "011 . ..... ..... 01",  F.LoadUpper, static (l, i) => l.SetX(i.Rd, i.Immediate))
                .Except(    "011 0 ..... 00000 01",  "011 . 00010 ..... 01"),
            C("c.andi",     "100 . 10 ... ..... 01", F.AndImmediate, static (l, i) => l.SetX(i.Rd, l.Ir.And(l.X(i.Rs1), i.Immediate))),
            C("c.sub",      "100 0 11 ... 00 ... 01", F.Arithmetic, static (l, i) => l.SetX(i.Rd, l.SubX(l.X(i.Rs1), l.X(i.Rs2)))),
            C("c.xor",      "100 0 11 ... 01 ... 01", F.Arithmetic, static (l, i) => l.SetX(i.Rd, l.Ir.Xor(l.X(i.Rs1), l.X(i.Rs2)))),
            C("c.or",       "100 0 11 ... 10 ... 01", F.Arithmetic, static (l, i) => l.SetX(i.Rd, l.Ir.Or(l.X(i.Rs1), l.X(i.Rs2)))),
            C("c.and",      "100 0 11 ... 11 ... 01", F.Arithmetic, static (l, i) => l.SetX(i.Rd, l.Ir.And(l.X(i.Rs1), l.X(i.Rs2)))),
            C("c.j",        "101 ........... 01",    F.Jump, static (l, i) => l.Jump(i.Rd, i.Immediate)),
            C("c.beqz",     "110 ... ... ..... 01",  F.Branch, static (l, i) => l.Branch(Opcode.BranchEq, i.Rs1, 0, i.Immediate)),
            C("c.bnez",     "111 ... ... ..... 01",  F.Branch, static (l, i) => l.Branch(Opcode.BranchNe, i.Rs1, 0, i.Immediate)),

            // quadrant 2
            C("c.lwsp",     "010 . ..... ..... 10",  F.LoadWordSp, static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load32S, i.Rs1, i.Immediate)))
                .Except(    "010 . 00000 ..... 10"),
            C("c.jr",       "100 0 ..... 00000 10",  F.JumpRegister, static (l, i) => l.JumpIndirect(i.Rd, i.Rs1, 0))
                .Except(    "100 0 00000 00000 10"),
            C("c.mv",       "100 0 ..... ..... 10",  F.Move, static (l, i) => l.SetX(i.Rd, l.X(i.Rs2)))
                .Except(    "100 0 ..... 00000 10"),
            C("c.ebreak",   "100 1 00000 00000 10",  F.NoOperands, static (l, i) => SystemInstructions.Breakpoint(l)),
            C("c.jalr",     "100 1 ..... 00000 10",  F.JumpAndLinkRegister, static (l, i) => l.JumpIndirect(i.Rd, i.Rs1, 0)),
            C("c.add",      "100 1 ..... ..... 10",  F.Add, static (l, i) => l.SetX(i.Rd, l.AddX(l.X(i.Rs1), l.X(i.Rs2)))),
            C("c.swsp",     "110 ...... ..... 10",   F.StoreWordSp, static (l, i) => l.Store(Opcode.Store32, i.Rs1, i.Immediate, l.X(i.Rs2)))),

        .. InstructionSet.Of(RiscVExtension.Zca, BaseWidth.Rv32,
            C("c.jal",      "001 ........... 01",    F.JumpAndLink, static (l, i) => l.Jump(i.Rd, i.Immediate)),
            C("c.srli",     "100 0 00 ... ..... 01", F.ShiftRight32, static (l, i) => l.SetX(i.Rd, l.Ir.ShrU32(l.X(i.Rs1), i.Immediate))),
            C("c.srai",     "100 0 01 ... ..... 01", F.ShiftRight32, static (l, i) => l.SetX(i.Rd, l.Ir.ShrS32(l.X(i.Rs1), i.Immediate))),
            C("c.slli",     "000 0 ..... ..... 10",  F.ShiftLeft32, static (l, i) => l.SetX(i.Rd, l.Ir.Shl32(l.X(i.Rs1), i.Immediate)))),

        .. InstructionSet.Of(RiscVExtension.Zca, BaseWidth.Rv64,
            C("c.ld",       "011 ... ... .. ... 00", F.LoadDouble, static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load64, i.Rs1, i.Immediate))),
            C("c.sd",       "111 ... ... .. ... 00", F.StoreDouble, static (l, i) => l.Store(Opcode.Store64, i.Rs1, i.Immediate, l.X(i.Rs2))),
            C("c.addiw",    "001 . ..... ..... 01",  F.AddImmediate, static (l, i) => l.SetX(i.Rd, l.Ir.Add32(l.X(i.Rs1), i.Immediate)))
                .Except(    "001 . 00000 ..... 01"),
            C("c.srli",     "100 . 00 ... ..... 01", F.ShiftRight, static (l, i) => l.SetX(i.Rd, l.Ir.ShrU(l.X(i.Rs1), i.Immediate))),
            C("c.srai",     "100 . 01 ... ..... 01", F.ShiftRight, static (l, i) => l.SetX(i.Rd, l.Ir.ShrS(l.X(i.Rs1), i.Immediate))),
            C("c.subw",     "100 1 11 ... 00 ... 01", F.Arithmetic, static (l, i) => l.SetX(i.Rd, l.Ir.Sub32(l.X(i.Rs1), l.X(i.Rs2)))),
            C("c.addw",     "100 1 11 ... 01 ... 01", F.Arithmetic, static (l, i) => l.SetX(i.Rd, l.Ir.Add32(l.X(i.Rs1), l.X(i.Rs2)))),
            C("c.slli",     "000 . ..... ..... 10",  F.ShiftLeft, static (l, i) => l.SetX(i.Rd, l.Ir.Shl(l.X(i.Rs1), i.Immediate))),
            C("c.ldsp",     "011 . ..... ..... 10",  F.LoadDoubleSp, static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load64, i.Rs1, i.Immediate)))
                .Except(    "011 . 00000 ..... 10"),
            C("c.sdsp",     "111 ...... ..... 10",   F.StoreDoubleSp, static (l, i) => l.Store(Opcode.Store64, i.Rs1, i.Immediate, l.X(i.Rs2)))),
    ];

    private static InstructionDefinition C(string mnemonic, string pattern, OperandFormat format, Lift lift) => new(mnemonic, pattern, format, lift);
}

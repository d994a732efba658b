using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Integer computation of RV32I and RV64I (Unpriv. spec 2.4, 4.2).</summary>
internal static class BaseInteger
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.I,

            // mnemonic imm[11:0]  rs1   f3  rd    opcode
            I("addi",  "............ ..... 000 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.AddX(l.X(i.Rs1), i.Immediate))),
            I("slti",  "............ ..... 010 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.SetLtS(l.X(i.Rs1), i.Immediate))),
            I("sltiu", "............ ..... 011 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.SetLtU(l.X(i.Rs1), i.Immediate))),
            I("xori",  "............ ..... 100 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.Xor(l.X(i.Rs1), i.Immediate))),
            I("ori",   "............ ..... 110 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.Or(l.X(i.Rs1), i.Immediate))),
            I("andi",  "............ ..... 111 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.And(l.X(i.Rs1), i.Immediate))),

            // mnemonic funct7 rs2   rs1   f3  rd    opcode
            R("add",  "0000000 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.AddX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("sub",  "0100000 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.SubX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("sll",  "0000000 ..... ..... 001 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.ShlX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("slt",  "0000000 ..... ..... 010 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.SetLtS(l.X(i.Rs1), l.X(i.Rs2)))),
            R("sltu", "0000000 ..... ..... 011 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.SetLtU(l.X(i.Rs1), l.X(i.Rs2)))),
            R("xor",  "0000000 ..... ..... 100 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.Xor(l.X(i.Rs1), l.X(i.Rs2)))),
            R("srl",  "0000000 ..... ..... 101 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.ShrUX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("sra",  "0100000 ..... ..... 101 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.ShrSX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("or",   "0000000 ..... ..... 110 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.Or(l.X(i.Rs1), l.X(i.Rs2)))),
            R("and",  "0000000 ..... ..... 111 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.And(l.X(i.Rs1), l.X(i.Rs2)))),

            Upper("lui",   ".................... ..... 0110111", static (l, i) => l.SetX(i.Rd, i.Immediate)),
            Upper("auipc", ".................... ..... 0010111", static (l, i) => l.SetX(i.Rd, l.AddressHere(i.Immediate)))),

        .. InstructionSet.Of(RiscVExtension.I, BaseWidth.Rv32,
            Shift5("slli", "0000000 ..... ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.Shl32(l.X(i.Rs1), i.Immediate))),
            Shift5("srli", "0000000 ..... ..... 101 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrU32(l.X(i.Rs1), i.Immediate))),
            Shift5("srai", "0100000 ..... ..... 101 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrS32(l.X(i.Rs1), i.Immediate)))),

        .. InstructionSet.Of(RiscVExtension.I, BaseWidth.Rv64,
            Shift6("slli",  "000000 ...... ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.Shl(l.X(i.Rs1), i.Immediate))),
            Shift6("srli",  "000000 ...... ..... 101 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrU(l.X(i.Rs1), i.Immediate))),
            Shift6("srai",  "010000 ...... ..... 101 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrS(l.X(i.Rs1), i.Immediate))),
            I("addiw",      "............ ..... 000 ..... 0011011",  static (l, i) => l.SetX(i.Rd, l.Ir.Add32(l.X(i.Rs1), i.Immediate))),
            Shift5("slliw", "0000000 ..... ..... 001 ..... 0011011", static (l, i) => l.SetX(i.Rd, l.Ir.Shl32(l.X(i.Rs1), i.Immediate))),
            Shift5("srliw", "0000000 ..... ..... 101 ..... 0011011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrU32(l.X(i.Rs1), i.Immediate))),
            Shift5("sraiw", "0100000 ..... ..... 101 ..... 0011011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrS32(l.X(i.Rs1), i.Immediate))),
            R("addw",       "0000000 ..... ..... 000 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.Add32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("subw",       "0100000 ..... ..... 000 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.Sub32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("sllw",       "0000000 ..... ..... 001 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.Shl32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("srlw",       "0000000 ..... ..... 101 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrU32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("sraw",       "0100000 ..... ..... 101 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.ShrS32(l.X(i.Rs1), l.X(i.Rs2))))),
    ];
}

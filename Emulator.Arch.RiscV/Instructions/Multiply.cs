using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Multiplication and division, M (Unpriv. spec "M Extension"). Division by zero and overflow are as the IR defines them.</summary>
internal static class Multiply
{
    private const int Half = 32;

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.M,

            // mnemonic  funct7  rs2   rs1   f3  rd    opcode
            R("mul",    "0000001 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.MulX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("mulh",   "0000001 ..... ..... 001 ..... 0110011", MultiplyHigh),
            R("mulhsu", "0000001 ..... ..... 010 ..... 0110011", MultiplyHighSignedUnsigned),
            R("mulhu",  "0000001 ..... ..... 011 ..... 0110011", MultiplyHighUnsigned),
            R("div",    "0000001 ..... ..... 100 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.DivSX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("divu",   "0000001 ..... ..... 101 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.DivUX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("rem",    "0000001 ..... ..... 110 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.RemSX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("remu",   "0000001 ..... ..... 111 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.RemUX(l.X(i.Rs1), l.X(i.Rs2))))),

        .. InstructionSet.Of(RiscVExtension.M, BaseWidth.Rv64,
            R("mulw",   "0000001 ..... ..... 000 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.Mul32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("divw",   "0000001 ..... ..... 100 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.DivS32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("divuw",  "0000001 ..... ..... 101 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.DivU32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("remw",   "0000001 ..... ..... 110 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.RemS32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("remuw",  "0000001 ..... ..... 111 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.RemU32(l.X(i.Rs1), l.X(i.Rs2))))),
    ];

    // On RV32 the 64-bit product of registers, extended as each operand is meant, is exact; its high half is wanted sign-extended.
    private static void MultiplyHigh(RiscVLifter l, Operands i)
    {
        var (a, b) = (l.X(i.Rs1), l.X(i.Rs2));
        l.SetX(i.Rd, l.Is32 ? l.Ir.ShrS(l.Ir.Mul(a, b), Half) : l.Ir.MulHighS(a, b));
    }

    private static void MultiplyHighSignedUnsigned(RiscVLifter l, Operands i)
    {
        var (a, b) = (l.X(i.Rs1), l.X(i.Rs2));
        l.SetX(i.Rd, l.Is32 ? l.Ir.ShrS(l.Ir.Mul(a, l.Ir.ZeroExtend32(b)), Half) : l.Ir.MulHighSU(a, b));
    }

    private static void MultiplyHighUnsigned(RiscVLifter l, Operands i)
    {
        var (a, b) = (l.X(i.Rs1), l.X(i.Rs2));
        l.SetX(i.Rd, l.Is32 ? l.Ir.ShrS(l.Ir.Mul(l.Ir.ZeroExtend32(a), l.Ir.ZeroExtend32(b)), Half) : l.Ir.MulHighU(a, b));
    }
}

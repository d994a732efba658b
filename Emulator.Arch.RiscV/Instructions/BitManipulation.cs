using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Address generation, basic bit manipulation and single bits: Zba, Zbb, Zbs (Unpriv. spec, "B" extension).</summary>
internal static class BitManipulation
{
    private const ulong LowBitsOfBytes = 0x7f7f_7f7f_7f7f_7f7f;
    private const int BitsPerByte = 8;

    private static readonly Requirement ZbbOrZbkb = Requirement.AnyOf(Zbb, Zbkb);

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(Zba,

            // mnemonic  funct7  rs2   rs1   f3  rd    opcode
            R("sh1add", "0010000 ..... ..... 010 ..... 0110011", static (l, i) => l.SetX(i.Rd, ShiftAdd(l, l.X(i.Rs1), 1, l.X(i.Rs2)))),
            R("sh2add", "0010000 ..... ..... 100 ..... 0110011", static (l, i) => l.SetX(i.Rd, ShiftAdd(l, l.X(i.Rs1), 2, l.X(i.Rs2)))),
            R("sh3add", "0010000 ..... ..... 110 ..... 0110011", static (l, i) => l.SetX(i.Rd, ShiftAdd(l, l.X(i.Rs1), 3, l.X(i.Rs2))))),

        .. InstructionSet.Of(Zba, BaseWidth.Rv64,
            R("add.uw",       "0000100 ..... ..... 000 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.Add(Word(l, i), l.X(i.Rs2)))),
            R("sh1add.uw",    "0010000 ..... ..... 010 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.ShlAdd(Word(l, i), 1, l.X(i.Rs2)))),
            R("sh2add.uw",    "0010000 ..... ..... 100 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.ShlAdd(Word(l, i), 2, l.X(i.Rs2)))),
            R("sh3add.uw",    "0010000 ..... ..... 110 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.ShlAdd(Word(l, i), 3, l.X(i.Rs2)))),
            Shift6("slli.uw", "000010 ...... ..... 001 ..... 0011011", static (l, i) => l.SetX(i.Rd, l.Ir.Shl(Word(l, i), i.Immediate)))),

        .. InstructionSet.Of(ZbbOrZbkb,
            R("andn", "0100000 ..... ..... 111 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.AndNot(l.X(i.Rs1), l.X(i.Rs2)))),
            R("orn",  "0100000 ..... ..... 110 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.OrNot(l.X(i.Rs1), l.X(i.Rs2)))),
            R("xnor", "0100000 ..... ..... 100 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.XorNot(l.X(i.Rs1), l.X(i.Rs2)))),
            R("rol",  "0110000 ..... ..... 001 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.RotLX(l.X(i.Rs1), l.X(i.Rs2)))),
            R("ror",  "0110000 ..... ..... 101 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.RotRX(l.X(i.Rs1), l.X(i.Rs2))))),

        .. InstructionSet.Of(ZbbOrZbkb, BaseWidth.Rv32,
            Shift5("rori", "0110000 ..... ..... 101 ..... 0010011",    static (l, i) => l.SetX(i.Rd, l.Ir.RotR32(l.X(i.Rs1), i.Immediate))),

            // the four bytes end up reversed in the upper half
            R1("rev8",     "0110100 11000 ..... 101 ..... 0010011",    static (l, i) => l.SetX(i.Rd, l.Ir.ShrS(l.Ir.ByteSwap(l.X(i.Rs1)), 32)))),

        .. InstructionSet.Of(ZbbOrZbkb, BaseWidth.Rv64,
            Shift6("rori",  "011000 ...... ..... 101 ..... 0010011",   static (l, i) => l.SetX(i.Rd, l.Ir.RotR(l.X(i.Rs1), i.Immediate))),
            R1("rev8",      "0110101 11000 ..... 101 ..... 0010011",   static (l, i) => l.SetX(i.Rd, l.Ir.ByteSwap(l.X(i.Rs1)))),
            R("rolw",       "0110000 ..... ..... 001 ..... 0111011",   static (l, i) => l.SetX(i.Rd, l.Ir.RotL32(l.X(i.Rs1), l.X(i.Rs2)))),
            R("rorw",       "0110000 ..... ..... 101 ..... 0111011",   static (l, i) => l.SetX(i.Rd, l.Ir.RotR32(l.X(i.Rs1), l.X(i.Rs2)))),
            Shift5("roriw", "0110000 ..... ..... 101 ..... 0011011",   static (l, i) => l.SetX(i.Rd, l.Ir.RotR32(l.X(i.Rs1), i.Immediate)))),

        .. InstructionSet.Of(Zbb,
            R("min",     "0000101 ..... ..... 100 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.MinS(l.X(i.Rs1), l.X(i.Rs2)))),
            R("minu",    "0000101 ..... ..... 101 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.MinU(l.X(i.Rs1), l.X(i.Rs2)))),
            R("max",     "0000101 ..... ..... 110 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.MaxS(l.X(i.Rs1), l.X(i.Rs2)))),
            R("maxu",    "0000101 ..... ..... 111 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.MaxU(l.X(i.Rs1), l.X(i.Rs2)))),
            R1("clz",    "0110000 00000 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.LeadingZerosX(l.X(i.Rs1)))),
            R1("ctz",    "0110000 00001 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.TrailingZerosX(l.X(i.Rs1)))),
            R1("cpop",   "0110000 00010 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.PopCountX(l.X(i.Rs1)))),
            R1("sext.b", "0110000 00100 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.SignExtend8(l.X(i.Rs1)))),
            R1("sext.h", "0110000 00101 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.SignExtend16(l.X(i.Rs1)))),
            R1("orc.b",  "0010100 00111 ..... 101 ..... 0010011", static (l, i) => l.SetX(i.Rd, OrCombine(l, l.X(i.Rs1))))),

        .. InstructionSet.Of(Zbb, BaseWidth.Rv32,
            R1("zext.h", "0000100 00000 ..... 100 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.ZeroExtend16(l.X(i.Rs1))))),

        .. InstructionSet.Of(Zbb, BaseWidth.Rv64,
            R1("zext.h", "0000100 00000 ..... 100 ..... 0111011", static (l, i) => l.SetX(i.Rd, l.Ir.ZeroExtend16(l.X(i.Rs1)))),
            R1("clzw",   "0110000 00000 ..... 001 ..... 0011011", static (l, i) => l.SetX(i.Rd, l.Ir.LeadingZeros32(l.X(i.Rs1)))),
            R1("ctzw",   "0110000 00001 ..... 001 ..... 0011011", static (l, i) => l.SetX(i.Rd, l.Ir.TrailingZeros32(l.X(i.Rs1)))),
            R1("cpopw",  "0110000 00010 ..... 001 ..... 0011011", static (l, i) => l.SetX(i.Rd, l.Ir.PopCount32(l.X(i.Rs1))))),

        .. InstructionSet.Of(Zbs,
            R("bclr", "0100100 ..... ..... 001 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.AndNot(l.X(i.Rs1), l.ShlX(1, l.X(i.Rs2))))),
            R("bext", "0100100 ..... ..... 101 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.And(l.ShrUX(l.X(i.Rs1), l.X(i.Rs2)), 1))),
            R("binv", "0110100 ..... ..... 001 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.Xor(l.X(i.Rs1), l.ShlX(1, l.X(i.Rs2))))),
            R("bset", "0010100 ..... ..... 001 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.Or(l.X(i.Rs1), l.ShlX(1, l.X(i.Rs2)))))),

        .. InstructionSet.Of(Zbs, BaseWidth.Rv32,
            Shift5("bclri", "0100100 ..... ..... 001 ..... 0010011", BclrImmediate),
            Shift5("bexti", "0100100 ..... ..... 101 ..... 0010011", BextImmediate),
            Shift5("binvi", "0110100 ..... ..... 001 ..... 0010011", BinvImmediate),
            Shift5("bseti", "0010100 ..... ..... 001 ..... 0010011", BsetImmediate)),

        .. InstructionSet.Of(Zbs, BaseWidth.Rv64,
            Shift6("bclri", "010010 ...... ..... 001 ..... 0010011", BclrImmediate),
            Shift6("bexti", "010010 ...... ..... 101 ..... 0010011", BextImmediate),
            Shift6("binvi", "011010 ...... ..... 001 ..... 0010011", BinvImmediate),
            Shift6("bseti", "001010 ...... ..... 001 ..... 0010011", BsetImmediate)),
    ];

    private static void BclrImmediate(RiscVLifter l, Operands i) => l.SetX(i.Rd, l.Ir.AndNot(l.X(i.Rs1), l.ShlX(1, i.Immediate)));

    private static void BextImmediate(RiscVLifter l, Operands i) => l.SetX(i.Rd, l.Ir.And(l.ShrUX(l.X(i.Rs1), i.Immediate), 1));

    private static void BinvImmediate(RiscVLifter l, Operands i) => l.SetX(i.Rd, l.Ir.Xor(l.X(i.Rs1), l.ShlX(1, i.Immediate)));

    private static void BsetImmediate(RiscVLifter l, Operands i) => l.SetX(i.Rd, l.Ir.Or(l.X(i.Rs1), l.ShlX(1, i.Immediate)));

    private static Value Word(RiscVLifter l, Operands i) => l.Ir.ZeroExtend32(l.X(i.Rs1));

    private static Value ShiftAdd(RiscVLifter l, Value a, int shift, Value b) =>
        l.Is32 ? l.Ir.Add32(l.Ir.Shl(a, shift), b) : l.Ir.ShlAdd(a, shift, b);

    /// <summary>
    /// Each byte to 0 or 255. Adding 127 to the low seven bits carries into the top bit unless they are 0; the top bits h alone, moved to
    /// the bottom of each byte, times 255 fill it: (h &lt;&lt; 8) - h.
    /// </summary>
    private static Value OrCombine(RiscVLifter l, Value a)
    {
        var ir = l.Ir;
        var carries = ir.Add(ir.And(a, (long)LowBitsOfBytes), (long)LowBitsOfBytes);
        var tops = ir.AndNot(ir.Or(carries, a), (long)LowBitsOfBytes);
        var bits = ir.ShrU(tops, BitsPerByte - 1);
        return l.SubX(ir.Shl(bits, BitsPerByte), bits);
    }
}

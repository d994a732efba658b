using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>SHA-2 and SM3: Zknh, Zksh (Scalar Cryptography specification, 2.7, 2.9). The amounts are FIPS 180-4's and GB/T 32905's.</summary>
internal static class ScalarHashes
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(Zknh,

            // mnemonic       funct7  funct5 rs1  f3  rd    opcode
            R1("sha256sum0", "0001000 00000 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Sum256(l, l.X(i.Rs1), 2, 13, 22))),
            R1("sha256sum1", "0001000 00001 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Sum256(l, l.X(i.Rs1), 6, 11, 25))),
            R1("sha256sig0", "0001000 00010 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Sigma256(l, l.X(i.Rs1), 7, 18, 3))),
            R1("sha256sig1", "0001000 00011 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Sigma256(l, l.X(i.Rs1), 17, 19, 10)))),

        .. InstructionSet.Of(Zknh, BaseWidth.Rv64,
            R1("sha512sum0", "0001000 00100 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Sum0(l, l.X(i.Rs1)))),
            R1("sha512sum1", "0001000 00101 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Sum1(l, l.X(i.Rs1)))),
            R1("sha512sig0", "0001000 00110 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Sigma0(l, l.X(i.Rs1)))),
            R1("sha512sig1", "0001000 00111 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Sigma1(l, l.X(i.Rs1))))),

        // RV32 holds a 64-bit word in two registers. Of the result each instruction gives the half that rs1 holds of the operand; the sums
        // are rotations only, so that one instruction serves both halves.
        .. InstructionSet.Of(Zknh, BaseWidth.Rv32,

            // mnemonic        funct7  rs2   rs1   f3  rd    opcode
            R("sha512sum0r", "0101000 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, Low(l, Sum0(l, Join(l, i.Rs2, i.Rs1))))),
            R("sha512sum1r", "0101001 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, Low(l, Sum1(l, Join(l, i.Rs2, i.Rs1))))),
            R("sha512sig0l", "0101010 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, Low(l, Sigma0(l, Join(l, i.Rs2, i.Rs1))))),
            R("sha512sig0h", "0101110 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, High(l, Sigma0(l, Join(l, i.Rs1, i.Rs2))))),
            R("sha512sig1l", "0101011 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, Low(l, Sigma1(l, Join(l, i.Rs2, i.Rs1))))),
            R("sha512sig1h", "0101111 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, High(l, Sigma1(l, Join(l, i.Rs1, i.Rs2)))))),

        .. InstructionSet.Of(Zksh,
            R1("sm3p0", "0001000 01000 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Permute(l, l.X(i.Rs1), 9, 17))),
            R1("sm3p1", "0001000 01001 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, Permute(l, l.X(i.Rs1), 15, 23)))),
    ];

    private static Value Sum0(RiscVLifter l, Value x) => Sum512(l, x, 28, 34, 39);

    private static Value Sum1(RiscVLifter l, Value x) => Sum512(l, x, 14, 18, 41);

    private static Value Sigma0(RiscVLifter l, Value x) => Sigma512(l, x, 1, 8, 7);

    private static Value Sigma1(RiscVLifter l, Value x) => Sigma512(l, x, 19, 61, 6);

    private static Value Sum256(RiscVLifter l, Value x, int first, int second, int third) =>
        l.Ir.Xor(l.Ir.Xor(l.Ir.RotR32(x, first), l.Ir.RotR32(x, second)), l.Ir.RotR32(x, third));

    private static Value Sigma256(RiscVLifter l, Value x, int first, int second, int shift) =>
        l.Ir.Xor(l.Ir.Xor(l.Ir.RotR32(x, first), l.Ir.RotR32(x, second)), l.Ir.ShrU32(x, shift));

    private static Value Sum512(RiscVLifter l, Value x, int first, int second, int third) =>
        l.Ir.Xor(l.Ir.Xor(l.Ir.RotR(x, first), l.Ir.RotR(x, second)), l.Ir.RotR(x, third));

    private static Value Sigma512(RiscVLifter l, Value x, int first, int second, int shift) =>
        l.Ir.Xor(l.Ir.Xor(l.Ir.RotR(x, first), l.Ir.RotR(x, second)), l.Ir.ShrU(x, shift));

    private static Value Permute(RiscVLifter l, Value x, int first, int second) =>
        l.Ir.SignExtend32(l.Ir.Xor(l.Ir.Xor(x, l.Ir.RotL32(x, first)), l.Ir.RotL32(x, second)));

    private static Value Join(RiscVLifter l, int high, int low) => l.Ir.Or(l.Ir.Shl(l.X(high), 32), l.Ir.ZeroExtend32(l.X(low)));

    private static Value Low(RiscVLifter l, Value x) => l.Ir.SignExtend32(x);

    private static Value High(RiscVLifter l, Value x) => l.Ir.ShrS(x, 32);
}

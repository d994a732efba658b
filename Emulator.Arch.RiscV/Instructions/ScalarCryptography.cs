using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Instructions.Bits;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>AES and SM4: Zknd, Zkne, Zksed (Scalar Cryptography specification, 2.5, 2.6, 2.8).</summary>
internal static class ScalarCryptography
{
    private const int BitsPerByte = 8;

    private static readonly Helper Aes32Dsi = RiscVHelpers.Register(ScalarAes32.Aes32Dsi);
    private static readonly Helper Aes32Dsmi = RiscVHelpers.Register(ScalarAes32.Aes32Dsmi);
    private static readonly Helper Aes32Esi = RiscVHelpers.Register(ScalarAes32.Aes32Esi);
    private static readonly Helper Aes32Esmi = RiscVHelpers.Register(ScalarAes32.Aes32Esmi);
    private static readonly Helper Aes64Ds = RiscVHelpers.Register(ScalarAes64.Aes64Ds);
    private static readonly Helper Aes64Dsm = RiscVHelpers.Register(ScalarAes64.Aes64Dsm);
    private static readonly Helper Aes64Es = RiscVHelpers.Register(ScalarAes64.Aes64Es);
    private static readonly Helper Aes64Esm = RiscVHelpers.Register(ScalarAes64.Aes64Esm);
    private static readonly Helper Aes64Im = RiscVHelpers.Register(ScalarAes64.Aes64Im);
    private static readonly Helper Aes64Ks1i = RiscVHelpers.Register(ScalarAes64.Aes64Ks1i);
    private static readonly Helper Sm4Ed = RiscVHelpers.Register(ScalarSm4.Sm4Ed);
    private static readonly Helper Sm4Ks = RiscVHelpers.Register(ScalarSm4.Sm4Ks);

    private static readonly OperandFormat FormatByteSelect = new("rd, rs1, rs2, imm", Rd, Rs1, Rs2, Hexadecimal("1:0@31"));
    private static readonly OperandFormat FormatRound = new("rd, rs1, imm", Rd, Rs1, Hexadecimal("3:0@23"));

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(Zknd, BaseWidth.Rv32,

            // mnemonic             bs funct5 rs2  rs1   f3  rd    opcode
            ByteSelect("aes32dsi",  ".. 10101 ..... ..... 000 ..... 0110011", static (l, i) => CallOnByte(l, i, Aes32Dsi)),
            ByteSelect("aes32dsmi", ".. 10111 ..... ..... 000 ..... 0110011", static (l, i) => CallOnByte(l, i, Aes32Dsmi))),

        .. InstructionSet.Of(Zkne, BaseWidth.Rv32,
            ByteSelect("aes32esi",  ".. 10001 ..... ..... 000 ..... 0110011", static (l, i) => CallOnByte(l, i, Aes32Esi)),
            ByteSelect("aes32esmi", ".. 10011 ..... ..... 000 ..... 0110011", static (l, i) => CallOnByte(l, i, Aes32Esmi))),

        .. InstructionSet.Of(Zknd, BaseWidth.Rv64,

            // mnemonic   funct7  rs2   rs1   f3  rd    opcode
            R("aes64ds",  "0011101 ..... ..... 000 ..... 0110011", static (l, i) => Call(l, i, Aes64Ds)),
            R("aes64dsm", "0011111 ..... ..... 000 ..... 0110011", static (l, i) => Call(l, i, Aes64Dsm)),
            R1("aes64im", "0011000 00000 ..... 001 ..... 0010011", static (l, i) => l.SetX(i.Rd, l.Ir.Call(Aes64Im, l.X(i.Rs1))))),

        .. InstructionSet.Of(Zkne, BaseWidth.Rv64,
            R("aes64es",  "0011001 ..... ..... 000 ..... 0110011", static (l, i) => Call(l, i, Aes64Es)),
            R("aes64esm", "0011011 ..... ..... 000 ..... 0110011", static (l, i) => Call(l, i, Aes64Esm))),

        .. InstructionSet.Of(Requirement.AnyOf(Zknd, Zkne), BaseWidth.Rv64,
            R("aes64ks2", "0111111 ..... ..... 000 ..... 0110011", static (l, i) => l.SetX(i.Rd, KeySchedule2(l, l.X(i.Rs1), l.X(i.Rs2)))),

            // rounds 11 to 15 are reserved
            new InstructionDefinition("aes64ks1i", "0011000 1.... ..... 001 ..... 0010011", FormatRound, static (l, i) => l.SetX(i.Rd, l.Ir.Call(Aes64Ks1i, l.X(i.Rs1), 0, i.Immediate)))
                .Except("0011000 11011 ..... 001 ..... 0010011", "0011000 111.. ..... 001 ..... 0010011")),

        .. InstructionSet.Of(Zksed,
            ByteSelect("sm4ed", ".. 11000 ..... ..... 000 ..... 0110011", static (l, i) => CallOnByte(l, i, Sm4Ed)),
            ByteSelect("sm4ks", ".. 11010 ..... ..... 000 ..... 0110011", static (l, i) => CallOnByte(l, i, Sm4Ks))),
    ];

    private static InstructionDefinition ByteSelect(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatByteSelect, lift);

    private static void Call(RiscVLifter l, Operands i, Helper helper) => l.SetX(i.Rd, l.Ir.Call(helper, l.X(i.Rs1), l.X(i.Rs2)));

    private static void CallOnByte(RiscVLifter l, Operands i, Helper helper) =>
        l.SetX(i.Rd, l.Ir.Call(helper, l.X(i.Rs1), l.X(i.Rs2), i.Immediate * BitsPerByte));

    // w0 = a.high ^ b.low, w1 = w0 ^ b.high
    private static Value KeySchedule2(RiscVLifter l, Value a, Value b)
    {
        var mixed = l.Ir.Xor(l.Ir.ShrU(a, 32), b);
        return l.Ir.Xor(mixed, l.Ir.Shl(mixed, 32));
    }
}

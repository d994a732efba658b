using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Instructions.Bits;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Carry-less products, packing and permutations: Zbc, Zbkb, Zbkc, Zbkx (Scalar Cryptography specification, 2.2 to 2.4).</summary>
internal static class BitManipulationForCryptography
{
    private static readonly Helper Clmul = RiscVHelpers.Register(CarrylessMultiply.Clmul);
    private static readonly Helper Clmulh = RiscVHelpers.Register(CarrylessMultiply.Clmulh);
    private static readonly Helper Clmulr = RiscVHelpers.Register(CarrylessMultiply.Clmulr);
    private static readonly Helper Clmul32 = RiscVHelpers.Register(CarrylessMultiply.Clmul32);
    private static readonly Helper Clmulh32 = RiscVHelpers.Register(CarrylessMultiply.Clmulh32);
    private static readonly Helper Clmulr32 = RiscVHelpers.Register(CarrylessMultiply.Clmulr32);
    private static readonly Helper Brev8 = RiscVHelpers.Register(BitPermutations.Brev8);
    private static readonly Helper Brev8Of32 = RiscVHelpers.Register(BitPermutations.Brev8Of32);
    private static readonly Helper Zip = RiscVHelpers.Register(BitPermutations.Zip);
    private static readonly Helper Unzip = RiscVHelpers.Register(BitPermutations.Unzip);
    private static readonly Helper Xperm4 = RiscVHelpers.Register(BitPermutations.Xperm4);
    private static readonly Helper Xperm4Of32 = RiscVHelpers.Register(BitPermutations.Xperm4Of32);
    private static readonly Helper Xperm8 = RiscVHelpers.Register(BitPermutations.Xperm8);
    private static readonly Helper Xperm8Of32 = RiscVHelpers.Register(BitPermutations.Xperm8Of32);

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(Requirement.AnyOf(Zbc, Zbkc),

            // mnemonic  funct7  rs2   rs1   f3  rd    opcode
            R("clmul",  "0000101 ..... ..... 001 ..... 0110011", static (l, i) => Call2(l, i, Clmul, Clmul32)),
            R("clmulh", "0000101 ..... ..... 011 ..... 0110011", static (l, i) => Call2(l, i, Clmulh, Clmulh32))),

        .. InstructionSet.Of(Zbc,
            R("clmulr", "0000101 ..... ..... 010 ..... 0110011", static (l, i) => Call2(l, i, Clmulr, Clmulr32))),

        .. InstructionSet.Of(Zbkx,
            R("xperm4", "0010100 ..... ..... 010 ..... 0110011", static (l, i) => Call2(l, i, Xperm4, Xperm4Of32)),
            R("xperm8", "0010100 ..... ..... 100 ..... 0110011", static (l, i) => Call2(l, i, Xperm8, Xperm8Of32))),

        .. InstructionSet.Of(Zbkb,
            R("pack",   "0000100 ..... ..... 100 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Is32 ? PackHalves(l, i) : PackWords(l, i))),
            R("packh",  "0000100 ..... ..... 111 ..... 0110011", static (l, i) => l.SetX(i.Rd, PackBytes(l, i))),
            R1("brev8", "0110100 00111 ..... 101 ..... 0010011", static (l, i) => Call1(l, i, l.Is32 ? Brev8Of32 : Brev8))),

        .. InstructionSet.Of(Zbkb, BaseWidth.Rv32,
            R1("zip",   "0000100 01111 ..... 001 ..... 0010011", static (l, i) => Call1(l, i, Zip)),
            R1("unzip", "0000100 01111 ..... 101 ..... 0010011", static (l, i) => Call1(l, i, Unzip))),

        .. InstructionSet.Of(Zbkb, BaseWidth.Rv64,
            R("packw",  "0000100 ..... ..... 100 ..... 0111011", static (l, i) => l.SetX(i.Rd, PackHalves(l, i)))),
    ];

    private static void Call1(RiscVLifter l, Operands i, Helper helper) => l.SetX(i.Rd, l.Ir.Call(helper, l.X(i.Rs1)));

    private static void Call2(RiscVLifter l, Operands i, Helper helper64, Helper helper32) =>
        l.SetX(i.Rd, l.Ir.Call(l.Is32 ? helper32 : helper64, l.X(i.Rs1), l.X(i.Rs2)));

    private static Value PackWords(RiscVLifter l, Operands i) => l.Ir.Or(l.Ir.ZeroExtend32(l.X(i.Rs1)), l.Ir.Shl(l.X(i.Rs2), 32));

    private static Value PackHalves(RiscVLifter l, Operands i) => l.Ir.Or(l.Ir.ZeroExtend16(l.X(i.Rs1)), l.Ir.Shl32(l.X(i.Rs2), 16));

    private static Value PackBytes(RiscVLifter l, Operands i) =>
        l.Ir.Or(l.Ir.ZeroExtend8(l.X(i.Rs1)), l.Ir.Shl(l.Ir.ZeroExtend8(l.X(i.Rs2)), 8));
}

using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Cache-block operations: Zicbom, Zicboz, Zicbop (Unpriv. spec "CMO Extensions"). Prefetches are hints and do nothing.</summary>
internal static class CacheBlocks
{
    private static readonly OperandFormat PrefetchFormat = new("imm(rs1)", Rs1, Signed("11:5@31"));

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.Zicbom,

            // mnemonic          operation    rs1   f3  rd    opcode
            Address("cbo.inval", "000000000000 ..... 010 00000 0001111", static (l, i) => Operate(l, i, CacheBlockKind.Invalidate)),
            Address("cbo.clean", "000000000001 ..... 010 00000 0001111", static (l, i) => Operate(l, i, CacheBlockKind.Clean)),
            Address("cbo.flush", "000000000010 ..... 010 00000 0001111", static (l, i) => Operate(l, i, CacheBlockKind.Flush))),

        .. InstructionSet.Of(RiscVExtension.Zicboz,
            Address("cbo.zero",  "000000000100 ..... 010 00000 0001111", static (l, i) => Operate(l, i, CacheBlockKind.Zero))),

        .. InstructionSet.Of(RiscVExtension.Zicbop,
            Prefetch("prefetch.i", "....... 00000 ..... 110 00000 0010011"),
            Prefetch("prefetch.r", "....... 00001 ..... 110 00000 0010011"),
            Prefetch("prefetch.w", "....... 00011 ..... 110 00000 0010011")),
    ];

    private static InstructionDefinition Prefetch(string mnemonic, string pattern) =>
        new(mnemonic, pattern, PrefetchFormat, static (l, i) => { });

    private static void Operate(RiscVLifter l, Operands i, CacheBlockKind kind)
    {
        var address = l.X(i.Rs1);
        l.Ir.Call(PrivilegedHelpers.CacheBlock, l.Is32 ? l.Ir.ZeroExtend32(address) : address, l.Bits, (long)kind);
    }
}

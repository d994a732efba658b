using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Memory ordering: FENCE (Unpriv. spec 2.7), FENCE.I (Zifencei), PAUSE (Zihintpause), waiting on reservations (Zawrs).</summary>
internal static class Fences
{
    private const int PredecessorShift = 4;
    private const int OrdersWrites = 0b0101; // of the four bits input, output, read, write
    private const int OrdersReads = 0b1010;
    private const int SetMask = 0b1111;

    // x86 keeps everything in order but a load after a store to another address.
    private static readonly bool HostOrdersStores = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    private static readonly OperandFormat Sets = new("imm", new ImmediateField("imm", new("7:0@27", false), static (sets, _) =>
        $"{NameOf(sets >> PredecessorShift)}, {NameOf(sets & SetMask)}"));

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.I,

            // mnemonic                             fm   pred succ rs1   f3  rd    opcode
            new InstructionDefinition("fence",     ".... .... .... ..... 000 ..... 0001111", Sets, Fence),
            None("fence.tso",                      "1000 0011 0011 ..... 000 ..... 0001111", FenceTso)),

        .. InstructionSet.Of(RiscVExtension.Zihintpause, None("pause", "0000 0001 0000 00000 000 00000 0001111", static (l, i) => { })),

        // Writes to translated code are seen when they happen; what is left is to go on with fresh translations.
        .. InstructionSet.Of(RiscVExtension.Zifencei, None("fence.i", "............ ..... 001 ..... 0001111", static (l, i) => l.Ir.Leave())),

        .. InstructionSet.Of(RiscVExtension.Zawrs,
            None("wrs.nto", "000000001101 00000 000 00000 1110011", WaitOnReservationSet),
            None("wrs.sto", "000000011101 00000 000 00000 1110011", WaitOnReservationSet)),
    ];

    private static void Fence(RiscVLifter l, Operands i)
    {
        int predecessors = i.Immediate >> PredecessorShift;
        int successors = i.Immediate & SetMask;
        if (predecessors == 0 || successors == 0) return; // a hint
        if (!HostOrdersStores || ((predecessors & OrdersWrites) != 0 && (successors & OrdersReads) != 0)) l.Ir.Fence();
    }

    // All but stores before loads.
    private static void FenceTso(RiscVLifter l, Operands i)
    {
        if (!HostOrdersStores) l.Ir.Fence();
    }

    private static void WaitOnReservationSet(RiscVLifter l, Operands i)
    {
        l.Ir.Call(PrivilegedHelpers.WaitOnReservationSet, l.Bits);
        l.Ir.Leave();
    }

    private static string NameOf(int set) => set == 0 ? "0" : string.Concat("iorw".Where((_, n) => (set & (0b1000 >> n)) != 0));
}

using Emulator.Arch.X86.Lifting;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>NOP, PAUSE, ENDBR, prefetches, fences and cache line flushes.</summary>
internal static class Hints
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. Nothing(Mnemonic.Nop, Mnemonic.Reservednop, Mnemonic.Pause, Mnemonic.Endbr32, Mnemonic.Endbr64),
        .. Nothing(Mnemonic.Rdsspd, Mnemonic.Rdsspq), // without shadow stacks these are NOPs
        .. Nothing(Mnemonic.Prefetch, Mnemonic.Prefetchw, Mnemonic.Prefetchwt1, Mnemonic.Prefetcht0, Mnemonic.Prefetcht1, Mnemonic.Prefetcht2),
        .. Nothing(Mnemonic.Prefetchnta, Mnemonic.Prefetchit0, Mnemonic.Prefetchit1, Mnemonic.Cldemote),
        new(Mnemonic.Lfence, static l => l.Ir.Fence()),
        new(Mnemonic.Sfence, static l => l.Ir.Fence()),
        new(Mnemonic.Mfence, static l => l.Ir.Fence()),
        new(Mnemonic.Clflush, Touch),
        new(Mnemonic.Clflushopt, Touch),
        new(Mnemonic.Clwb, Touch),
    ];

    private static IEnumerable<InstructionRow> Nothing(params Mnemonic[] mnemonics) =>
        mnemonics.Select(mnemonic => new InstructionRow(mnemonic, static _ => { }));

    // There is no cache to flush, but the address is checked like that of a load.
    private static void Touch(X86Lifter l) => l.Load(l.MemoryOperand(1, writes: false), 1);
}

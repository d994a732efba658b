using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>BSF, BSR, LZCNT, TZCNT, POPCNT.</summary>
internal static class BitCounts
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Bsf, static l => Scan(l, static (ir, a) => ir.TrailingZeros(a))),
        new(Mnemonic.Bsr, static l => Scan(l, static (ir, a) => ir.Xor(ir.LeadingZeros(a), 63))),
        new(Mnemonic.Lzcnt, static l => Count(l, static (ir, a, bits) => ir.Sub(ir.LeadingZeros(a), 64 - bits))),
        new(Mnemonic.Tzcnt, static l => Count(l, static (ir, a, bits) => ir.TrailingZeros(bits == 64 ? a : ir.Or(a, 1L << bits)))),
        new(Mnemonic.Popcnt, CountOnes),
    ];

    // ZF tells that the source is 0; then the destination stays, as processors have it, with its upper half.
    private static void Scan(X86Lifter l, Func<IrBuilder, Value, Value> position)
    {
        int bytes = l.SizeOf(0);
        var slot = X86Slots.Of(l.Instruction.Op0Register);
        var old = IrBuilder.Read(slot);
        var source = l.ReadZero(1);
        var found = position(l.Ir, source);
        if (bytes == 2) found = l.Ir.Or(l.Ir.And(old, ~0xffffL), found);
        var result = l.Ir.Hold(l.Ir.Select(source, found, old));
        l.SetLogicFlags(source, bytes);
        l.Ir.Write(slot, result);
    }

    private static void Count(X86Lifter l, Func<IrBuilder, Value, int, Value> count)
    {
        int bytes = l.SizeOf(0);
        var source = l.ReadZero(1);
        var result = l.Ir.Hold(count(l.Ir, source, 8 * bytes));
        l.SetResultFlags(result, l.Ir.SetEq(source, 0), bytes); // the carry is bit 0
        l.Write(0, result);
    }

    // All flags but ZF are cleared, PF too.
    private static void CountOnes(X86Lifter l)
    {
        var source = l.ReadZero(1);
        var result = l.Ir.Hold(l.Ir.PopCount(source));
        l.SetFlags(l.Ir.Select(source, 0, (long)ArithmeticFlags.Zero));
        l.Write(0, result);
    }
}

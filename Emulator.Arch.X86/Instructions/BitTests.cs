using System.Numerics;
using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>BT, BTS, BTR, BTC: of the flags only the carry changes.</summary>
internal static class BitTests
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Bt, static l => Test(l, null)),
        new(Mnemonic.Bts, static l => Test(l, Opcode.AtomicOr)),
        new(Mnemonic.Btr, static l => Test(l, Opcode.AtomicAnd)),
        new(Mnemonic.Btc, static l => Test(l, Opcode.AtomicXor)),
    ];

    private static void Test(X86Lifter l, Opcode? change)
    {
        var ir = l.Ir;
        int bits = 8 * l.SizeOf(0);
        var place = PlaceOf(l, change is not null);
        var bit = ir.And(l.Read(1), bits - 1);
        Value mask = change is null ? 0 : change == Opcode.AtomicAnd ? ir.Xor(ir.Shl(1, bit), -1) : ir.Shl(1, bit);
        var old = change is { } opcode && l.IsLocked(place) ? l.Atomic(opcode, place, mask) : l.Read(place);
        var isSet = ir.And(ir.ShrU(old, bit), 1);
        Value changed = 0;
        if (change is not null && !l.IsLocked(place))
        {
            changed = change switch
            {
                Opcode.AtomicOr => ir.Or(old, mask),
                Opcode.AtomicAnd => ir.And(old, mask),
                _ => ir.Xor(old, mask),
            };
            if (place.IsMemory) l.Write(place, changed);
        }

        l.SetFlags(ir.Or(ir.And(l.ReadFlags(), ~(long)ArithmeticFlags.Carry), isSet));
        if (change is not null && !place.IsMemory) l.Write(place, changed);
    }

    // A bit offset in a register reaches memory before and behind the operand, in steps of the operand's size.
    private static Place PlaceOf(X86Lifter l, bool writes)
    {
        if (l.Instruction.Op0Kind == OpKind.Register || l.Instruction.Op1Kind != OpKind.Register) return l.PlaceOf(0, writes);
        int bytes = l.SizeOf(0);
        var words = l.Ir.ShrS(l.ReadSigned(1), BitOperations.Log2((uint)(8 * bytes)));
        return new Place(bytes, Register.None, l.MemoryOperand(bytes, writes, l.Ir.Shl(words, BitOperations.Log2((uint)bytes))));
    }
}

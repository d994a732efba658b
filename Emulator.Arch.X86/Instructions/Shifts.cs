using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>A shift of one operand.</summary>
internal interface IShift
{
    /// <summary>What is shifted in is the sign.</summary>
    static abstract bool IsSigned { get; }

    /// <summary>The result, of a value extended to 64 bits and a masked count; bits above the operand size mean nothing.</summary>
    static abstract Value Result(IrBuilder ir, Value a, Value count);

    /// <summary>The last bit that went out, 0 or 1; for a count of 0 anything.</summary>
    static abstract Value Carry(IrBuilder ir, Value a, Value result, Value count, int bits);

    /// <summary>OF, 0 or 1, exact for a count of 1.</summary>
    static abstract Value Overflow(IrBuilder ir, Value a, Value result, Value carry, int bits);
}

/// <summary>SHL, SHR, SAR, SHLD, SHRD.</summary>
internal static class Shifts
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Shl, Shift<Left>),
        new(Mnemonic.Sal, Shift<Left>),
        new(Mnemonic.Shr, Shift<Right>),
        new(Mnemonic.Sar, Shift<RightSigned>),
        new(Mnemonic.Shld, static l => DoubleShift(l, isLeft: true)),
        new(Mnemonic.Shrd, static l => DoubleShift(l, isLeft: false)),
    ];

    /// <summary>The count in an operand, as the processor masks it.</summary>
    public static Value MaskedCount(X86Lifter l, int operand, int bytes) => l.Ir.And(l.Read(operand), bytes == 8 ? 63 : 31);

    private static void Shift<T>(X86Lifter l)
        where T : IShift
    {
        var place = l.PlaceOf(0, writes: true);
        int bits = 8 * place.Bytes;
        var count = MaskedCount(l, 1, place.Bytes);
        var content = l.Read(place);
        var a = T.IsSigned ? l.SignExtend(content, place.Bytes) : l.ZeroExtend(content, place.Bytes);
        var result = T.Result(l.Ir, a, count);
        var carry = T.Carry(l.Ir, a, result, count, bits);
        var overflow = T.Overflow(l.Ir, a, result, carry, bits);
        Finish(l, place, count, l.Ir.Hold(result), l.CarryAndOverflow(carry, overflow));
    }

    // A count of 0 writes the operand, but leaves the flags.
    private static void Finish(X86Lifter l, Place place, Value count, Value result, Value others)
    {
        if (place.IsMemory) l.Write(place, result);
        l.SetResultFlagsIf(count, result, others, place.Bytes);
        if (!place.IsMemory) l.Write(place, result);
    }

    // Both operands side by side, and of 16 bits the first once more: then counts above 16 give what processors give.
    private static void DoubleShift(X86Lifter l, bool isLeft)
    {
        var place = l.PlaceOf(0, writes: true);
        int bits = 8 * place.Bytes;
        var count = MaskedCount(l, 2, place.Bytes);
        var a = l.ZeroExtend(l.Read(place), place.Bytes);
        var b = l.ZeroExtend(l.Read(1), place.Bytes);
        var ir = l.Ir;
        var back = ir.Sub(bits == 64 ? 63 : bits == 32 ? 64 : 48, count);
        Value result;
        Value carry;
        if (bits == 64)
        {
            result = isLeft
                ? ir.Or(ir.Shl(a, count), ir.ShrU(ir.ShrU(b, 1), back))
                : ir.Or(ir.ShrU(a, count), ir.Shl(ir.Shl(b, 1), back));
            carry = isLeft ? ir.ShrU(a, ir.Add(back, 1)) : ir.ShrU(a, ir.Sub(count, 1));
        }
        else
        {
            var high = isLeft ? a : bits == 32 ? b : ir.Or(ir.Shl(a, 16), b);
            var low = isLeft ? (bits == 32 ? b : ir.Or(ir.Shl(b, 16), a)) : a;
            var joined = bits == 32 || isLeft ? ir.Or(ir.Shl(high, 32), low) : ir.Or(ir.Shl(high, 16), low);
            result = isLeft ? ir.ShrU(ir.Shl(joined, count), 32) : ir.ShrU(joined, count);
            carry = ir.ShrU(joined, isLeft ? back : ir.Sub(count, 1));
        }

        carry = ir.And(carry, 1);
        var overflow = ir.And(ir.ShrU(ir.Xor(result, a), bits - 1), 1);
        Finish(l, place, count, ir.Hold(count.IsConstant ? result : ir.Select(count, result, a)), l.CarryAndOverflow(carry, overflow));
    }

    private readonly struct Left : IShift
    {
        public static bool IsSigned => false;

        public static Value Result(IrBuilder ir, Value a, Value count) => ir.Shl(a, count);

        public static Value Carry(IrBuilder ir, Value a, Value result, Value count, int bits) =>
            ir.And(bits == 64 ? ir.ShrU(a, ir.Sub(bits, count)) : ir.ShrU(result, bits), 1);

        public static Value Overflow(IrBuilder ir, Value a, Value result, Value carry, int bits) =>
            ir.And(ir.Xor(ir.ShrU(result, bits - 1), carry), 1);
    }

    private readonly struct Right : IShift
    {
        public static bool IsSigned => false;

        public static Value Result(IrBuilder ir, Value a, Value count) => ir.ShrU(a, count);

        public static Value Carry(IrBuilder ir, Value a, Value result, Value count, int bits) =>
            ir.And(ir.ShrU(a, ir.Sub(count, 1)), 1);

        public static Value Overflow(IrBuilder ir, Value a, Value result, Value carry, int bits) => ir.ShrU(a, bits - 1);
    }

    private readonly struct RightSigned : IShift
    {
        public static bool IsSigned => true;

        public static Value Result(IrBuilder ir, Value a, Value count) => ir.ShrS(a, count);

        public static Value Carry(IrBuilder ir, Value a, Value result, Value count, int bits) =>
            ir.And(ir.ShrS(a, ir.Sub(count, 1)), 1);

        public static Value Overflow(IrBuilder ir, Value a, Value result, Value carry, int bits) => 0;
    }
}

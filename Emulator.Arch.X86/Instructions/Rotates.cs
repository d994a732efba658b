using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>ROL, ROR, RCL, RCR: of the flags only carry and overflow change.</summary>
internal static class Rotates
{
    private const long Changed = (long)(ArithmeticFlags.Carry | ArithmeticFlags.Overflow);

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Rol, static l => Rotate(l, isLeft: true)),
        new(Mnemonic.Ror, static l => Rotate(l, isLeft: false)),
        new(Mnemonic.Rcl, static l => RotateThroughCarry(l, isLeft: true)),
        new(Mnemonic.Rcr, static l => RotateThroughCarry(l, isLeft: false)),
    ];

    private static void Rotate(X86Lifter l, bool isLeft)
    {
        var ir = l.Ir;
        var place = l.PlaceOf(0, writes: true);
        int bits = 8 * place.Bytes;
        var count = Shifts.MaskedCount(l, 1, place.Bytes);
        var a = l.Read(place);
        var result = ir.Hold(bits == 64
            ? (isLeft ? ir.RotL(a, count) : ir.RotR(a, count))
            : (isLeft ? ir.RotL32(Repeated(l, a, bits), count) : ir.RotR32(Repeated(l, a, bits), count)));
        var top = ir.And(ir.ShrU(result, bits - 1), 1);
        var carry = isLeft ? ir.And(result, 1) : top;
        var overflow = ir.And(isLeft ? ir.Xor(top, carry) : ir.Xor(top, ir.ShrU(result, bits - 2)), 1);
        Finish(l, place, count, result, carry, overflow);
    }

    // 32 bits filled with a narrower operand rotate as it would.
    private static Value Repeated(X86Lifter l, Value a, int bits) => bits switch
    {
        8 => l.Ir.Mul(l.Ir.ZeroExtend8(a), 0x0101_0101),
        16 => l.Ir.Mul(l.Ir.ZeroExtend16(a), 0x0001_0001),
        _ => a,
    };

    private static void RotateThroughCarry(X86Lifter l, bool isLeft)
    {
        var ir = l.Ir;
        var carry = ir.Hold(l.ReadCarry());
        var place = l.PlaceOf(0, writes: true);
        int bits = 8 * place.Bytes;
        var masked = Shifts.MaskedCount(l, 1, place.Bytes);
        var a = l.ZeroExtend(l.Read(place), place.Bytes);
        var (result, carryOut) = bits == 64 ? Wide(ir, a, carry, masked, isLeft) : Narrow(ir, a, carry, masked, bits, isLeft);
        result = ir.Hold(result);
        var top = ir.And(ir.ShrU(result, bits - 1), 1);
        var overflow = ir.And(isLeft ? ir.Xor(top, carryOut) : ir.Xor(top, ir.ShrU(result, bits - 2)), 1);
        Finish(l, place, masked, result, carryOut, overflow);
    }

    // The carry stands above the operand: bits + 1 bits rotate, which fit twice into 64 as far as they matter.
    private static (Value Result, Value Carry) Narrow(IrBuilder ir, Value a, Value carry, Value masked, int bits, bool isLeft)
    {
        var count = bits == 32 ? masked : ir.RemU(masked, bits + 1);
        var joined = ir.Or(ir.Shl(carry, bits), a);
        var rest = ir.Sub(bits + 1, count);
        var rotated = isLeft
            ? ir.Or(ir.Shl(joined, count), ir.ShrU(joined, rest))
            : ir.Or(ir.ShrU(joined, count), ir.Shl(joined, rest));
        return (rotated, ir.And(ir.ShrU(rotated, bits), 1));
    }

    private static (Value Result, Value Carry) Wide(IrBuilder ir, Value a, Value carry, Value count, bool isLeft)
    {
        var less = ir.Sub(count, 1);
        var rest = ir.Sub(64, count);
        var rotated = isLeft
            ? ir.Or(ir.Or(ir.Shl(a, count), ir.Shl(carry, less)), ir.ShrU(ir.ShrU(a, 1), rest))
            : ir.Or(ir.Or(ir.ShrU(a, count), ir.Shl(carry, rest)), ir.Shl(ir.Shl(a, 1), rest));
        return (ir.Select(count, rotated, a), ir.And(ir.ShrU(a, isLeft ? rest : less), 1));
    }

    private static void Finish(X86Lifter l, Place place, Value count, Value result, Value carry, Value overflow)
    {
        if (place.IsMemory) l.Write(place, result);
        if (!count.IsConstant || count.Constant != 0)
        {
            var old = l.ReadFlags();
            var flags = l.Ir.Or(l.Ir.And(old, ~Changed), l.CarryAndOverflow(carry, overflow));
            l.SetFlags(l.Ir.Select(count, flags, old));
        }

        if (!place.IsMemory) l.Write(place, result);
    }
}

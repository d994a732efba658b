using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>MUL, IMUL, MULX.</summary>
internal static class Multiplication
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Mul, static l => Accumulator(l, isSigned: false)),
        new(Mnemonic.Imul, static l =>
        {
            if (l.Instruction.OpCount == 1) Accumulator(l, isSigned: true);
            else Truncated(l);
        }),
    ];

    private static void Accumulator(X86Lifter l, bool isSigned)
    {
        var ir = l.Ir;
        int bytes = l.SizeOf(0);
        int bits = 8 * bytes;
        var a = Extend(l, l.ReadRegister(X86Lifter.GeneralRegister(0, bytes)), bytes, isSigned);
        var b = Extend(l, l.Read(0), bytes, isSigned);
        var low = ir.Hold(ir.Mul(a, b));
        var high = ir.Hold(bytes == 8 ? (isSigned ? ir.MulHighS(a, b) : ir.MulHighU(a, b)) : ir.ShrU(low, bits));
        SetFlags(l, low, high, bytes, isSigned);
        if (bytes == 1)
        {
            l.WriteRegister(Register.AX, low);
            return;
        }

        l.WriteRegister(X86Lifter.GeneralRegister(0, bytes), low);
        l.WriteRegister(X86Lifter.GeneralRegister(2, bytes), high);
    }

    private static void Truncated(X86Lifter l)
    {
        var ir = l.Ir;
        int bytes = l.SizeOf(0);
        bool hasImmediate = l.Instruction.OpCount == 3;
        var a = l.SignExtend(l.Read(hasImmediate ? 1 : 0), bytes);
        var b = l.SignExtend(l.Read(hasImmediate ? 2 : 1), bytes);
        var low = ir.Hold(ir.Mul(a, b));
        SetFlags(l, low, bytes == 8 ? ir.MulHighS(a, b) : 0, bytes, isSigned: true);
        l.Write(0, low);
    }

    // CF and OF tell that the upper half is more than the extension of the lower one; the other flags are undefined.
    private static void SetFlags(X86Lifter l, Value low, Value high, int bytes, bool isSigned)
    {
        var ir = l.Ir;
        var isWide = isSigned
            ? (bytes == 8 ? ir.SetNe(high, ir.ShrS(low, 63)) : ir.SetNe(l.SignExtend(low, bytes), low))
            : ir.SetNe(high, 0);
        l.SetResultFlags(low, l.CarryAndOverflow(isWide, isWide), bytes);
    }

    private static Value Extend(X86Lifter l, Value value, int bytes, bool isSigned) =>
        isSigned ? l.SignExtend(value, bytes) : l.ZeroExtend(value, bytes);
}

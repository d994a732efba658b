using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>BMI1 and BMI2: ANDN, BEXTR, BLSI, BLSMSK, BLSR, BZHI, MULX, PDEP, PEXT, RORX, SARX, SHLX, SHRX.</summary>
internal static class BitManipulation
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        Row(Mnemonic.Andn, AndNot),
        Row(Mnemonic.Bextr, ExtractField),
        Row(Mnemonic.Blsi, static l => LowestBit(l, static (ir, a) => ir.And(a, ir.Sub(0, a)), carryIfZero: false)),
        Row(Mnemonic.Blsmsk, static l => LowestBit(l, static (ir, a) => ir.Xor(a, ir.Sub(a, 1)), carryIfZero: true)),
        Row(Mnemonic.Blsr, static l => LowestBit(l, static (ir, a) => ir.And(a, ir.Sub(a, 1)), carryIfZero: true)),
        Row(Mnemonic.Bzhi, ZeroHigh),
        Row(Mnemonic.Mulx, Multiply),
        Row(Mnemonic.Pdep, static l => l.Write(0, l.Ir.Call(BitManipulationHelpers.Deposit, l.ReadZero(1), l.ReadZero(2)))),
        Row(Mnemonic.Pext, static l => l.Write(0, l.Ir.Call(BitManipulationHelpers.Extract, l.ReadZero(1), l.ReadZero(2)))),
        Row(Mnemonic.Rorx, static l => l.Write(0, l.SizeOf(0) == 8 ? l.Ir.RotR(l.Read(1), l.Read(2)) : l.Ir.RotR32(l.Read(1), l.Read(2)))),
        Row(Mnemonic.Sarx, static l => l.Write(0, l.Ir.ShrS(l.ReadSigned(1), Shifts.MaskedCount(l, 2, l.SizeOf(0))))),
        Row(Mnemonic.Shlx, static l => l.Write(0, l.Ir.Shl(l.Read(1), Shifts.MaskedCount(l, 2, l.SizeOf(0))))),
        Row(Mnemonic.Shrx, static l => l.Write(0, l.Ir.ShrU(l.ReadZero(1), Shifts.MaskedCount(l, 2, l.SizeOf(0))))),
    ];

    // VEX encodings exist in protected mode only (SDM volume 2, 2.8).
    private static InstructionRow Row(Mnemonic mnemonic, Lift lift) => new(mnemonic, l =>
    {
        if (!l.Mode.Has(X86Mode.Protected) || l.Mode.Has(X86Mode.Virtual8086)) l.Fault(X86Exception.InvalidOpcode);
        else lift(l);
    });

    private static void AndNot(X86Lifter l)
    {
        var result = l.Ir.Hold(l.Ir.AndNot(l.Read(2), l.Read(1)));
        l.SetLogicFlags(result, l.SizeOf(0));
        l.Write(0, result);
    }

    private static void ExtractField(X86Lifter l)
    {
        var ir = l.Ir;
        int bytes = l.SizeOf(0);
        var control = l.Read(2);
        var start = ir.ZeroExtend8(control);
        var length = ir.ZeroExtend8(ir.ShrU(control, 8));
        var shifted = ir.Select(ir.SetLtU(start, 64), ir.ShrU(l.ReadZero(1), start), 0);
        var result = ir.Hold(LowBits(ir, shifted, length));
        l.SetLogicFlags(result, bytes);
        l.Write(0, result);
    }

    private static void ZeroHigh(X86Lifter l)
    {
        var ir = l.Ir;
        int bytes = l.SizeOf(0);
        var index = ir.ZeroExtend8(l.Read(2));
        var result = ir.Hold(LowBits(ir, l.ReadZero(1), index));
        l.SetResultFlags(result, ir.SetLtU(8 * bytes - 1, index), bytes); // the carry is bit 0
        l.Write(0, result);
    }

    // The count may be anything: 64 and more keep all.
    private static Value LowBits(IrBuilder ir, Value value, Value count) =>
        ir.Select(ir.SetLtU(count, 64), ir.AndNot(value, ir.Shl(-1, count)), value);

    private static void LowestBit(X86Lifter l, Func<IrBuilder, Value, Value> compute, bool carryIfZero)
    {
        int bytes = l.SizeOf(0);
        var source = l.ReadZero(1);
        var result = l.Ir.Hold(compute(l.Ir, source));
        l.SetResultFlags(result, carryIfZero ? l.Ir.SetEq(source, 0) : l.Ir.SetNe(source, 0), bytes);
        l.Write(0, result);
    }

    // If both destinations are the same register it gets the high half.
    private static void Multiply(X86Lifter l)
    {
        var ir = l.Ir;
        int bytes = l.SizeOf(0);
        var a = l.ZeroExtend(l.ReadRegister(X86Lifter.GeneralRegister(2, bytes)), bytes);
        var b = l.ReadZero(2);
        var low = ir.Hold(ir.Mul(a, b));
        var high = ir.Hold(bytes == 8 ? ir.MulHighU(a, b) : ir.ShrU(low, 32));
        l.Write(1, low);
        l.Write(0, high);
    }
}

/// <summary>PDEP and PEXT.</summary>
internal static class BitManipulationHelpers
{
    /// <summary>(source, mask): the low bits of the source at the places of the mask.</summary>
    public static readonly Helper Deposit = X86Helpers.Register(DepositOf);

    /// <summary>(source, mask): the bits of the source at the places of the mask, side by side.</summary>
    public static readonly Helper Extract = X86Helpers.Register(ExtractOf);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong DepositOf(ulong source, ulong mask, ulong c)
    {
        if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitDeposit(source, mask);
        ulong result = 0;
        for (; mask != 0; mask &= mask - 1, source >>= 1)
        {
            if ((source & 1) != 0) result |= mask & (0 - mask);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ExtractOf(ulong source, ulong mask, ulong c)
    {
        if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitExtract(source, mask);
        ulong result = 0;
        for (ulong bit = 1; mask != 0; mask &= mask - 1, bit <<= 1)
        {
            if ((source & mask & (0 - mask)) != 0) result |= bit;
        }

        return result;
    }
}

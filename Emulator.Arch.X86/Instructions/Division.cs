using System.Runtime.CompilerServices;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>DIV and IDIV; the flags, which are undefined, stay.</summary>
internal static class Division
{
    private const int Rdx = 2;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Div, static l => Divide(l, isSigned: false)),
        new(Mnemonic.Idiv, static l => Divide(l, isSigned: true)),
    ];

    private static void Divide(X86Lifter l, bool isSigned)
    {
        var ir = l.Ir;
        int bytes = l.SizeOf(0);
        var divisor = isSigned ? l.ReadSigned(0) : l.ReadZero(0);
        if (bytes == 8) divisor = ir.Hold(divisor);
        var low = bytes == 1 ? l.ReadRegister(Register.AX) : l.ReadRegister(X86Lifter.GeneralRegister(0, bytes));
        Value dividend = low;
        Value quotient;
        if (bytes == 8)
        {
            var high = IrBuilder.Read(X86Slots.General64(Rdx));
            quotient = ir.Call(isSigned ? DivisionHelpers.SignedWide : DivisionHelpers.UnsignedWide, high, low, divisor);
        }
        else
        {
            if (bytes > 1)
            {
                var high = l.ReadRegister(X86Lifter.GeneralRegister(Rdx, bytes));
                dividend = ir.Or(ir.Shl(l.ZeroExtend(high, bytes), 8 * bytes), l.ZeroExtend(low, bytes));
            }

            dividend = ir.Hold(isSigned ? l.SignExtend(dividend, 2 * bytes) : l.ZeroExtend(dividend, 2 * bytes));
            quotient = ir.Call(isSigned ? DivisionHelpers.Signed : DivisionHelpers.Unsigned, dividend, divisor, 8 * bytes);
        }

        var remainder = ir.Hold(ir.Sub(dividend, ir.Mul(quotient, divisor)));
        l.WriteRegister(X86Lifter.GeneralRegister(0, bytes), quotient);
        l.WriteRegister(bytes == 1 ? Register.AH : X86Lifter.GeneralRegister(Rdx, bytes), remainder);
    }
}

/// <summary>Quotients; #DE when the divisor is 0 or the quotient does not fit.</summary>
internal static class DivisionHelpers
{
    /// <summary>(dividend, divisor, bits of the quotient).</summary>
    public static readonly Helper Unsigned = X86Helpers.Register(UnsignedOf, HelperEffects.MayFault);

    /// <summary>(dividend, divisor, bits of the quotient), sign-extended.</summary>
    public static readonly Helper Signed = X86Helpers.Register(SignedOf, HelperEffects.MayFault);

    /// <summary>(high half of the dividend, low half, divisor): of 64 bits.</summary>
    public static readonly Helper UnsignedWide = X86Helpers.Register(UnsignedWideOf, HelperEffects.MayFault);

    /// <summary>(high half of the dividend, low half, divisor): of 64 bits.</summary>
    public static readonly Helper SignedWide = X86Helpers.Register(SignedWideOf, HelperEffects.MayFault);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong UnsignedOf(VirtualCpu cpu, ulong dividend, ulong divisor, ulong bits)
    {
        if (divisor == 0) return Raise(cpu);
        ulong quotient = dividend / divisor;
        return quotient >> (int)bits == 0 ? quotient : Raise(cpu);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SignedOf(VirtualCpu cpu, ulong dividend, ulong divisor, ulong bits)
    {
        if (divisor == 0) return Raise(cpu);

        // the one quotient that does not fit 64 bits does not fit fewer either
        if (dividend == 1ul << 63 && divisor == ulong.MaxValue) return Raise(cpu);
        long quotient = (long)dividend / (long)divisor;
        int unused = 64 - (int)bits;
        return quotient << unused >> unused == quotient ? (ulong)quotient : Raise(cpu);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong UnsignedWideOf(VirtualCpu cpu, ulong high, ulong low, ulong divisor)
    {
        if (high >= divisor) return Raise(cpu);
        return high == 0 ? low / divisor : (ulong)(new UInt128(high, low) / divisor);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SignedWideOf(VirtualCpu cpu, ulong high, ulong low, ulong divisor)
    {
        if (divisor == 0) return Raise(cpu);
        if (high == (ulong)((long)low >> 63) && divisor != ulong.MaxValue) return (ulong)((long)low / (long)divisor);
        bool isNegative = (long)(high ^ divisor) < 0;
        var dividend = new UInt128(high, low);
        if ((long)high < 0) dividend = UInt128.Zero - dividend;
        ulong magnitude = (long)divisor < 0 ? 0 - divisor : divisor;
        var quotient = dividend / magnitude;
        ulong limit = isNegative ? 1ul << 63 : (1ul << 63) - 1;
        if (quotient > limit) return Raise(cpu);
        return isNegative ? 0 - (ulong)quotient : (ulong)quotient;
    }

    private static ulong Raise(VirtualCpu cpu)
    {
        cpu.RaiseFault(X86Fault.Of(X86Exception.DivideError));
        return 0;
    }
}

using System.Runtime.CompilerServices;
using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>AAA, AAS, AAM, AAD, DAA, DAS.</summary>
internal static class Decimal
{
    /// <summary>Where the flags are in what the helpers give; AX is below.</summary>
    public const int FlagShift = 16;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Aaa, static l => Adjust(l, DecimalHelpers.AdjustAfterAddition)),
        new(Mnemonic.Aas, static l => Adjust(l, DecimalHelpers.AdjustAfterSubtraction)),
        new(Mnemonic.Daa, static l => Adjust(l, DecimalHelpers.DecimalAfterAddition)),
        new(Mnemonic.Das, static l => Adjust(l, DecimalHelpers.DecimalAfterSubtraction)),
        new(Mnemonic.Aam, Split),
        new(Mnemonic.Aad, Join),
    ];

    private static void Adjust(X86Lifter l, Helper helper)
    {
        var adjusted = l.Ir.Call(helper, l.Ir.ZeroExtend16(l.ReadRegister(Register.AX)), l.ReadFlags());
        l.SetFlags(l.Ir.ShrU(adjusted, FlagShift));
        l.WriteRegister(Register.AX, adjusted);
    }

    private static void Split(X86Lifter l)
    {
        long radix = l.Instruction.Immediate8;
        if (radix == 0)
        {
            l.Fault(X86Exception.DivideError);
            return;
        }

        var al = l.Ir.ZeroExtend8(l.ReadRegister(Register.AL));
        var low = l.Ir.RemU(al, radix);
        l.SetLogicFlags(low, 1);
        l.WriteRegister(Register.AX, l.Ir.Or(l.Ir.Shl(l.Ir.DivU(al, radix), 8), low));
    }

    private static void Join(X86Lifter l)
    {
        var high = l.Ir.Mul(l.Ir.ZeroExtend8(l.ReadRegister(Register.AH)), (long)l.Instruction.Immediate8);
        var sum = l.Ir.Hold(l.Ir.ZeroExtend8(l.Ir.Add(l.ReadRegister(Register.AL), high)));
        l.SetLogicFlags(sum, 1);
        l.WriteRegister(Register.AX, sum);
    }
}

/// <summary>Decimal adjustments: (AX, flags) gives AX and, above it, the flags.</summary>
internal static class DecimalHelpers
{
    public static readonly Helper AdjustAfterAddition = X86Helpers.Register(AdjustAfterAdditionOf);
    public static readonly Helper AdjustAfterSubtraction = X86Helpers.Register(AdjustAfterSubtractionOf);
    public static readonly Helper DecimalAfterAddition = X86Helpers.Register(DecimalAfterAdditionOf);
    public static readonly Helper DecimalAfterSubtraction = X86Helpers.Register(DecimalAfterSubtractionOf);

    private const uint Digit = 0x0f;
    private const uint DigitAdjustment = 6;
    private const uint HighAdjustment = 0x60;
    private const uint LargestPacked = 0x99;
    private const uint AsciiAdjustment = 0x106;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong AdjustAfterAdditionOf(ulong ax, ulong flags, ulong c)
    {
        bool isAdjusted = NeedsDigit(ax, flags);
        return Ascii(isAdjusted ? (uint)ax + AsciiAdjustment : (uint)ax, isAdjusted);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong AdjustAfterSubtractionOf(ulong ax, ulong flags, ulong c)
    {
        bool isAdjusted = NeedsDigit(ax, flags);
        return Ascii(isAdjusted ? (uint)ax - AsciiAdjustment : (uint)ax, isAdjusted);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong DecimalAfterAdditionOf(ulong ax, ulong flags, ulong c)
    {
        uint al = (byte)ax;
        bool low = NeedsDigit(ax, flags);
        bool high = NeedsHigh(ax, flags);
        if (low) al += DigitAdjustment;
        if (high) al += HighAdjustment;
        return Packed(ax, al, low, high);
    }

    // Unlike after an addition, the borrow of the low digit counts too.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong DecimalAfterSubtractionOf(ulong ax, ulong flags, ulong c)
    {
        uint al = (byte)ax;
        bool low = NeedsDigit(ax, flags);
        bool high = NeedsHigh(ax, flags);
        bool carry = high || (low && al < DigitAdjustment);
        if (low) al -= DigitAdjustment;
        if (high) al -= HighAdjustment;
        return Packed(ax, al, low, carry);
    }

    private static bool NeedsDigit(ulong ax, ulong flags) => (ax & Digit) > 9 || ((ArithmeticFlags)flags & ArithmeticFlags.Auxiliary) != 0;

    private static bool NeedsHigh(ulong ax, ulong flags) => (byte)ax > LargestPacked || ((ArithmeticFlags)flags & ArithmeticFlags.Carry) != 0;

    private static ulong Ascii(uint ax, bool isAdjusted)
    {
        ax &= (0xffu << 8) | Digit;
        return Result(ax, (byte)ax, isAdjusted, isAdjusted);
    }

    private static ulong Packed(ulong ax, uint al, bool auxiliary, bool carry) => Result((uint)(ax & 0xff00) | (byte)al, (byte)al, auxiliary, carry);

    private static ulong Result(uint ax, byte al, bool auxiliary, bool carry)
    {
        var flags = LazyFlags.OfResult((ulong)(sbyte)al);
        if (auxiliary) flags |= ArithmeticFlags.Auxiliary;
        if (carry) flags |= ArithmeticFlags.Carry;
        return ((ulong)flags << Decimal.FlagShift) | (ushort)ax;
    }
}

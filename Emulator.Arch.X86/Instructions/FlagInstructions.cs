using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>CLC, STC, CMC, CLD, STD, LAHF, SAHF, SALC.</summary>
internal static class FlagInstructions
{
    private const long Carry = (long)ArithmeticFlags.Carry;
    private const long InLowByte = (long)(ArithmeticFlags.All & ~ArithmeticFlags.Overflow);

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Clc, static l => l.SetFlags(l.Ir.And(l.ReadFlags(), ~Carry))),
        new(Mnemonic.Stc, static l => l.SetFlags(l.Ir.Or(l.ReadFlags(), Carry))),
        new(Mnemonic.Cmc, static l => l.SetFlags(l.Ir.Xor(l.ReadFlags(), Carry))),
        new(Mnemonic.Cld, static l => SetDirection(l, 0)),
        new(Mnemonic.Std, static l => SetDirection(l, (long)Eflags.Df)),
        new(Mnemonic.Lahf, static l => l.WriteRegister(Register.AH, l.Ir.Or(l.Ir.And(l.ReadFlags(), InLowByte), (long)Eflags.Reserved1))),
        new(Mnemonic.Sahf, StoreHigh),
        new(Mnemonic.Salc, static l => l.WriteRegister(Register.AL, l.Ir.Sub(0, l.ReadCarry()))),
    ];

    private static void SetDirection(X86Lifter l, long direction) => l.Ir.Write(
        X86Slots.ControlFlags, l.Ir.Or(l.Ir.And(IrBuilder.Read(X86Slots.ControlFlags), ~(long)Eflags.Df), direction));

    private static void StoreHigh(X86Lifter l)
    {
        var kept = l.Ir.And(l.ReadFlags(), (long)ArithmeticFlags.Overflow);
        l.SetFlags(l.Ir.Or(kept, l.Ir.And(l.ReadRegister(Register.AH), InLowByte)));
    }
}

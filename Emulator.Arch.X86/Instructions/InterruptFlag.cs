using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>CLI, STI, CLAC, STAC.</summary>
internal static class InterruptFlag
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Cli, Clear),
        new(Mnemonic.Sti, Set),
        new(Mnemonic.Clac, static l => SetAccessCheck(l, 0)),
        new(Mnemonic.Stac, static l => SetAccessCheck(l, (long)Eflags.Ac)),
    ];

    // At level 0 nothing has to be asked.
    private static void Clear(X86Lifter l)
    {
        if (l.Mode.Privilege == 0) l.Ir.Write(X86Slots.ControlFlags, l.Ir.And(IrBuilder.Read(X86Slots.ControlFlags), ~(long)Eflags.If));
        else l.Ir.Call(ControlHelpers.ClearInterrupts);
    }

    private static void Set(X86Lifter l)
    {
        l.Ir.Call(ControlHelpers.SetInterrupts, l.Ir.CodeAddress(l.Length));
        l.Ir.Leave(); // an interrupt that waits comes after exactly one instruction
    }

    private static void SetAccessCheck(X86Lifter l, long flag)
    {
        if (l.Mode.Privilege != 0)
        {
            l.Fault(X86Exception.InvalidOpcode);
            return;
        }

        l.Ir.Call(ControlHelpers.SetAccessCheck, flag);
        l.Ir.Leave();
    }
}

using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>INT n, INT3, INT1, INTO, BOUND, UD0, UD1, UD2.</summary>
internal static class SoftwareInterrupts
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Int, static l => Interrupt(l, l.Instruction.Immediate8, InterruptKind.Software)),
        new(Mnemonic.Int3, static l => Interrupt(l, (int)X86Exception.Breakpoint, InterruptKind.SoftwareException)),
        new(Mnemonic.Int1, static l => Interrupt(l, (int)X86Exception.Debug, InterruptKind.PrivilegedSoftware)),
        new(Mnemonic.Into, InterruptOnOverflow),
        new(Mnemonic.Bound, CheckBounds),
        new(Mnemonic.Ud0, static l => l.Fault(X86Exception.InvalidOpcode)),
        new(Mnemonic.Ud1, static l => l.Fault(X86Exception.InvalidOpcode)),
        new(Mnemonic.Ud2, static l => l.Fault(X86Exception.InvalidOpcode)),
    ];

    private static void Interrupt(X86Lifter l, int vector, InterruptKind kind) =>
        l.LeaveThrough(InterruptHelpers.SoftwareInterrupt, vector, (long)kind);

    private static void InterruptOnOverflow(X86Lifter l)
    {
        l.Ir.SkipIfEqual(l.Condition(ConditionCode.o), 0);
        Interrupt(l, (int)X86Exception.Overflow, InterruptKind.SoftwareException);
    }

    private static void CheckBounds(X86Lifter l)
    {
        var ir = l.Ir;
        int bytes = l.SizeOf(0);
        var address = l.MemoryOperand(2 * bytes, writes: false);
        var lower = l.SignExtend(l.Load(address, bytes), bytes);
        var upper = l.SignExtend(l.Load(address with { Displacement = address.Displacement + bytes }, bytes), bytes);
        var index = l.ReadSigned(0);
        l.FaultIf(ir.Or(ir.SetLtS(index, lower), ir.SetLtS(upper, index)), X86Exception.BoundRange);
    }
}

using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>Far JMP, CALL and RET, IRET, HLT.</summary>
internal static class FarControl
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. Far(isCall: false, Code.Jmp_ptr1616, Code.Jmp_m1616, 2),
        .. Far(isCall: false, Code.Jmp_ptr1632, Code.Jmp_m1632, 4),
        .. Far(isCall: false, null, Code.Jmp_m1664, 8),
        .. Far(isCall: true, Code.Call_ptr1616, Code.Call_m1616, 2),
        .. Far(isCall: true, Code.Call_ptr1632, Code.Call_m1632, 4),
        .. Far(isCall: true, null, Code.Call_m1664, 8),
        .. Returns(Code.Retfw, Code.Retfw_imm16, 2),
        .. Returns(Code.Retfd, Code.Retfd_imm16, 4),
        .. Returns(Code.Retfq, Code.Retfq_imm16, 8),
        new(Mnemonic.Iret, static l => l.LeaveThrough(InterruptHelpers.Return, 2)),
        new(Mnemonic.Iretd, static l => l.LeaveThrough(InterruptHelpers.Return, 4)),
        new(Mnemonic.Iretq, static l => l.LeaveThrough(InterruptHelpers.Return, 8)),
        new(Mnemonic.Hlt, Halt),
    ];

    private static IEnumerable<InstructionRow> Far(bool isCall, Code? pointer, Code memory, int bytes)
    {
        if (pointer is { } code) yield return new InstructionRow(code, l => GoDirect(l, isCall, bytes));
        yield return new InstructionRow(memory, l => GoIndirect(l, isCall, bytes));
    }

    private static IEnumerable<InstructionRow> Returns(Code plain, Code releasing, int bytes)
    {
        yield return new InstructionRow(plain, l => l.LeaveThrough(SegmentLoadHelpers.ReturnFar, bytes));
        yield return new InstructionRow(releasing, l => l.LeaveThrough(SegmentLoadHelpers.ReturnFar, bytes, l.Instruction.Immediate16));
    }

    private static void GoDirect(X86Lifter l, bool isCall, int bytes)
    {
        long offset = bytes == 2 ? l.Instruction.FarBranch16 : l.Instruction.FarBranch32;
        l.LeaveThrough(SegmentLoadHelpers.GoFar, l.Instruction.FarBranchSelector | FarTarget.PackDetail(bytes, isCall), offset);
    }

    private static void GoIndirect(X86Lifter l, bool isCall, int bytes)
    {
        var (offset, selector) = SegmentMoves.LoadPointer(l, bytes);
        l.LeaveThrough(SegmentLoadHelpers.GoFar, l.Ir.Or(selector, FarTarget.PackDetail(bytes, isCall)), offset);
    }

    private static void Halt(X86Lifter l)
    {
        if (l.RequireLevel0()) l.LeaveThrough(InterruptHelpers.Halt);
    }
}

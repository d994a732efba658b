using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <summary>
/// What instruction bodies are written with: operands, flags, stack and control transfers of one instruction. A body reads its operands,
/// computes, writes memory, then flags, then registers, so that a fault leaves the instruction undone. A value keeps its slot's
/// meaning until the slot is written; one given to a write must not be used again.
/// </summary>
internal sealed partial class X86Lifter(IrBuilder ir, Instruction instruction, X86Mode mode)
{
    /// <summary>The block being built.</summary>
    public IrBuilder Ir { get; } = ir;

    /// <summary>The instruction, decoded as if it stood at address 0.</summary>
    public Instruction Instruction { get; } = instruction;

    /// <summary>What the code assumes.</summary>
    public X86Mode Mode { get; } = mode;

    /// <summary>Length in bytes.</summary>
    public int Length => Instruction.Length;

    /// <summary>True in 64-bit mode.</summary>
    public bool Is64 => Mode.Is64;

    /// <summary>The instruction raises a fault, whatever its operands.</summary>
    public void Fault(X86Exception exception, ulong errorCode = 0)
    {
        Ir.Call(FaultHelpers.Raise, (long)exception, (long)errorCode);
        Ir.LeaveAtPc();
    }

    /// <summary>Raises a fault when <paramref name="condition"/> is not 0.</summary>
    public void FaultIf(Value condition, X86Exception exception, ulong errorCode = 0) =>
        Ir.Call(FaultHelpers.RaiseIf, condition, (long)exception, (long)errorCode);

    /// <summary>Faults unless the whole instruction lies within the code segment.</summary>
    public void CheckFetch(int length)
    {
        if (!Is64 && !Mode.Has(X86Mode.FlatCode)) Ir.Call(SegmentHelpers.CheckFetch, Ir.CodeAddress(0), length);
    }

    /// <summary>Calls a helper that may do anything to the processor; the block ends where the helper leaves the program counter.</summary>
    /// <remarks>The helper gets the address of the next instruction last, and has to set the program counter.</remarks>
    public void LeaveThrough(Helper helper, Value a = default, Value b = default)
    {
        Ir.Call(helper, a == default ? 0 : a, b == default ? 0 : b, Ir.CodeAddress(Length));
        Ir.LeaveAtPc();
    }
}

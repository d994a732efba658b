using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Lifting;

/// <content>The stack and near control transfers.</content>
internal sealed partial class X86Lifter
{
    private const int UnusedBits = 16; // of an address with 4-level paging; the helper knows of 5-level paging

    /// <summary>Operand size of near branches and of pushes without an operand: 8 in 64-bit mode, unless a prefix makes it 2.</summary>
    public int BranchSize(bool isOperand16, bool isOperand32) => Is64 ? 8 : isOperand16 ? 2 : isOperand32 ? 4 : CodeBytes;

    /// <summary>Default operand size of the code segment, in bytes.</summary>
    public int CodeBytes => Mode.CodeSize switch { CodeSize.Bits16 => 2, CodeSize.Bits32 => 4, _ => 8 };

    /// <summary>The stack pointer, zero-extended from the stack's address size.</summary>
    public Value StackPointer => ZeroExtend(IrBuilder.Read(X86Slots.Rsp), Mode.StackSize);

    /// <summary>Sets the stack pointer; of a 16-bit one the rest of RSP stays.</summary>
    public void WriteStackPointer(Value value) => WriteRegister(GeneralRegister(4, Mode.StackSize), value);

    /// <summary>Pushes the low bytes of a value.</summary>
    public void Push(Value value, int bytes)
    {
        StoreOnStack(-bytes, bytes, value);
        Drop(-bytes);
    }

    /// <summary>Stores <paramref name="displacement"/> bytes above the top of the stack.</summary>
    public void StoreOnStack(int displacement, int bytes, Value value)
    {
        Store(StackAddress(displacement, bytes, writes: true), bytes, value);
    }

    /// <summary>What lies <paramref name="displacement"/> bytes above the top of the stack, zero-extended; nothing is popped.</summary>
    public Value Peek(int bytes, int displacement = 0) =>
        Load(StackAddress(displacement, bytes, writes: false), bytes);

    private LinearAddress StackAddress(int displacement, int bytes, bool writes)
    {
        var pointer = IrBuilder.Read(X86Slots.Rsp);
        if (Is64 || (Mode.StackSize == 4 && IsFlat(SsNumber))) return new LinearAddress(pointer, displacement, !Is64);
        return Linear(SsNumber, ZeroExtend(Ir.Add(pointer, displacement), Mode.StackSize), bytes, writes);
    }

    /// <summary>Drops bytes from the top of the stack, or reserves some if negative.</summary>
    public void Drop(int bytes) => WriteStackPointer(Ir.Add(IrBuilder.Read(X86Slots.Rsp), bytes));

    /// <summary>EIP or RIP of the byte <paramref name="displacement"/> bytes from this instruction, cut to an operand size.</summary>
    public Value InstructionPointer(long displacement, int bytes)
    {
        var linear = Ir.CodeAddress(displacement);
        if (Is64) return linear;
        return ZeroExtend(Mode.Has(X86Mode.FlatCode) ? linear : Ir.Sub(linear, IrBuilder.Read(X86Slots.SegmentBase(CsNumber))), bytes);
    }

    /// <summary>Ends the block with a jump to a displacement from this instruction.</summary>
    public void JumpNear(long displacement, int bytes)
    {
        if (IsDirect(bytes)) Ir.Jump(displacement);
        else JumpTo(InstructionPointer(displacement, bytes));
    }

    /// <summary>Ends the block: to a displacement from this instruction if a relation holds, else to the next one.</summary>
    /// <param name="relation">The relation; its operands are not changed by <paramref name="commit"/>.</param>
    /// <param name="displacement">From the start of this instruction.</param>
    /// <param name="bytes">Operand size.</param>
    /// <param name="commit">Writes registers once the target has passed its checks.</param>
    public void BranchNear(Relation relation, long displacement, int bytes, Action? commit = null)
    {
        if (IsDirect(bytes))
        {
            commit?.Invoke();
            Ir.Branch(relation.Branch, relation.A, relation.B, displacement);
            return;
        }

        var next = Ir.Hold(InstructionPointer(Length, CodeBytes));
        var target = Ir.Select(Holds(relation), InstructionPointer(displacement, bytes), next);
        CheckTarget(target);
        commit?.Invoke();
        JumpChecked(target);
    }

    /// <summary>Faults unless an EIP (zero-extended) lies within the code segment, or a RIP is canonical. Before anything is written.</summary>
    public void CheckTarget(Value pointer)
    {
        if (Is64) Ir.Call(SegmentHelpers.CheckCanonicalTarget, IsDoubtful(pointer), pointer);
        else if (!Mode.Has(X86Mode.FlatCode)) Ir.Call(SegmentHelpers.CheckTarget, pointer);
    }

    /// <summary>As <see cref="CheckTarget"/>, before a near call pushes its return address.</summary>
    public void CheckCallTarget(Value pointer)
    {
        if (Is64) Ir.Call(SegmentHelpers.CheckCanonicalCall, IsDoubtful(pointer), pointer, Ir.Sub(IrBuilder.Read(X86Slots.Rsp), sizeof(long)));
        else CheckTarget(pointer);
    }

    // Not 0 unless all upper bits are equal.
    private Value IsDoubtful(Value pointer) => Ir.Xor(Ir.ShrS(Ir.Shl(pointer, UnusedBits), UnusedBits), pointer);

    /// <summary>Ends the block with a jump to an EIP or RIP, zero-extended from the operand size; faults outside the code segment.</summary>
    public void JumpTo(Value pointer)
    {
        CheckTarget(pointer);
        JumpChecked(pointer);
    }

    /// <summary>Ends the block with a jump to an EIP or RIP that has passed <see cref="CheckTarget"/>.</summary>
    public void JumpChecked(Value pointer, bool isReturn = false) => Ir.JumpIndirect(
        Is64 || Mode.Has(X86Mode.FlatCode) ? pointer : Ir.ZeroExtend32(Ir.Add(pointer, IrBuilder.Read(X86Slots.SegmentBase(CsNumber)))), isReturn: isReturn);

    /// <summary>True where EIP cannot wrap or leave its segment, so that a target is a place on the page.</summary>
    public bool IsDirect(int bytes) => Is64 || (Mode.Has(X86Mode.FlatCode) && bytes == 4);
}

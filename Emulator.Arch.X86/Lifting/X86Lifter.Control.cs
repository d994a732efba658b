using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Lifting;

/// <content>The stack and near control transfers.</content>
internal sealed partial class X86Lifter
{
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
        var pointer = ZeroExtend(Ir.Sub(IrBuilder.Read(X86Slots.Rsp), bytes), Mode.StackSize);
        Store(Linear(SsNumber, pointer, bytes, true), bytes, value);
        WriteStackPointer(pointer);
    }

    /// <summary>What lies <paramref name="displacement"/> bytes above the top of the stack, zero-extended; nothing is popped.</summary>
    public Value Peek(int bytes, int displacement = 0) =>
        Load(Linear(SsNumber, ZeroExtend(Ir.Add(IrBuilder.Read(X86Slots.Rsp), displacement), Mode.StackSize), bytes, false), bytes);

    /// <summary>Drops bytes from the top of the stack.</summary>
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
    public void BranchNear(Relation relation, long displacement, int bytes)
    {
        if (IsDirect(bytes))
        {
            Ir.Branch(relation.Branch, relation.A, relation.B, displacement);
            return;
        }

        var holds = relation.Branch switch
        {
            Opcode.BranchEq => Ir.SetEq(relation.A, relation.B),
            Opcode.BranchNe => Ir.SetNe(relation.A, relation.B),
            Opcode.BranchLtS => Ir.SetLtS(relation.A, relation.B),
            Opcode.BranchLtU => Ir.SetLtU(relation.A, relation.B),
            Opcode.BranchGeS => Ir.Xor(Ir.SetLtS(relation.A, relation.B), 1),
            _ => Ir.Xor(Ir.SetLtU(relation.A, relation.B), 1),
        };
        var next = Ir.Hold(InstructionPointer(Length, CodeBytes));
        JumpTo(Ir.Select(holds, InstructionPointer(displacement, bytes), next));
    }

    /// <summary>Faults unless an EIP (zero-extended) lies within the code segment. Before anything is written.</summary>
    public void CheckTarget(Value pointer)
    {
        if (Is64) Ir.Call(SegmentHelpers.CheckCanonicalTarget, pointer);
        else if (!Mode.Has(X86Mode.FlatCode)) Ir.Call(SegmentHelpers.CheckTarget, pointer);
    }

    /// <summary>Ends the block with a jump to an EIP or RIP, zero-extended from the operand size; faults outside the code segment.</summary>
    public void JumpTo(Value pointer)
    {
        if (!Is64 && !Mode.Has(X86Mode.FlatCode))
        {
            pointer = Ir.Hold(pointer);
            CheckTarget(pointer);
            pointer = Ir.ZeroExtend32(Ir.Add(pointer, IrBuilder.Read(X86Slots.SegmentBase(CsNumber))));
        }

        Ir.JumpIndirect(pointer);
    }

    // Where EIP cannot wrap or leave its segment, a target is a place on the page.
    private bool IsDirect(int bytes) => Is64 || (Mode.Has(X86Mode.FlatCode) && bytes == 4);
}

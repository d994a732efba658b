using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE.</summary>
internal static class Stack
{
    private const int Sp = 4;
    private const int Bp = 5;
    private const int GeneralCount = 8;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Push, Push),
        new(Mnemonic.Pop, Pop),
        new(Mnemonic.Pusha, PushAll),
        new(Mnemonic.Pushad, PushAll),
        new(Mnemonic.Popa, PopAll),
        new(Mnemonic.Popad, PopAll),
        new(Mnemonic.Pushf, PushFlags),
        new(Mnemonic.Pushfd, PushFlags),
        new(Mnemonic.Pushfq, PushFlags),
        new(Mnemonic.Popf, PopFlags),
        new(Mnemonic.Popfd, PopFlags),
        new(Mnemonic.Popfq, PopFlags),
        new(Mnemonic.Enter, Enter),
        new(Mnemonic.Leave, Leave),
    ];

    // What Iced knows of the stack pointer gives the operand size also where there is no operand.
    private static int PushSize(X86Lifter l) => Math.Abs(l.Instruction.StackPointerIncrement);

    private static void Push(X86Lifter l)
    {
        int bytes = PushSize(l);
        if (l.Instruction.Op0Kind == OpKind.Register && l.Instruction.Op0Register.IsSegmentRegister()) l.Push(l.Ir.Call(StackHelpers.Selector, l.Instruction.Op0Register - Register.ES), bytes);
        else l.Push(l.Read(0), bytes);
    }

    // The address of a memory operand that is relative to the stack pointer is worked out after the increment.
    private static void Pop(X86Lifter l)
    {
        if (l.Instruction.Op0Kind == OpKind.Register)
        {
            if (!l.Instruction.Op0Register.IsGPR())
            {
                l.Fault(X86Exception.InvalidOpcode);
                return;
            }

            var value = l.Peek(PushSize(l));
            l.Drop(PushSize(l));
            l.WriteRegister(l.Instruction.Op0Register, value);
            return;
        }

        int bytes = PushSize(l);
        var popped = l.Peek(bytes);
        bool isRelative = l.Instruction.MemoryBase is Register.ESP or Register.RSP;
        l.Store(l.MemoryOperand(bytes, writes: true, isRelative ? bytes : null), bytes, popped);
        l.Drop(bytes);
    }

    private static void PushAll(X86Lifter l)
    {
        int bytes = PushSize(l) / GeneralCount;
        for (int i = 0; i < GeneralCount; i++)
        {
            l.StoreOnStack(-(i + 1) * bytes, bytes, l.ReadRegister(X86Lifter.GeneralRegister(i, bytes)));
        }

        l.Drop(-GeneralCount * bytes);
    }

    private static void PopAll(X86Lifter l)
    {
        int bytes = PushSize(l) / GeneralCount;
        var values = new Value[GeneralCount];
        for (int i = GeneralCount - 1; i >= 0; i--) values[i] = l.Peek(bytes, (GeneralCount - 1 - i) * bytes);
        for (int i = 0; i < GeneralCount; i++)
        {
            if (i != Sp) l.WriteRegister(X86Lifter.GeneralRegister(i, bytes), values[i]);
        }

        l.Drop(GeneralCount * bytes);
    }

    private static void PushFlags(X86Lifter l)
    {
        if (l.Mode.Has(X86Mode.Virtual8086)) l.Ir.Call(StackHelpers.CheckFlagAccess, PushSize(l));
        l.Push(l.Ir.Call(StackHelpers.FlagImage), PushSize(l));
    }

    private static void PopFlags(X86Lifter l)
    {
        int bytes = PushSize(l);
        var image = l.Peek(bytes);
        if (l.Mode.Has(X86Mode.Virtual8086)) l.Ir.Call(StackHelpers.CheckFlagLoad, bytes, image);
        l.Drop(bytes);
        l.LeaveThrough(StackHelpers.LoadFlags, image, bytes);
    }

    private static void Enter(X86Lifter l)
    {
        int bytes = l.Instruction.Code switch { Code.Enterw_imm16_imm8 => 2, Code.Enterd_imm16_imm8 => 4, _ => 8 };
        var frame = new FrameShape(bytes, l.Mode.StackSize, l.Instruction.Immediate16, l.Instruction.Immediate8_2nd % FrameShape.MaxLevels);
        l.Ir.Call(StackHelpers.Enter, frame.Pack());
    }

    private static void Leave(X86Lifter l)
    {
        int bytes = l.Instruction.Code switch { Code.Leavew => 2, Code.Leaved => 4, _ => 8 };
        var frame = l.Ir.Hold(l.ZeroExtend(IrBuilder.Read(X86Slots.General64(Bp)), l.Mode.StackSize));
        var value = l.Load(l.Linear(X86Cpu.Ss, frame, bytes, false), bytes);
        l.WriteStackPointer(l.Ir.Add(frame, bytes));
        l.WriteRegister(X86Lifter.GeneralRegister(Bp, bytes), value);
    }
}

using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>Near JMP, CALL and RET, Jcc, LOOPcc, JrCXZ.</summary>
internal static class NearControl
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. Conditional(),
        .. OfCodes(Jump, Code.Jmp_rel8_16, Code.Jmp_rel8_32, Code.Jmp_rel8_64, Code.Jmp_rel16, Code.Jmp_rel32_32, Code.Jmp_rel32_64),
        .. OfCodes(JumpIndirect, Code.Jmp_rm16, Code.Jmp_rm32, Code.Jmp_rm64),
        .. OfCodes(Call, Code.Call_rel16, Code.Call_rel32_32, Code.Call_rel32_64),
        .. OfCodes(CallIndirect, Code.Call_rm16, Code.Call_rm32, Code.Call_rm64),
        new(Mnemonic.Ret, Return),
        new(Mnemonic.Loop, static l => Loop(l, null)),
        new(Mnemonic.Loope, static l => Loop(l, ConditionCode.e)),
        new(Mnemonic.Loopne, static l => Loop(l, ConditionCode.ne)),
        new(Mnemonic.Jcxz, static l => JumpIfZero(l, 2)),
        new(Mnemonic.Jecxz, static l => JumpIfZero(l, 4)),
        new(Mnemonic.Jrcxz, static l => JumpIfZero(l, 8)),
    ];

    // Far jumps and calls have the same mnemonics.
    private static IEnumerable<InstructionRow> OfCodes(Lift lift, params Code[] codes) => codes.Select(code => new InstructionRow(code, lift));

    private static void Jump(X86Lifter l)
    {
        var (displacement, bytes) = Target(l);
        l.JumpNear(displacement, bytes);
    }

    private static void JumpIndirect(X86Lifter l) => l.JumpTo(l.ReadZero(0));

    private static void Call(X86Lifter l)
    {
        var (displacement, bytes) = Target(l);
        if (l.IsDirect(bytes))
        {
            l.Push(l.InstructionPointer(l.Length, bytes), bytes);
            l.Ir.Jump(displacement);
            return;
        }

        CallTo(l, l.InstructionPointer(displacement, bytes), bytes);
    }

    // The target is worked out before the push: it may be relative to RSP, or RSP itself.
    private static void CallIndirect(X86Lifter l) => CallTo(l, l.Ir.Hold(l.ReadZero(0)), l.SizeOf(0));

    private static void CallTo(X86Lifter l, Value target, int bytes)
    {
        l.CheckCallTarget(target);
        l.Push(l.InstructionPointer(l.Length, bytes), bytes);
        l.JumpChecked(target);
    }

    private static void Return(X86Lifter l)
    {
        int extra = l.Instruction.OpCount == 0 ? 0 : l.Instruction.Immediate16;
        int bytes = l.Instruction.StackPointerIncrement - extra;
        var target = l.Peek(bytes);
        l.CheckTarget(target);
        l.Drop(bytes + extra);
        l.JumpChecked(target, isReturn: true);
    }

    /// <summary>CX, ECX or RCX: what LOOP counts with.</summary>
    private static int CounterSize(Code code) => code switch
    {
        Code.Loop_rel8_16_CX or Code.Loop_rel8_32_CX or Code.Loope_rel8_16_CX or Code.Loope_rel8_32_CX
            or Code.Loopne_rel8_16_CX or Code.Loopne_rel8_32_CX => 2,
        Code.Loop_rel8_16_RCX or Code.Loop_rel8_64_RCX or Code.Loope_rel8_16_RCX or Code.Loope_rel8_64_RCX
            or Code.Loopne_rel8_16_RCX or Code.Loopne_rel8_64_RCX => 8,
        _ => 4,
    };

    private static void Loop(X86Lifter l, ConditionCode? condition)
    {
        var (displacement, bytes) = Target(l);
        var counter = X86Lifter.GeneralRegister(1, CounterSize(l.Instruction.Code));
        var count = l.Ir.Hold(l.ZeroExtend(l.Ir.Sub(l.ReadRegister(counter), 1), counter.GetSize()));
        var goesOn = condition is { } needed ? l.Ir.And(l.Ir.SetNe(count, 0), l.Condition(needed)) : count;
        l.BranchNear(new Relation(Opcode.BranchNe, goesOn, 0), displacement, bytes, () => l.WriteRegister(counter, l.Ir.Hold(count)));
    }

    private static void JumpIfZero(X86Lifter l, int counterSize)
    {
        var (displacement, bytes) = Target(l);
        var count = l.ZeroExtend(l.ReadRegister(X86Lifter.GeneralRegister(1, counterSize)), counterSize);
        l.BranchNear(new Relation(Opcode.BranchEq, count, 0), displacement, bytes);
    }

    /// <summary>Where a near branch goes, relative to the instruction, and its operand size.</summary>
    public static (long Displacement, int Bytes) Target(X86Lifter l) => l.Instruction.Op0Kind switch
    {
        OpKind.NearBranch16 => ((short)l.Instruction.NearBranch16, 2),
        OpKind.NearBranch32 => ((int)l.Instruction.NearBranch32, 4),
        _ => ((long)l.Instruction.NearBranch64, 8),
    };

    private static IEnumerable<InstructionRow> Conditional()
    {
        foreach (var (mnemonic, condition) in new (Mnemonic, ConditionCode)[]
        {
            (Mnemonic.Jo, ConditionCode.o), (Mnemonic.Jno, ConditionCode.no), (Mnemonic.Jb, ConditionCode.b), (Mnemonic.Jae, ConditionCode.ae),
            (Mnemonic.Je, ConditionCode.e), (Mnemonic.Jne, ConditionCode.ne), (Mnemonic.Jbe, ConditionCode.be), (Mnemonic.Ja, ConditionCode.a),
            (Mnemonic.Js, ConditionCode.s), (Mnemonic.Jns, ConditionCode.ns), (Mnemonic.Jp, ConditionCode.p), (Mnemonic.Jnp, ConditionCode.np),
            (Mnemonic.Jl, ConditionCode.l), (Mnemonic.Jge, ConditionCode.ge), (Mnemonic.Jle, ConditionCode.le), (Mnemonic.Jg, ConditionCode.g),
        })
        {
            yield return new InstructionRow(mnemonic, l =>
            {
                var (displacement, bytes) = Target(l);
                l.BranchNear(l.RelationOf(condition), displacement, bytes);
            });
        }
    }
}

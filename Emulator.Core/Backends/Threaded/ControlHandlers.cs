using System.Reflection.Emit;
using Emulator.Core.Backends.Cil;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Threaded;

/// <summary>Handlers of entries, branches, jumps and leaves.</summary>
internal static class ControlHandlers
{
    public static void Emit(HandlerKey key, ThreadedEmitter emitter, ILGenerator il)
    {
        switch (key.Opcode)
        {
            case Opcode.Jump when key.Form == HandlerForm.Far:
                EmitJump(emitter, il, () => LoadPagePlusImmediate(emitter, il));
                break;
            case Opcode.Jump:
                emitter.EmitGoToLink();
                break;
            case Opcode.JumpIndirect:
                EmitJump(emitter, il, () => LoadIndirect(emitter, il), key.Form == HandlerForm.Noting ? target => NoteTarget(emitter, il, target) : null);
                break;
            case Opcode.Leave:
                emitter.SetStateField(StateOffsets.ProgramCounter, () => LoadPagePlusImmediate(emitter, il));
                emitter.EmitReturnNothing();
                break;
            case Opcode.LeaveAtPc:
                emitter.EmitReturnNothing();
                break;
            default:
                EmitBranch(key, emitter, il);
                break;
        }
    }

    /// <summary>Emits the entry of a block.</summary>
    public static void EmitEnter(HandlerKey key, ThreadedEmitter emitter, ILGenerator il, bool isDeterministic)
    {
        if (key.Form == HandlerForm.Dropped)
        {
            emitter.SetStateField(StateOffsets.ProgramCounter, emitter.LoadProgramCounter);
            emitter.EmitReturnNothing();
            return;
        }

        var attention = il.DefineLabel();
        emitter.LoadStateAddress(StateOffsets.Attention);
        il.Emit(OpCodes.Ldind_I4);
        il.Emit(OpCodes.Brtrue, attention);
        var hot = il.DefineLabel();
        if (key.Form == HandlerForm.Far)
        {
            var left = il.DeclareLocal(typeof(long));
            emitter.LoadImmediate();
            il.Emit(OpCodes.Ldc_I4_1);
            il.Emit(OpCodes.Conv_I8);
            il.Emit(OpCodes.Sub);
            il.Emit(OpCodes.Stloc, left);
            emitter.LoadImmediateAddress();
            il.Emit(OpCodes.Ldloc, left);
            il.Emit(OpCodes.Stind_I8);
            il.Emit(OpCodes.Ldloc, left);
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Conv_I8);
            il.Emit(OpCodes.Ble, hot);
        }

        var limit = il.DefineLabel();
        if (isDeterministic)
        {
            LoadCountAfter();
            emitter.LoadStateAddress(StateOffsets.InstructionLimit);
            il.Emit(OpCodes.Ldind_I8);
            il.Emit(OpCodes.Bgt, limit);
        }

        emitter.SetStateField(StateOffsets.InstructionCount, LoadCountAfter);
        emitter.EmitNext();
        il.MarkLabel(attention);
        emitter.EmitExit(ExitReason.Attention);
        il.MarkLabel(hot);
        emitter.EmitExit(ExitReason.Hot);
        il.MarkLabel(limit);
        emitter.EmitExit(ExitReason.Limit);

        void LoadCountAfter()
        {
            emitter.LoadStateAddress(StateOffsets.InstructionCount);
            il.Emit(OpCodes.Ldind_I8);
            emitter.LoadLiteralC();
            il.Emit(OpCodes.Add);
        }
    }

    private static void EmitBranch(HandlerKey key, ThreadedEmitter emitter, ILGenerator il)
    {
        var taken = il.DefineLabel();
        emitter.LoadA();
        emitter.LoadB();
        il.Emit(BranchOpCode(key.Opcode), taken);
        emitter.EmitNext();
        il.MarkLabel(taken);
        emitter.EmitGoToLink();
    }

    /// <summary>The CIL branch of a conditional branch.</summary>
    public static OpCode BranchOpCode(Opcode opcode) => opcode switch
    {
        Opcode.BranchEq => OpCodes.Beq,
        Opcode.BranchNe => OpCodes.Bne_Un,
        Opcode.BranchLtS => OpCodes.Blt,
        Opcode.BranchGeS => OpCodes.Bge,
        Opcode.BranchLtU => OpCodes.Blt_Un,
        _ => OpCodes.Bge_Un,
    };

    private static void EmitJump(ThreadedEmitter emitter, ILGenerator il, Action loadTarget, Action<LocalBuilder>? note = null)
    {
        var target = il.DeclareLocal(typeof(long));
        var entry = il.DeclareLocal(typeof(nint));
        loadTarget();
        il.Emit(OpCodes.Stloc, target);
        note?.Invoke(target);
        JumpEmitter.Emit(il, target, entry, il.DeclareLocal(typeof(long)));
    }

    // For regions, which look there first. The place among those noted is one of the address's, so that they do not crowd each other out.
    private static void NoteTarget(ThreadedEmitter emitter, ILGenerator il, LocalBuilder target)
    {
        emitter.LoadField(ThreadedEmitter.OperationSize);
        il.Emit(OpCodes.Ldloc, target);
        il.Emit(OpCodes.Ldloc, target);
        il.Emit(OpCodes.Ldc_I4_4);
        il.Emit(OpCodes.Shr_Un);
        il.Emit(OpCodes.Xor);
        il.Emit(OpCodes.Ldc_I4, (JumpTargets.Count - 1) * sizeof(ushort));
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldloc, target);
        il.Emit(OpCodes.Conv_U2);
        il.Emit(OpCodes.Stind_I2);
    }

    private static void LoadPagePlusImmediate(ThreadedEmitter emitter, ILGenerator il)
    {
        emitter.LoadStateSlot(StateSlots.CodePage);
        emitter.LoadImmediate();
        il.Emit(OpCodes.Add);
    }

    private static void LoadIndirect(ThreadedEmitter emitter, ILGenerator il)
    {
        emitter.LoadA();
        emitter.LoadImmediate();
        il.Emit(OpCodes.Add);
        emitter.LoadLiteralC();
        il.Emit(OpCodes.Not);
        il.Emit(OpCodes.And);
    }
}

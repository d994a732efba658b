using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using Emulator.Core.Backends.Cil;
using Emulator.Core.Execution;

namespace Emulator.Core.Backends.Threaded;

/// <summary>
/// Emits a handler of tier 0, or the part of one that executes an operation of a sequence: operands are slots in the state block, named
/// by the pre-decoded operation.
/// </summary>
/// <param name="il">Where to.</param>
/// <param name="bIsImmediate">Operand B is the immediate.</param>
/// <param name="position">Which operation, counted from the one that the handler is called with.</param>
/// <param name="emitFollowing">Emits the operation behind this one; null where the handler ends.</param>
internal sealed class ThreadedEmitter(ILGenerator il, bool bIsImmediate, int position, Action? emitFollowing) : OperationEmitter(il)
{
    public const int OperationSize = 32;
    internal const int DestinationOffset = 8;
    private const int AOffset = 10;
    private const int BOffset = 12;
    private const int COffset = 14;
    private const int ImmediateOffset = 16;
    internal const int PcOffsetOffset = 24;
    private LocalBuilder? _result;
    private LocalBuilder? _vectorResult;

    /// <summary>The same for an operation some places behind.</summary>
    public ThreadedEmitter At(int distance) => new(Il, bIsImmediate, position + distance, emitFollowing);

    public override void LoadA() => LoadSlot(AOffset);

    public override void LoadB()
    {
        if (bIsImmediate) LoadImmediate();
        else LoadSlot(BOffset);
    }

    public override void LoadC() => LoadSlot(COffset);

    public override void LoadImmediate()
    {
        LoadField(ImmediateOffset);
        Il.Emit(OpCodes.Ldind_I8);
    }

    public override void StoreResult()
    {
        _result ??= Il.DeclareLocal(typeof(long));
        Il.Emit(OpCodes.Stloc, _result);
        LoadSlotAddress(DestinationOffset);
        Il.Emit(OpCodes.Ldloc, _result);
        Il.Emit(OpCodes.Stind_I8);
    }

    public override void LoadVectorA() => LoadVectorSlot(AOffset);

    public override void LoadVectorB() => LoadVectorSlot(BOffset);

    public override void StoreVectorResult()
    {
        _vectorResult ??= Il.DeclareLocal(typeof(Vector128<byte>));
        Il.Emit(OpCodes.Stloc, _vectorResult);
        LoadSlotAddress(DestinationOffset);
        Il.Emit(OpCodes.Ldloc, _vectorResult);
        Il.Emit(OpCodes.Stobj, typeof(Vector128<byte>));
    }

    /// <summary>Pushes C as a number.</summary>
    public void LoadLiteralC()
    {
        LoadField(COffset);
        Il.Emit(OpCodes.Ldind_U2);
        Il.Emit(OpCodes.Conv_U8);
    }

    /// <summary>Pushes C as a signed number.</summary>
    public void LoadSignedLiteralC()
    {
        LoadField(COffset);
        Il.Emit(OpCodes.Ldind_I2);
        Il.Emit(OpCodes.Conv_I8);
    }

    /// <summary>Pushes the virtual address of the operation's guest instruction.</summary>
    public void LoadProgramCounter()
    {
        LoadStateSlot(Ir.StateSlots.CodePage);
        LoadField(PcOffsetOffset);
        Il.Emit(OpCodes.Ldind_U2);
        Il.Emit(OpCodes.Conv_U8);
        Il.Emit(OpCodes.Add);
    }

    /// <summary>Sets a 64-bit field of the state block to the value that <paramref name="load"/> pushes.</summary>
    public void SetStateField(int offset, Action load)
    {
        LoadStateAddress(offset);
        load();
        Il.Emit(OpCodes.Stind_I8);
    }

    /// <summary>Leaves with a reason, at this operation.</summary>
    public void EmitExit(ExitReason reason)
    {
        LoadStateAddress(StateOffsets.ExitReason);
        Il.Emit(OpCodes.Ldc_I4, (int)reason);
        Il.Emit(OpCodes.Stind_I4);
        EmitReturnOperation();
    }

    /// <summary>Leaves at this operation when a helper has left a reason.</summary>
    public void EmitExitIfRaised()
    {
        var go = Il.DefineLabel();
        LoadStateAddress(StateOffsets.ExitReason);
        Il.Emit(OpCodes.Ldind_I4);
        Il.Emit(OpCodes.Brfalse, go);
        EmitReturnOperation();
        Il.MarkLabel(go);
    }

    public void EmitReturnOperation()
    {
        LoadField(0);
        Il.Emit(OpCodes.Ret);
    }

    public void EmitReturnNothing()
    {
        Il.Emit(OpCodes.Ldc_I4_0);
        Il.Emit(OpCodes.Conv_I);
        Il.Emit(OpCodes.Ret);
    }

    /// <summary>Goes on with the next operation.</summary>
    public void EmitNext()
    {
        if (emitFollowing is not null)
        {
            emitFollowing();
            return;
        }

        LoadState();
        LoadNextOperation();
        LoadNextOperation();
        Il.Emit(OpCodes.Ldind_I);
        NativeCode.EmitTailCall(Il);
    }

    /// <summary>Goes on at the entry whose address is in the immediate, or leaves at this operation to have it found: the immediate is 0.</summary>
    public void EmitGoToLink()
    {
        var target = Il.DeclareLocal(typeof(nint));
        var unlinked = Il.DefineLabel();
        LoadImmediate();
        Il.Emit(OpCodes.Conv_I);
        Il.Emit(OpCodes.Stloc, target); // looked at once: another hart may change it
        Il.Emit(OpCodes.Ldloc, target);
        Il.Emit(OpCodes.Brfalse, unlinked);
        NativeCode.EmitEnter(Il, target);
        Il.MarkLabel(unlinked);
        EmitReturnOperation();
    }

    /// <summary>Goes on in a handler at a fixed address, with this operation.</summary>
    public void EmitTailTo(nint handler)
    {
        LoadState();
        LoadField(0);
        Il.Emit(OpCodes.Ldc_I8, (long)handler);
        Il.Emit(OpCodes.Conv_I);
        NativeCode.EmitTailCall(Il);
    }

    /// <summary>Pushes the address of a field of the operation.</summary>
    public void LoadField(int offset)
    {
        Il.Emit(OpCodes.Ldarg_1);
        offset += position * OperationSize;
        if (offset == 0) return;
        Il.Emit(OpCodes.Ldc_I4, offset);
        Il.Emit(OpCodes.Conv_I);
        Il.Emit(OpCodes.Add);
    }

    /// <summary>Pushes the address of the immediate.</summary>
    public void LoadImmediateAddress() => LoadField(ImmediateOffset);

    private void LoadNextOperation() => LoadField(OperationSize);

    private void LoadSlot(int fieldOffset)
    {
        LoadSlotAddress(fieldOffset);
        Il.Emit(OpCodes.Ldind_I8);
    }

    private void LoadVectorSlot(int fieldOffset)
    {
        LoadSlotAddress(fieldOffset);
        Il.Emit(OpCodes.Ldobj, typeof(Vector128<byte>));
    }

    private void LoadSlotAddress(int fieldOffset)
    {
        LoadState();
        LoadField(fieldOffset);
        Il.Emit(OpCodes.Ldind_U2);
        Il.Emit(OpCodes.Conv_U);
        Il.Emit(OpCodes.Ldc_I4_8);
        Il.Emit(OpCodes.Mul);
        Il.Emit(OpCodes.Add);
    }
}

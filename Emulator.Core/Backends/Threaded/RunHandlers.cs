using System.Reflection.Emit;
using Emulator.Core.Backends.Cil;
using Emulator.Core.Execution;

namespace Emulator.Core.Backends.Threaded;

/// <summary>Handlers of <see cref="AccessRun"/>s. Where the window lies is in operand C of the first two operations, which need none.</summary>
internal static class RunHandlers
{
    /// <summary>Tells the operations of a run where its window lies.</summary>
    // SAFETY: a run has at least two operations.
    public static unsafe void SetWindow(ThreadedOp* first, AccessRun run)
    {
        first[0].C = (ushort)run.Lowest;
        first[1].C = run.Extent;
    }

    /// <summary>Emits a handler.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="emitter">For the first operation.</param>
    /// <param name="il">Where to.</param>
    /// <param name="single">The code of the first operation alone, for when the window is not on one page that the TLB has.</param>
    public static void Emit(HandlerKey key, ThreadedEmitter emitter, ILGenerator il, nint single)
    {
        var (mmuIndex, _) = MemoryDetail.Unpack(key.Detail);
        bool isStore = MemoryEmitter.IsStore(key.Opcode);
        int length = AccessRun.LengthOf(key);
        var guestBase = il.DeclareLocal(typeof(long));
        var window = il.DeclareLocal(typeof(long));
        var hostBase = il.DeclareLocal(typeof(long));
        var entry = il.DeclareLocal(typeof(nint));
        var miss = il.DefineLabel();
        emitter.LoadA();
        il.Emit(OpCodes.Stloc, guestBase);
        il.Emit(OpCodes.Ldloc, guestBase);
        emitter.LoadSignedLiteralC();
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, window);
        MemoryEmitter.EmitWindowProbe(il, window, emitter.At(1).LoadLiteralC, entry, StateBlock.TlbTableOffset(mmuIndex, isStore), miss);
        il.Emit(OpCodes.Ldloc, guestBase);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, hostBase);
        for (int i = 0; i < length; i++)
        {
            var opcode = AccessRun.OpcodeAt(key, i);
            var access = emitter.At(i);
            il.Emit(OpCodes.Ldloc, hostBase);
            access.LoadImmediate();
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Conv_I);
            if (isStore)
            {
                access.LoadB();
                MemoryEmitter.EmitStore(il, opcode);
            }
            else
            {
                MemoryEmitter.EmitLoad(il, opcode);
                access.StoreResult();
            }
        }

        emitter.At(length - 1).EmitNext();
        il.MarkLabel(miss);
        emitter.EmitTailTo(single);
    }
}

using System.Reflection.Emit;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>Leaving for a computed virtual address, for both tiers: through the jump cache, else to the dispatcher.</summary>
internal static class JumpEmitter
{
    private const int EntryShift = 4; // entries of 16 bytes

    /// <summary>Emits the jump to the address in <paramref name="target"/>; nothing falls through.</summary>
    public static void Emit(ILGenerator il, LocalBuilder target, LocalBuilder entry, LocalBuilder tag)
    {
        var miss = il.DefineLabel();

        // tag = pc ^ salt; entry = ((tag >> 1 ^ tag >> 13) & 65535) * 16, as StateBlock.JumpCache has it, in fewer steps
        il.Emit(OpCodes.Ldloc, target);
        LoadState(il, StateOffsets.JumpCacheSalt);
        il.Emit(OpCodes.Xor);
        il.Emit(OpCodes.Stloc, tag);
        il.Emit(OpCodes.Ldloc, tag);
        il.Emit(OpCodes.Ldc_I4, EntryShift - 1);
        il.Emit(OpCodes.Shl);
        il.Emit(OpCodes.Ldloc, tag);
        il.Emit(OpCodes.Ldc_I4, 13 - EntryShift);
        il.Emit(OpCodes.Shr_Un);
        il.Emit(OpCodes.Xor);
        il.Emit(OpCodes.Ldc_I4, (StateBlock.JumpCacheEntries - 1) << EntryShift);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Stloc, entry);

        il.Emit(OpCodes.Ldloc, tag);
        LoadEntry(il, entry, StateBlock.JumpCacheOffset);
        il.Emit(OpCodes.Bne_Un, miss);

        StoreCodePage(il, target);
        LoadEntry(il, entry, StateBlock.JumpCacheOffset + 8);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Stloc, entry);
        NativeCode.EmitEnter(il, entry);

        il.MarkLabel(miss);
        StateAddress(il, StateOffsets.ProgramCounter);
        il.Emit(OpCodes.Ldloc, target);
        il.Emit(OpCodes.Stind_I8);
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Ret);
    }

    private static void StoreCodePage(ILGenerator il, LocalBuilder target)
    {
        StateAddress(il, StateSlots.CodePage * 8);
        il.Emit(OpCodes.Ldloc, target);
        il.Emit(OpCodes.Ldc_I8, unchecked((long)StateBlock.PageMask));
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Stind_I8);
    }

    private static void LoadEntry(ILGenerator il, LocalBuilder entry, int offset)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloc, entry);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldc_I4, offset);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldind_I8);
    }

    private static void LoadState(ILGenerator il, int offset)
    {
        StateAddress(il, offset);
        il.Emit(OpCodes.Ldind_I8);
    }

    private static void StateAddress(ILGenerator il, int offset)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4, offset);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Add);
    }
}

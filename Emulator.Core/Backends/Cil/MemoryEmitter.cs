using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>The inlined TLB probe and the access behind it, for both tiers.</summary>
internal static class MemoryEmitter
{
    private const int EntryShift = StateBlock.PageBits - 4; // entries of 16 bytes
    private const int EntryMask = (StateBlock.TlbEntries - 1) << 4;

    /// <summary>Bytes that a load or store moves.</summary>
    public static int SizeOf(Opcode opcode) => opcode switch
    {
        Opcode.Load8U or Opcode.Load8S or Opcode.Store8 => 1,
        Opcode.Load16U or Opcode.Load16S or Opcode.Store16 => 2,
        Opcode.Load32U or Opcode.Load32S or Opcode.Store32 => 4,
        Opcode.VectorLoad or Opcode.VectorStore => VectorOperations.Size,
        _ => 8,
    };

    /// <summary>True for a store.</summary>
    public static bool IsStore(Opcode opcode) => opcode is (>= Opcode.Store8 and <= Opcode.Store64) or Opcode.VectorStore;

    /// <summary>
    /// Branches to <paramref name="miss"/> unless the address in <paramref name="address"/> is cached and directly accessible, and aligned
    /// (or, where misaligned accesses are common, within one page); else leaves the host address on the stack.
    /// </summary>
    /// <param name="il">Where to.</param>
    /// <param name="address">Has the guest address.</param>
    /// <param name="entry">Gets the entry's offset in its table.</param>
    /// <param name="tableOffset">Which table.</param>
    /// <param name="size">Bytes of the access.</param>
    /// <param name="admitsMisaligned">Whether the address need not be a multiple of the size.</param>
    /// <param name="miss">Where to go when the entry is another's.</param>
    public static void EmitProbe(ILGenerator il, LocalBuilder address, LocalBuilder entry, int tableOffset, int size, bool admitsMisaligned, Label miss)
    {
        EmitEntryOf(il, address, entry);
        EmitComparison(il, address, entry, tableOffset, size, admitsMisaligned, miss);
    }

    /// <summary>The part of a probe behind the search for the entry, whose offset in its table <paramref name="entry"/> has.</summary>
    public static void EmitComparison(ILGenerator il, LocalBuilder address, LocalBuilder entry, int tableOffset, int size, bool admitsMisaligned, Label miss)
    {
        LoadProbed(il, address, size, admitsMisaligned);
        EmitTagComparison(il, entry, tableOffset, miss);
        il.Emit(OpCodes.Ldloc, address);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Conv_I);
    }

    /// <summary>
    /// Branches to <paramref name="miss"/> unless some bytes on one page are cached and directly accessible; else leaves on the stack what
    /// their host addresses are more than the guest's.
    /// </summary>
    /// <param name="il">Where to.</param>
    /// <param name="first">Has the guest address of the first byte.</param>
    /// <param name="loadExtent">Pushes the distance of the last one from it.</param>
    /// <param name="entry">Gets the entry's offset in its table.</param>
    /// <param name="tableOffset">Which table.</param>
    /// <param name="miss">Where to go when the entry is another's.</param>
    public static void EmitWindowProbe(ILGenerator il, LocalBuilder first, Action loadExtent, LocalBuilder entry, int tableOffset, Label miss)
    {
        EmitEntryOf(il, first, entry);
        il.Emit(OpCodes.Ldloc, first);
        loadExtent();
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldc_I8, unchecked((long)StateBlock.PageMask));
        il.Emit(OpCodes.And);
        EmitTagComparison(il, entry, tableOffset, miss);
    }

    // Of the tag on the stack with the entry's; leaves what host addresses are more than the guest's.
    private static void EmitTagComparison(ILGenerator il, LocalBuilder entry, int tableOffset, Label miss)
    {
        LoadEntryField(il, entry, tableOffset);
        il.Emit(OpCodes.Bne_Un, miss);
        LoadEntryField(il, entry, tableOffset + 8);
    }

    private static void EmitEntryOf(ILGenerator il, LocalBuilder address, LocalBuilder entry)
    {
        // entry = (address >> 8) & 0xfff0; the state's address and the table's offset fold into both loads
        il.Emit(OpCodes.Ldloc, address);
        il.Emit(OpCodes.Ldc_I4, EntryShift);
        il.Emit(OpCodes.Shr_Un);
        il.Emit(OpCodes.Ldc_I4, EntryMask);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Stloc, entry);
    }

    // The low bits of the mask make a misaligned address miss; otherwise the last byte must be on the page of the first.
    private static void LoadProbed(ILGenerator il, LocalBuilder address, int size, bool admitsMisaligned)
    {
        il.Emit(OpCodes.Ldloc, address);
        if (admitsMisaligned && size > 1)
        {
            il.Emit(OpCodes.Ldc_I8, (long)(size - 1));
            il.Emit(OpCodes.Add);
        }

        il.Emit(OpCodes.Ldc_I8, unchecked((long)StateBlock.PageMask) | (admitsMisaligned ? 0 : (long)(size - 1)));
        il.Emit(OpCodes.And);
    }

    /// <summary>
    /// Loads through the host address on the stack and extends to 64 bits. Volatile: another hart may write there, so the load must not
    /// be moved out of a loop or merged with another.
    /// </summary>
    public static void EmitLoad(ILGenerator il, Opcode opcode)
    {
        if (opcode == Opcode.VectorLoad)
        {
            il.Emit(OpCodes.Unaligned, (byte)1);
            il.Emit(OpCodes.Volatile);
            il.Emit(OpCodes.Ldobj, typeof(Vector128<byte>));
            return;
        }

        var (load, extend) = opcode switch
        {
            Opcode.Load8U => (OpCodes.Ldind_U1, OpCodes.Conv_U8),
            Opcode.Load8S => (OpCodes.Ldind_I1, OpCodes.Conv_I8),
            Opcode.Load16U => (OpCodes.Ldind_U2, OpCodes.Conv_U8),
            Opcode.Load16S => (OpCodes.Ldind_I2, OpCodes.Conv_I8),
            Opcode.Load32U => (OpCodes.Ldind_U4, OpCodes.Conv_U8),
            Opcode.Load32S => (OpCodes.Ldind_I4, OpCodes.Conv_I8),
            _ => (OpCodes.Ldind_I8, OpCodes.Nop),
        };
        il.Emit(OpCodes.Volatile);
        il.Emit(load);
        if (extend != OpCodes.Nop) il.Emit(extend);
    }

    /// <summary>Stores the 64-bit value on the stack through the host address below it, in program order.</summary>
    public static void EmitStore(ILGenerator il, Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Store8:
                il.Emit(OpCodes.Conv_U1);
                il.Emit(OpCodes.Volatile);
                il.Emit(OpCodes.Stind_I1);
                break;
            case Opcode.Store16:
                il.Emit(OpCodes.Conv_U2);
                il.Emit(OpCodes.Volatile);
                il.Emit(OpCodes.Stind_I2);
                break;
            case Opcode.Store32:
                il.Emit(OpCodes.Conv_U4);
                il.Emit(OpCodes.Volatile);
                il.Emit(OpCodes.Stind_I4);
                break;
            case Opcode.VectorStore:
                il.Emit(OpCodes.Unaligned, (byte)1);
                il.Emit(OpCodes.Volatile);
                il.Emit(OpCodes.Stobj, typeof(Vector128<byte>));
                break;
            default:
                il.Emit(OpCodes.Volatile);
                il.Emit(OpCodes.Stind_I8);
                break;
        }
    }

    private static void LoadEntryField(ILGenerator il, LocalBuilder entry, int offset)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloc, entry);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldc_I4, offset);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldind_I8);
    }
}

using Emulator.Core.Backends.Cil;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Threaded;

/// <summary>
/// Loads behind each other, or stores, off one base that stays: all their bytes lie in a window that one probe can admit. One handler
/// executes them; when the probe misses, each is executed by its own.
/// </summary>
/// <param name="Length">Operations; less than 2 where there is no run.</param>
/// <param name="Lowest">Distance of the window's first byte from the base.</param>
/// <param name="Extent">Distance of its last byte from the first.</param>
internal readonly record struct AccessRun(int Length, short Lowest, ushort Extent)
{
    private const int MaxLength = 6;
    private const int MaxExtent = 1024; // a wider one would often lie on two pages
    private const int AccessShift = 12; // behind MMU index and traits
    private const int AccessBits = 4;

    /// <summary>The run at the start of some operations.</summary>
    public static AccessRun At(ReadOnlySpan<IrInstruction> instructions)
    {
        ref readonly var first = ref instructions[0];
        if (!IsPlain(first)) return default;
        bool isStore = MemoryEmitter.IsStore(first.Opcode);
        long lowest = first.Immediate;
        long last = LastByte(first);
        int length = 1;
        for (int limit = Math.Min(MaxLength, instructions.Length); length < limit; length++)
        {
            if (!isStore && instructions[length - 1].Destination == first.A) break;
            ref readonly var next = ref instructions[length];
            if (!IsPlain(next) || next.A != first.A || MemoryEmitter.IsStore(next.Opcode) != isStore) break;
            long lowestWithNext = Math.Min(lowest, next.Immediate);
            long lastWithNext = Math.Max(last, LastByte(next));
            if (lastWithNext - lowestWithNext > MaxExtent) break;
            (lowest, last) = (lowestWithNext, lastWithNext);
        }

        return new AccessRun(length, (short)lowest, (ushort)(last - lowest));
    }

    /// <summary>The key of the run's handler.</summary>
    public static HandlerKey KeyOf(ReadOnlySpan<IrInstruction> run, int mmuIndex)
    {
        long detail = mmuIndex;
        for (int i = 0; i < run.Length; i++) detail |= (long)(run[i].Opcode - Opcode.Load8U + 1) << (AccessShift + (i * AccessBits));
        return new HandlerKey(run[0].Opcode, false, HandlerForm.Run, detail);
    }

    /// <summary>How many operations the handler with a key executes.</summary>
    public static int LengthOf(HandlerKey key)
    {
        int length = 0;
        for (long accesses = key.Detail >> AccessShift; accesses != 0; accesses >>= AccessBits) length++;
        return length;
    }

    /// <summary>The operation at a position of the run with a key.</summary>
    public static Opcode OpcodeAt(HandlerKey key, int position) =>
        (Opcode)((key.Detail >> (AccessShift + (position * AccessBits))) & ((1 << AccessBits) - 1)) + (int)Opcode.Load8U - 1;

    /// <summary>The key of the handler of the run's first operation alone.</summary>
    public static HandlerKey FirstOf(HandlerKey key) => new(key.Opcode, false, HandlerForm.Plain, key.Detail & ((1 << AccessShift) - 1));

    private static bool IsPlain(in IrInstruction instruction) =>
        instruction.Opcode is >= Opcode.Load8U and <= Opcode.Store64
        && (AccessTraits)instruction.C.Index == AccessTraits.None
        && instruction.Immediate == (short)instruction.Immediate;

    private static long LastByte(in IrInstruction instruction) => instruction.Immediate + MemoryEmitter.SizeOf(instruction.Opcode) - 1;
}

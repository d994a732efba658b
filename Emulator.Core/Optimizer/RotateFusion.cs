using Emulator.Core.Ir;

namespace Emulator.Core.Optimizer;

/// <summary>
/// Makes one rotation of two shifts of a value whose distances add up to its width and an Or, Xor or Add of the results, as compilers
/// write rotations for processors that have none. The shifts go when nothing else reads them.
/// </summary>
internal static class RotateFusion
{
    private const int Width32 = 32;
    private const int Width64 = 64;

    /// <inheritdoc cref="ImproveBlock"/>
    public static int Run(Span<IrInstruction> instructions)
    {
        var shifted = new CellSet(); // slots whose last write before here is that of a shift
        bool isAny = false;
        for (int i = 0; i < instructions.Length; i++)
        {
            ref var instruction = ref instructions[i];
            if (isAny && IsJoin(instruction)) Fuse(ref instruction, shifted, instructions[..i]);
            if (isAny && instruction.Opcode == Opcode.CallCpu)
            {
                // the helper may write any slot
                shifted.Clear();
                isAny = false;
            }

            if (!instruction.Destination.IsCell) continue;
            if (IsShift(instruction))
            {
                shifted.Add(instruction.Destination);
                isAny = true;
            }
            else if (isAny)
            {
                shifted.Remove(instruction.Destination);
            }
        }

        return instructions.Length;
    }

    // the bits of the shifts do not overlap, so that the three are the same; an addition of 32 bits is of sign-extended words
    private static bool IsJoin(in IrInstruction instruction) =>
        instruction.Opcode is Opcode.Or or Opcode.Xor or Opcode.Add or Opcode.Add32 && !instruction.BIsImmediate;

    private static void Fuse(ref IrInstruction instruction, in CellSet shifted, ReadOnlySpan<IrInstruction> before)
    {
        if (!shifted.Contains(instruction.A) || !shifted.Contains(instruction.B)) return;
        if (ShiftIn(instruction.A, before) is not { } a || ShiftIn(instruction.B, before) is not { } b) return;
        if (a.IsLeft == b.IsLeft || a.Source != b.Source || a.Width != b.Width || a.Distance + b.Distance != a.Width) return;
        if (instruction.Opcode == Opcode.Add && a.Width == Width32) return;
        if (instruction.Opcode == Opcode.Add32 && a.Width == Width64) return;
        instruction = instruction with
        {
            Opcode = a.Width == Width32 ? Opcode.RotR32 : Opcode.RotR, A = a.Source, B = Slot.Immediate, Immediate = a.IsLeft ? b.Distance : a.Distance,
        };
    }

    // The shift that a slot holds the result of; null when what was shifted has been written since.
    private static Shift? ShiftIn(Slot slot, ReadOnlySpan<IrInstruction> before)
    {
        int definer = before.Length - 1;
        while (before[definer].Destination != slot) definer--;
        var source = before[definer].A;
        foreach (ref readonly var later in before[(definer + 1)..])
        {
            if (later.Destination == source) return null;
        }

        return AsShift(before[definer]);
    }

    private static bool IsShift(in IrInstruction instruction) =>
        instruction.Opcode is Opcode.Shl or Opcode.ShrU or Opcode.Shl32 or Opcode.ShrU32
        && instruction.BIsImmediate && instruction.A != instruction.Destination && instruction.A.IsCell;

    private static Shift AsShift(in IrInstruction instruction)
    {
        bool isLeft = instruction.Opcode is Opcode.Shl or Opcode.Shl32;
        int width = instruction.Opcode is Opcode.Shl or Opcode.ShrU ? Width64 : Width32;
        return new Shift(instruction.A, isLeft, (int)instruction.Immediate & (width - 1), width);
    }

    /// <summary>A value shifted by a constant.</summary>
    private readonly record struct Shift(Slot Source, bool IsLeft, int Distance, int Width);
}

using System.Runtime.InteropServices;
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

    public static IrBlock Run(IrBlock block)
    {
        Dictionary<int, Shift>? shifts = null; // what slots hold now, by index
        IrInstruction[]? changed = null;
        for (int i = 0; i < block.Instructions.Length; i++)
        {
            var instruction = block.Instructions[i];
            if (shifts is { Count: > 1 } && TryFuse(instruction, shifts) is { } rotation)
            {
                changed ??= [.. block.Instructions];
                changed[i] = instruction = rotation;
            }

            if (instruction.Opcode == Opcode.CallCpu) shifts?.Clear(); // the helper may write any slot
            if (!instruction.Destination.IsCell) continue;
            Forget(shifts, instruction.Destination);
            if (AsShift(instruction) is { } shift) (shifts ??= [])[instruction.Destination.Index] = shift;
        }

        return changed is null ? block : block with { Instructions = ImmutableCollectionsMarshal.AsImmutableArray(changed) };
    }

    private static IrInstruction? TryFuse(IrInstruction instruction, Dictionary<int, Shift> shifts)
    {
        // the bits of the shifts do not overlap, so that the three are the same; an addition of 32 bits is of sign-extended words
        if (instruction.Opcode is not (Opcode.Or or Opcode.Xor or Opcode.Add or Opcode.Add32) || instruction.BIsImmediate) return null;
        if (!shifts.TryGetValue(instruction.A.Index, out var a) || !shifts.TryGetValue(instruction.B.Index, out var b)) return null;
        if (a.IsLeft == b.IsLeft || a.Source != b.Source || a.Width != b.Width || a.Distance + b.Distance != a.Width) return null;
        if (instruction.Opcode == Opcode.Add && a.Width == Width32) return null;
        if (instruction.Opcode == Opcode.Add32 && a.Width == Width64) return null;
        return instruction with
        {
            Opcode = a.Width == Width32 ? Opcode.RotR32 : Opcode.RotR, A = a.Source, B = Slot.Immediate, Immediate = a.IsLeft ? b.Distance : a.Distance,
        };
    }

    private static Shift? AsShift(IrInstruction instruction)
    {
        if (!instruction.BIsImmediate || instruction.A == instruction.Destination || !instruction.A.IsCell) return null;
        return instruction.Opcode switch
        {
            Opcode.Shl => new Shift(instruction.A, true, (int)instruction.Immediate & (Width64 - 1), Width64),
            Opcode.ShrU => new Shift(instruction.A, false, (int)instruction.Immediate & (Width64 - 1), Width64),
            Opcode.Shl32 => new Shift(instruction.A, true, (int)instruction.Immediate & (Width32 - 1), Width32),
            Opcode.ShrU32 => new Shift(instruction.A, false, (int)instruction.Immediate & (Width32 - 1), Width32),
            _ => null,
        };
    }

    // The slot is written: it holds no shift any more, and is the source of none.
    private static void Forget(Dictionary<int, Shift>? shifts, Slot slot)
    {
        if (shifts is null) return;
        shifts.Remove(slot.Index);
        foreach (var (holder, shift) in shifts)
        {
            if (shift.Source == slot) shifts.Remove(holder);
        }
    }

    /// <summary>A value shifted by a constant.</summary>
    private readonly record struct Shift(Slot Source, bool IsLeft, int Distance, int Width);
}

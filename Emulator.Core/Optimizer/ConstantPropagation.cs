using System.Diagnostics;
using Emulator.Core.Ir;

namespace Emulator.Core.Optimizer;

/// <summary>Follows constants and copies through the slots of a block and folds what depends on them alone.</summary>
internal static class ConstantPropagation
{
    /// <inheritdoc cref="ImproveBlock"/>
    public static int Run(Span<IrInstruction> instructions)
    {
        var known = new CellSet(); // slots whose last write before here is that of a constant
        int count = 0;
        for (int i = 0; i < instructions.Length; i++)
        {
            ref var instruction = ref instructions[i];
            if (count > 0) Simplify(ref instruction, known, instructions[..i]);
            if (instruction.Opcode == Opcode.CallCpu && count > 0)
            {
                // the helper may write any slot
                known.Clear();
                count = 0;
            }

            if (!instruction.Destination.IsCell) continue;
            if (instruction.Opcode == Opcode.Const)
            {
                if (known.Contains(instruction.Destination)) continue;
                known.Add(instruction.Destination);
                count++;
            }
            else if (count > 0 && known.Contains(instruction.Destination))
            {
                known.Remove(instruction.Destination);
                count--;
            }
        }

        return instructions.Length;
    }

    private static void Simplify(ref IrInstruction instruction, in CellSet known, ReadOnlySpan<IrInstruction> before)
    {
        if (instruction.Opcode is >= Opcode.Load8U and <= Opcode.Store64)
        {
            FoldAddress(ref instruction, known, before);
            return;
        }

        if (!IrEvaluator.CanEvaluate(instruction.Opcode)) return;
        var info = instruction.Info;
        bool hasA = TryGet(instruction.A, known, before, out long a);
        bool usesB = (info.Operands & (OpcodeOperands.B | OpcodeOperands.BOrImmediate)) != 0;
        long b = instruction.Immediate;
        bool hasB = !usesB || instruction.BIsImmediate || TryGet(instruction.B, known, before, out b);
        long c = instruction.Immediate;
        bool hasC = instruction.Opcode != Opcode.Select || TryGet(instruction.C, known, before, out c);
        if (hasA && hasB && hasC)
        {
            ulong value = IrEvaluator.Evaluate(instruction.Opcode, (ulong)a, (ulong)b, (ulong)c);
            instruction = instruction with { Opcode = Opcode.Const, A = Slot.None, B = Slot.None, C = Slot.None, Immediate = (long)value };
            return;
        }

        // op(x, known) takes the constant as its immediate
        if ((info.Operands & OpcodeOperands.BOrImmediate) == 0 || instruction.BIsImmediate) return;
        if (hasB) instruction = instruction with { B = Slot.Immediate, Immediate = b };
        else if (hasA && info.IsCommutative) instruction = instruction with { A = instruction.B, B = Slot.Immediate, Immediate = a };
    }

    // [known + I] = [0 + (known + I)]
    private static void FoldAddress(ref IrInstruction instruction, in CellSet known, ReadOnlySpan<IrInstruction> before)
    {
        if (instruction.A == Slot.Zero || !TryGet(instruction.A, known, before, out long address)) return;
        instruction = instruction with { A = Slot.Zero, Immediate = address + instruction.Immediate };
    }

    private static bool TryGet(Slot slot, in CellSet known, ReadOnlySpan<IrInstruction> before, out long value)
    {
        value = 0;
        if (slot == Slot.Zero) return true;
        if (!slot.IsCell || !known.Contains(slot)) return false;
        int definer = before.Length - 1;
        while (before[definer].Destination != slot) definer--;
        Debug.Assert(before[definer].Opcode == Opcode.Const, "the set says so");
        value = before[definer].Immediate;
        return true;
    }
}

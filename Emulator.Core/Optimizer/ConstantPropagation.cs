using System.Runtime.InteropServices;
using Emulator.Core.Ir;

namespace Emulator.Core.Optimizer;

/// <summary>Follows constants and copies through the slots of a block and folds what depends on them alone.</summary>
internal static class ConstantPropagation
{
    public static IrBlock Run(IrBlock block)
    {
        Dictionary<int, long>? known = null; // by slot index: for that key the dictionary is compiled ahead of time
        IrInstruction[]? changed = null;
        for (int i = 0; i < block.Instructions.Length; i++)
        {
            var instruction = block.Instructions[i];
            if (known is { Count: > 0 } && Simplify(instruction, known) is { } better)
            {
                changed ??= [.. block.Instructions];
                changed[i] = instruction = better;
            }

            if (instruction.Opcode == Opcode.CallCpu) known?.Clear(); // the helper may write any slot
            if (!instruction.Destination.IsCell) continue;
            if (instruction.Opcode == Opcode.Const) (known ??= [])[instruction.Destination.Index] = instruction.Immediate;
            else known?.Remove(instruction.Destination.Index);
        }

        return changed is null ? block : block with { Instructions = ImmutableCollectionsMarshal.AsImmutableArray(changed) };
    }

    // Null when there is nothing better.
    private static IrInstruction? Simplify(IrInstruction instruction, Dictionary<int, long> known)
    {
        if (instruction.Opcode is >= Opcode.Load8U and <= Opcode.Store64) return FoldAddress(instruction, known);
        if (!IrEvaluator.CanEvaluate(instruction.Opcode)) return null;
        bool hasA = TryGet(instruction.A, known, out long a);
        bool usesB = (instruction.Info.Operands & (OpcodeOperands.B | OpcodeOperands.BOrImmediate)) != 0;
        long b = instruction.Immediate;
        bool hasB = !usesB || instruction.BIsImmediate || TryGet(instruction.B, known, out b);
        long c = instruction.Immediate;
        bool hasC = instruction.Opcode != Opcode.Select || TryGet(instruction.C, known, out c);
        if (hasA && hasB && hasC)
        {
            ulong value = IrEvaluator.Evaluate(instruction.Opcode, (ulong)a, (ulong)b, (ulong)c);
            return instruction with { Opcode = Opcode.Const, A = Slot.None, B = Slot.None, C = Slot.None, Immediate = (long)value };
        }

        // op(x, known) takes the constant as its immediate
        bool admitsImmediate = instruction.Info.Operands.HasFlag(OpcodeOperands.BOrImmediate);
        if (admitsImmediate && hasB && !instruction.BIsImmediate) return instruction with { B = Slot.Immediate, Immediate = b };
        if (admitsImmediate && hasA && !instruction.BIsImmediate && instruction.Info.IsCommutative)
        {
            return instruction with { A = instruction.B, B = Slot.Immediate, Immediate = a };
        }

        return null;
    }

    // [known + I] = [0 + (known + I)]
    private static IrInstruction? FoldAddress(IrInstruction instruction, Dictionary<int, long> known) =>
        instruction.A != Slot.Zero && known.TryGetValue(instruction.A.Index, out long address)
            ? instruction with { A = Slot.Zero, Immediate = address + instruction.Immediate }
            : null;

    private static bool TryGet(Slot slot, Dictionary<int, long> known, out long value)
    {
        value = 0;
        return slot == Slot.Zero || known.TryGetValue(slot.Index, out value);
    }
}

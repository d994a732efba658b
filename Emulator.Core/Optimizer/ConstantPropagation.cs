using System.Runtime.InteropServices;
using Emulator.Core.Ir;

namespace Emulator.Core.Optimizer;

/// <summary>Follows constants and copies through the slots of a block and folds what depends on them alone.</summary>
internal static class ConstantPropagation
{
    public static IrBlock Run(IrBlock block)
    {
        Dictionary<Slot, long>? known = null;
        IrInstruction[]? changed = null;
        for (int i = 0; i < block.Instructions.Length; i++)
        {
            var instruction = block.Instructions[i];
            var better = known is { Count: > 0 } ? Simplify(instruction, known) : instruction;
            if (better != instruction)
            {
                changed ??= [.. block.Instructions];
                changed[i] = better;
            }

            if (better.Opcode == Opcode.CallCpu) known?.Clear(); // the helper may write any slot
            if (!better.Destination.IsCell) continue;
            if (better.Opcode == Opcode.Const) (known ??= [])[better.Destination] = better.Immediate;
            else known?.Remove(better.Destination);
        }

        return changed is null ? block : block with { Instructions = ImmutableCollectionsMarshal.AsImmutableArray(changed) };
    }

    private static IrInstruction Simplify(IrInstruction instruction, Dictionary<Slot, long> known)
    {
        if (instruction.Opcode is >= Opcode.Load8U and <= Opcode.Store64) return FoldAddress(instruction, known);
        if (!IrEvaluator.CanEvaluate(instruction.Opcode)) return instruction;
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

        return instruction;
    }

    // [known + I] = [0 + (known + I)]
    private static IrInstruction FoldAddress(IrInstruction instruction, Dictionary<Slot, long> known) =>
        instruction.A != Slot.Zero && known.TryGetValue(instruction.A, out long address)
            ? instruction with { A = Slot.Zero, Immediate = address + instruction.Immediate }
            : instruction;

    private static bool TryGet(Slot slot, Dictionary<Slot, long> known, out long value)
    {
        value = 0;
        return slot == Slot.Zero || known.TryGetValue(slot, out value);
    }
}

using System.Collections.Immutable;
using Emulator.Core.Ir;

namespace Emulator.Core.Optimizer;

/// <summary>
/// Drops pure operations whose result nobody reads: a temporary that is not used, or a guest slot that is written again before any
/// operation that could leave the block or read it. This is also what makes condition flags free.
/// </summary>
internal static class DeadWriteElimination
{
    public static IrBlock Run(IrBlock block)
    {
        var instructions = block.Instructions;
        var dead = new CellSet(); // guest slots that are written before they are read on the way down
        var usedTemporaries = new CellSet();
        bool[]? drop = null;
        int lastIndex = int.MaxValue;
        for (int i = instructions.Length - 1; i >= 0; i--)
        {
            var instruction = instructions[i];
            if (instruction.InstructionIndex != lastIndex)
            {
                usedTemporaries.Clear();
                lastIndex = instruction.InstructionIndex;
            }

            var destination = instruction.Destination;
            if (instruction.Info.IsPure && destination.IsCell && IsDead(destination))
            {
                drop ??= new bool[instructions.Length];
                drop[i] = true;
                continue;
            }

            if (!instruction.Info.IsPure) dead.Clear(); // the block may be left here: all slots are observable
            if (destination.IsGuest && (instruction.Info.IsPure || instruction.Info.Effects == OpcodeEffects.Flags)) dead.Add(destination);
            Use(instruction.A);
            Use(instruction.B);
            if (instruction.Info.Operands.HasFlag(OpcodeOperands.C)) Use(instruction.C);
        }

        if (drop is null) return block;
        var kept = ImmutableArray.CreateBuilder<IrInstruction>(instructions.Length);
        for (int i = 0; i < instructions.Length; i++)
        {
            if (!drop[i]) kept.Add(instructions[i]);
        }

        return block with { Instructions = kept.DrainToImmutable() };

        bool IsDead(Slot slot) => slot.IsTemporary ? !usedTemporaries.Contains(slot) : dead.Contains(slot);

        void Use(Slot slot)
        {
            if (slot.IsTemporary) usedTemporaries.Add(slot);
            else if (slot.IsCell) dead.Remove(slot);
        }
    }
}

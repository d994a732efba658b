namespace Emulator.Core.Ir;

/// <summary>Checks what the types cannot: run after lifting and after each pass in debug builds and tests.</summary>
public static class IrVerifier
{
    /// <summary>The first mistake in a block, or null.</summary>
    public static string? FindError(IrBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (FindError(block.Instructions.AsSpan()) is { } error) return error;
        return block.Instructions[0].C.Index != block.InstructionCount ? "Enter counts other instructions than the block" : null;
    }

    /// <summary>The first mistake in the operations of a block, or null.</summary>
    internal static string? FindError(ReadOnlySpan<IrInstruction> instructions)
    {
        if (instructions.Length < 2 || instructions[0].Opcode != Opcode.Enter) return "a block starts with Enter";
        var defined = new HashSet<Slot>();
        int index = -1;
        for (int i = 0; i < instructions.Length; i++)
        {
            var instruction = instructions[i];
            if (instruction.InstructionIndex != index)
            {
                if (instruction.InstructionIndex < index) return At(i, instruction, "instruction index goes back");
                index = instruction.InstructionIndex;
                defined.Clear();
            }

            if (CheckOperands(instruction, defined) is { } error) return At(i, instruction, error);
            if (instruction.Info.IsTerminator != (i == instructions.Length - 1)) return At(i, instruction, "a terminator stands at the end and only there");
            if (instruction.Opcode == Opcode.Enter && i != 0) return At(i, instruction, "Enter stands at the start");
            if (instruction.Destination.IsTemporary) defined.Add(instruction.Destination);
        }

        return null;

        static string At(int i, IrInstruction instruction, string what) => $"operation {i} ({instruction}): {what}";
    }

    private static string? CheckOperands(IrInstruction instruction, HashSet<Slot> defined)
    {
        var operands = instruction.Info.Operands;
        if (operands.HasFlag(OpcodeOperands.D) != instruction.Destination.IsCell) return "destination";
        if (instruction.Destination == Slot.Zero) return "the zero slot is never written";
        if (instruction.Destination.IsCell && instruction.Destination.IsVector != instruction.Info.DIsVector) return "destination has the wrong width";
        bool immediateB = operands.HasFlag(OpcodeOperands.BOrImmediate) && instruction.BIsImmediate;
        bool slotB = (operands & (OpcodeOperands.B | OpcodeOperands.BOrImmediate)) != 0 && !immediateB;
        return Check(operands.HasFlag(OpcodeOperands.A), instruction.A, "A", instruction.Info.AIsVector)
            ?? (immediateB ? null : Check(slotB, instruction.B, "B", instruction.Info.BIsVector))
            ?? (operands.HasFlag(OpcodeOperands.LiteralC) ? null : Check(operands.HasFlag(OpcodeOperands.C), instruction.C, "C"));

        string? Check(bool used, Slot slot, string name, bool isVector = false)
        {
            if (!used) return slot == Slot.None ? null : $"{name} is not used and must be none";
            if (!slot.IsCell) return $"{name} must be a slot";
            if (slot.IsVector != isVector) return $"{name} has the wrong width";
            return slot.IsTemporary && !defined.Contains(slot) ? $"{name} reads {slot} before it is defined in this guest instruction" : null;
        }
    }
}

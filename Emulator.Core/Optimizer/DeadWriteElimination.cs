using Emulator.Core.Ir;

namespace Emulator.Core.Optimizer;

/// <summary>
/// Drops pure operations whose result nobody reads: a temporary that is not used, or a guest slot that is written again before any
/// operation that could leave the block or read it. This is also what makes condition flags free.
/// </summary>
internal static class DeadWriteElimination
{
    private const int MostOnStack = 512;

    /// <inheritdoc cref="ImproveBlock"/>
    public static int Run(Span<IrInstruction> instructions)
    {
        var drop = instructions.Length <= MostOnStack ? stackalloc bool[instructions.Length] : new bool[instructions.Length];
        if (!FindDead(instructions, drop)) return instructions.Length;
        int kept = 0;
        for (int i = 0; i < instructions.Length; i++)
        {
            if (!drop[i]) instructions[kept++] = instructions[i];
        }

        return kept;
    }

    private static bool FindDead(ReadOnlySpan<IrInstruction> instructions, Span<bool> drop)
    {
        var use = default(Use);
        bool isAny = false;
        int lastIndex = int.MaxValue;
        for (int i = instructions.Length - 1; i >= 0; i--)
        {
            ref readonly var instruction = ref instructions[i];
            if (instruction.InstructionIndex != lastIndex)
            {
                use.ForgetTemporaries();
                lastIndex = instruction.InstructionIndex;
            }

            var info = instruction.Info;
            var destination = instruction.Destination;
            if (info.IsPure && destination.IsCell && use.IsDead(destination))
            {
                drop[i] = true;
                isAny = true;
                continue;
            }

            if (!info.IsPure) use.ForgetDead(); // the block may be left here: all slots are observable
            if (destination.IsGuest && (info.IsPure || info.Effects == OpcodeEffects.Flags)) use.AddDead(destination);
            use.Read(instruction.A);
            use.Read(instruction.B);
            if ((info.Operands & OpcodeOperands.C) != 0) use.Read(instruction.C);
        }

        return isAny;
    }

    // How slots are used below an instruction. Most instructions have nothing to forget.
    private struct Use
    {
        private CellSet _dead; // guest slots that are written before they are read on the way down
        private CellSet _usedTemporaries;
        private bool _hasDead;
        private bool _hasTemporaries;

        public readonly bool IsDead(Slot slot) => slot.IsTemporary ? !_usedTemporaries.Contains(slot) : _dead.Contains(slot);

        public void AddDead(Slot slot)
        {
            _dead.Add(slot);
            _hasDead = true;
        }

        public void ForgetDead()
        {
            if (_hasDead) _dead.Clear();
            _hasDead = false;
        }

        public void ForgetTemporaries()
        {
            if (_hasTemporaries) _usedTemporaries.Clear();
            _hasTemporaries = false;
        }

        public void Read(Slot slot)
        {
            if (!slot.IsCell) return;
            if (!slot.IsTemporary)
            {
                _dead.Remove(slot);
                return;
            }

            _usedTemporaries.Add(slot);
            _hasTemporaries = true;
        }
    }
}

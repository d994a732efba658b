using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Backends.Cil;

/// <summary>Chooses the blocks of a region: from the hot one along direct branches within the page.</summary>
internal static class RegionPlanner
{
    private const int MaxBlocks = 64;

    /// <summary>Plans a region. Under the translation cache's lock.</summary>
    public static RegionPlan Plan(TranslationCache cache, TranslatedBlock entry, int maxInstructions)
    {
        var blocks = new List<TranslatedBlock> { entry };
        var seen = new HashSet<int> { entry.Ir.PcOffset };
        int instructions = entry.Ir.InstructionCount;
        var slots = new HashSet<Slot>();
        AddSlots(slots, entry.Ir);
        for (int i = 0; i < blocks.Count && blocks.Count < MaxBlocks; i++)
        {
            foreach (int target in NearTargets(blocks[i].Ir))
            {
                if (!seen.Add(target)) continue;
                ulong page = entry.Key.Address & GuestPage.Mask;
                var key = entry.Key with { Address = page + (ulong)target };
                var next = cache.PeekOrTranslate(key, entry.Ram, (entry.Offset & GuestPage.Mask) + (ulong)target);
                if (next is null || next.Straddles || instructions + next.Ir.InstructionCount > maxInstructions) continue;
                var more = new HashSet<Slot>(slots);
                AddSlots(more, next.Ir);
                if (more.Count > SlotSet.Capacity) continue;
                slots = more;
                instructions += next.Ir.InstructionCount;
                blocks.Add(next);
            }
        }

        // in address order behind the entry, so that ways back are loops
        return new RegionPlan
        {
            Blocks = [entry, .. blocks.Skip(1).OrderBy(b => b.Ir.PcOffset)], CallsFloat = TranslationCache.HasRareFloat(entry),
        };
    }

    /// <summary>Page offsets on the same page that a block goes to directly.</summary>
    public static IEnumerable<int> NearTargets(IrBlock block)
    {
        foreach (var instruction in block.Instructions)
        {
            bool isDirect = instruction.Info.IsBranch || instruction.Opcode == Opcode.Jump;
            if (isDirect && instruction.Immediate is >= 0 and < (long)GuestPage.Size) yield return (int)instruction.Immediate;
        }
    }

    private static void AddSlots(HashSet<Slot> slots, IrBlock block)
    {
        foreach (var instruction in block.Instructions)
        {
            if (instruction.A.IsGuest) slots.Add(instruction.A);
            if (instruction.B.IsGuest) slots.Add(instruction.B);
            if (instruction.C.IsGuest) slots.Add(instruction.C);
            if (instruction.Destination.IsGuest) slots.Add(instruction.Destination);
        }
    }
}

using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Backends.Cil;

/// <summary>Chooses the blocks of a region: from the hot one along direct branches within the page.</summary>
internal static class RegionPlanner
{
    private const int MaxBlocks = 64;
    private const int MaxEntries = 12;

    // Not OrderBy: sorting by numbers is generic code, compiled at the start.
    private static readonly Comparer<RegionBlock> ByAddress = Comparer<RegionBlock>.Create(static (a, b) => a.Ir.PcOffset - b.Ir.PcOffset);

    /// <summary>Plans a region; null when the entry is being overwritten. Under the translation cache's lock.</summary>
    public static RegionPlan? Plan(TranslationCache cache, TranslatedBlock entry, int maxInstructions)
    {
        if (cache.IrOf(entry) is not { } ir) return null;
        var search = new Search(cache, new RegionBlock(entry, ir), maxInstructions);
        for (int i = 0; i < search.Blocks.Count; i++)
        {
            foreach (int target in NearTargets(search.Blocks[i].Ir)) search.Add(target);
        }

        // what calls come back to, and what follows from there
        var entries = new List<RegionBlock> { search.Blocks[0] };
        var returnPoints = new List<int>();
        for (int i = 0; i < search.Blocks.Count; i++)
        {
            var block = search.Blocks[i].Ir;
            var point = ReturnPointOf(block);
            if (point is not null && AddEntry(search.AddExecuted(point.Value))) returnPoints.Add(point.Value);
            foreach (int target in NearTargets(block))
            {
                var near = search.Add(target);
                if (point is not null) AddEntry(near);
            }
        }

        // in address order behind the entry, so that ways back are loops
        search.Blocks.Sort(1, search.Blocks.Count - 1, ByAddress);
        return new RegionPlan
        {
            Blocks = [.. search.Blocks],
            Entries = [.. entries],
            ReturnPoints = [.. returnPoints],
            CallsFloat = TranslationCache.HasRareFloat(entry),
        };

        bool AddEntry(RegionBlock? block)
        {
            if (block is null || entries.Count >= MaxEntries || entries.Contains(block)) return false;
            entries.Add(block);
            return true;
        }
    }

    /// <summary>Page offsets on the same page that a block goes to directly.</summary>
    public static IEnumerable<int> NearTargets(IrBlock block)
    {
        foreach (var instruction in block.Instructions)
        {
            if (NearTargetOf(instruction) is { } target) yield return target;
        }
    }

    /// <summary>The page offset on the same page that an operation goes to directly, if it does.</summary>
    public static int? NearTargetOf(IrInstruction instruction)
    {
        bool isDirect = instruction.Info.IsBranch || instruction.Opcode == Opcode.Jump;
        return isDirect && instruction.Immediate is >= 0 and < (long)GuestPage.Size ? (int)instruction.Immediate : null;
    }

    /// <summary>
    /// Page offset behind a call, on its page: a block that ends in a jump and keeps the address of what follows it is one.
    /// </summary>
    public static int? ReturnPointOf(IrBlock block)
    {
        int end = block.PcOffset + block.ByteLength;
        if (end >= (int)GuestPage.Size || block.Instructions[^1].Opcode is not (Opcode.Jump or Opcode.JumpIndirect)) return null;
        foreach (var instruction in block.Instructions)
        {
            if (instruction.Opcode == Opcode.CodeAddress && instruction.Immediate == end) return end;
        }

        return null;
    }

    /// <summary>True for a block that ends in a jump to a computed address and is no call.</summary>
    public static bool MayReturn(IrBlock block) => block.Instructions[^1].Opcode == Opcode.JumpIndirect && ReturnPointOf(block) is null;

    private sealed class Search(TranslationCache cache, RegionBlock first, int maxInstructions)
    {
        private readonly TranslatedBlock _entry = first.Translation;
        private readonly Dictionary<int, RegionBlock?> _seen = new() { [first.Ir.PcOffset] = first };
        private CellSet _slots = SlotsOf(first.Ir);
        private int _instructions = first.Ir.InstructionCount;

        public List<RegionBlock> Blocks { get; } = [first];

        /// <summary>Adds the block at a page offset, if there is room; gives it when it is part of the region.</summary>
        public RegionBlock? Add(int target) => Add(target, mayTranslate: cache.Options.Kind == EngineKind.Jit);

        /// <summary>As <see cref="Add(int)"/>, of a block that has been executed, whatever the engine.</summary>
        public RegionBlock? AddExecuted(int target) => Add(target, mayTranslate: false);

        private RegionBlock? Add(int target, bool mayTranslate)
        {
            if (_seen.TryGetValue(target, out var known)) return known;
            if (Blocks.Count >= MaxBlocks) return null;
            ulong page = _entry.Key.Address & GuestPage.Mask;
            var key = _entry.Key with { Address = page + (ulong)target };
            var found = mayTranslate ? cache.PeekOrTranslate(key, _entry.Ram, (_entry.Offset & GuestPage.Mask) + (ulong)target) : cache.Peek(key);
            if (found is null || found.Straddles || !cache.IsWarm(found) || _instructions + found.InstructionCount > maxInstructions) return _seen[target] = null;
            if (cache.IrOf(found) is not { } ir) return _seen[target] = null;
            var next = new RegionBlock(found, ir);
            var slots = _slots;
            AddSlots(ref slots, next.Ir);
            if (slots.Count > SlotSet.Capacity) return _seen[target] = null;
            _slots = slots;
            _instructions += next.Ir.InstructionCount;
            Blocks.Add(next);
            return _seen[target] = next;
        }
    }

    private static CellSet SlotsOf(IrBlock block)
    {
        var slots = default(CellSet);
        AddSlots(ref slots, block);
        return slots;
    }

    private static void AddSlots(ref CellSet slots, IrBlock block)
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

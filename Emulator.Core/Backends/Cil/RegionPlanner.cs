using Emulator.Core.Backends.Threaded;
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
        for (var block = search.First; block is not null; block = search.TakeHottest())
        {
            foreach (int target in NearTargets(block.Ir)) search.Consider(target, cache.Options.Kind == EngineKind.Jit);
            if (ReturnPointOf(block.Ir) is { } point) search.Consider(point, mayTranslate: false);
            foreach (int target in NotedTargets(block)) search.Consider(target, mayTranslate: false);
        }

        // what calls come back to, and what they call
        var entries = new List<RegionBlock> { search.First };
        var returnPoints = new List<int>();
        var notedTargets = new Dictionary<int, List<int>>();
        foreach (var block in search.Blocks)
        {
            var noted = NotedTargets(block).FindAll(target => search.Find(target) is not null);
            if (noted.Count > 0) notedTargets[block.Ir.PcOffset] = noted;
            if (ReturnPointOf(block.Ir) is not { } point) continue;
            var back = search.Find(point);
            AddEntry(back);
            if (back is not null && returnPoints.Count < MaxEntries) returnPoints.Add(point);
            foreach (int target in NearTargets(block.Ir)) AddEntry(search.Find(target));
        }

        // in address order behind the entry, so that ways back are loops
        search.Blocks.Sort(1, search.Blocks.Count - 1, ByAddress);
        return new RegionPlan
        {
            Blocks = [.. search.Blocks],
            Entries = [.. entries],
            ReturnPoints = returnPoints,
            NotedTargets = notedTargets,
            CallsFloat = TranslationCache.HasRareFloat(entry),
        };

        void AddEntry(RegionBlock? block)
        {
            if (block is not null && entries.Count < MaxEntries && !entries.Contains(block)) entries.Add(block);
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

    private static List<int> NotedTargets(RegionBlock block)
    {
        var instructions = block.Ir.Instructions;
        return ThreadedBlockBuilder.NotesTargets(instructions[^1]) ? block.Translation.NotedTargets(instructions.Length) : [];
    }

    /// <summary>True for a block that ends in a return.</summary>
    public static bool Returns(IrBlock block) => block.Instructions[^1].IsReturn;

    // There may be room for some only of what can be reached: for what runs most often.
    private sealed class Search(TranslationCache cache, RegionBlock first, int maxInstructions)
    {
        private readonly TranslatedBlock _entry = first.Translation;
        private readonly Dictionary<int, RegionBlock?> _seen = new() { [first.Ir.PcOffset] = first };
        private readonly List<TranslatedBlock> _candidates = [];
        private CellSet _slots = SlotsOf(first.Ir);
        private int _instructions = first.Ir.InstructionCount;

        public RegionBlock First => first;

        public List<RegionBlock> Blocks { get; } = [first];

        /// <summary>The block of the region at a page offset.</summary>
        public RegionBlock? Find(int target) => _seen.GetValueOrDefault(target);

        /// <summary>The block at a page offset may become part of the region.</summary>
        public void Consider(int target, bool mayTranslate)
        {
            if (!_seen.TryAdd(target, null)) return;
            ulong page = _entry.Key.Address & GuestPage.Mask;
            var key = _entry.Key with { Address = page + (ulong)target };
            var found = mayTranslate ? cache.PeekOrTranslate(key, _entry.Ram, (_entry.Offset & GuestPage.Mask) + (ulong)target) : cache.Peek(key);
            if (found is { Straddles: false } && cache.IsWarm(found) && (_entry.IsBusy || found.Region is null)) _candidates.Add(found);
        }

        /// <summary>Adds the one that runs most often of those for which there is room; null when there is none.</summary>
        public RegionBlock? TakeHottest()
        {
            while (_candidates.Count > 0 && Blocks.Count < MaxBlocks)
            {
                int best = 0;
                for (int i = 1; i < _candidates.Count; i++)
                {
                    if (TranslationCache.EntriesOf(_candidates[i]) > TranslationCache.EntriesOf(_candidates[best])) best = i;
                }

                var candidate = _candidates[best];
                _candidates.RemoveAt(best);
                if (_instructions + candidate.InstructionCount > maxInstructions || cache.IrOf(candidate) is not { } ir) continue;
                var slots = _slots;
                AddSlots(ref slots, ir);
                if (slots.Count > SlotSet.Capacity) continue;
                _slots = slots;
                _instructions += candidate.InstructionCount;
                var block = new RegionBlock(candidate, ir);
                Blocks.Add(block);
                _seen[ir.PcOffset] = block;
                return block;
            }

            return null;
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

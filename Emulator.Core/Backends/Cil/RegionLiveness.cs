using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// Which guest slots a region uses, which may differ from the state block at the start of each of its blocks, and which are needed there.
/// </summary>
internal sealed class RegionLiveness
{
    private readonly Dictionary<int, int> _indexes = []; // by slot index
    private readonly Dictionary<int, SlotSet> _dirtyAtEntry = [];
    private readonly Dictionary<int, SlotSet> _liveAtEntry = [];

    public RegionLiveness(RegionPlan plan, HelperTable helpers)
    {
        foreach (var block in plan.Blocks)
        {
            foreach (var instruction in block.Ir.Instructions)
            {
                Use(instruction.A);
                Use(instruction.B);
                if (instruction.Info.Operands.HasFlag(OpcodeOperands.C)) Use(instruction.C);
                Use(instruction.Destination);
            }
        }

        FindDirty(plan);
        FindLive(plan, helpers);
    }

    /// <summary>The guest slots, each in a local while the region runs.</summary>
    public List<Slot> GuestSlots { get; } = [];

    /// <summary>Position of a slot in <see cref="GuestSlots"/>, or -1.</summary>
    public int IndexOf(Slot slot) => _indexes.GetValueOrDefault(slot.Index, -1);

    /// <summary>Slots that some path to the block has written.</summary>
    public SlotSet DirtyAtEntry(RegionBlock block) => _dirtyAtEntry[block.Ir.PcOffset];

    /// <summary>Slots that the block, or what follows it in the region, reads or writes back before writing them.</summary>
    public SlotSet LiveAtEntry(RegionBlock block) => _liveAtEntry[block.Ir.PcOffset];

    private void Use(Slot slot)
    {
        if (!slot.IsGuest || _indexes.ContainsKey(slot.Index)) return;
        _indexes.Add(slot.Index, GuestSlots.Count);
        GuestSlots.Add(slot);
    }

    private void FindDirty(RegionPlan plan)
    {
        var writes = new Dictionary<int, SlotSet>();
        foreach (var block in plan.Blocks)
        {
            var set = default(SlotSet);
            foreach (var instruction in block.Ir.Instructions)
            {
                int index = IndexOf(instruction.Destination);
                if (index >= 0) set = set.With(index);
            }

            writes[block.Ir.PcOffset] = set;
            _dirtyAtEntry[block.Ir.PcOffset] = default;
        }

        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (var block in plan.Blocks)
            {
                var leaving = _dirtyAtEntry[block.Ir.PcOffset] | writes[block.Ir.PcOffset];
                foreach (int target in plan.SuccessorsOf(block.Ir))
                {
                    if (!_dirtyAtEntry.TryGetValue(target, out var before)) continue;
                    var after = before | leaving;
                    if (after == before) continue;
                    _dirtyAtEntry[target] = after;
                    changed = true;
                }
            }
        }
    }

    private void FindLive(RegionPlan plan, HelperTable helpers)
    {
        foreach (var block in plan.Blocks) _liveAtEntry[block.Ir.PcOffset] = default;
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (var block in plan.Blocks.Reverse())
            {
                var live = LiveBefore(plan, block.Ir, helpers);
                if (live == _liveAtEntry[block.Ir.PcOffset]) continue;
                _liveAtEntry[block.Ir.PcOffset] = live;
                changed = true;
            }
        }
    }

    // Every exit writes back what is dirty there; a branch in the middle needs what its target does, whatever is written behind it.
    private SlotSet LiveBefore(RegionPlan plan, IrBlock block, HelperTable helpers)
    {
        var live = default(SlotSet);
        foreach (int target in plan.ComputedTargetsOf(block))
        {
            live |= _liveAtEntry.GetValueOrDefault(target);
        }


        var instructions = block.Instructions;
        var dirty = new SlotSet[instructions.Length];
        dirty[0] = _dirtyAtEntry[block.PcOffset];
        for (int i = 1; i < instructions.Length; i++) dirty[i] = With(dirty[i - 1], instructions[i - 1].Destination);
        for (int i = instructions.Length - 1; i >= 0; i--)
        {
            var instruction = instructions[i];
            int written = IndexOf(instruction.Destination);
            if (written >= 0) live = live.Without(written);
            if (instruction.Opcode == Opcode.CallCpu && helpers[checked((int)instruction.Immediate)].Effects.HasFlag(HelperEffects.WritesSlots)) live = default;
            if (instruction.Info.Effects != OpcodeEffects.Pure) live |= dirty[i];
            if (RegionPlanner.NearTargetOf(instruction) is { } target) live |= _liveAtEntry.GetValueOrDefault(target);
            live = With(With(live, instruction.A), instruction.B);
            if (instruction.Info.Operands.HasFlag(OpcodeOperands.C)) live = With(live, instruction.C);
        }

        return live | dirty[0]; // polls and the limit are at the start
    }

    private SlotSet With(SlotSet set, Slot slot)
    {
        int index = IndexOf(slot);
        return index < 0 ? set : set.With(index);
    }
}

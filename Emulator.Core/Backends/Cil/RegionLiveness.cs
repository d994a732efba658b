using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>Which guest slots a region uses, and which may differ from the state block at the start of each of its blocks.</summary>
internal sealed class RegionLiveness
{
    private readonly Dictionary<Slot, int> _indexes = [];
    private readonly Dictionary<int, SlotSet> _dirtyAtEntry = [];

    public RegionLiveness(RegionPlan plan)
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
    }

    /// <summary>The guest slots, each in a local while the region runs.</summary>
    public List<Slot> GuestSlots { get; } = [];

    /// <summary>Position of a slot in <see cref="GuestSlots"/>, or -1.</summary>
    public int IndexOf(Slot slot) => _indexes.GetValueOrDefault(slot, -1);

    /// <summary>Slots that some path to the block has written.</summary>
    public SlotSet DirtyAtEntry(TranslatedBlock block) => _dirtyAtEntry[block.Ir.PcOffset];

    private void Use(Slot slot)
    {
        if (!slot.IsGuest || _indexes.ContainsKey(slot)) return;
        _indexes.Add(slot, GuestSlots.Count);
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
                foreach (int target in RegionPlanner.NearTargets(block.Ir))
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
}

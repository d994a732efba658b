using System.Reflection.Emit;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Backends.Cil;

/// <content>Jumps to computed addresses that may well be inside the region: returns of functions called in it, and those that were seen to go there.</content>
internal sealed partial class RegionEmitter
{
    private const int MaxComparisons = 3; // more targets are told apart by some bits of the address first
    private const int MaxBuckets = 64;

    /// <summary>Goes to the virtual address on the stack.</summary>
    private void EmitComputedJump()
    {
        var targets = _plan.ComputedTargetsOf(_block.Ir);
        LocalUses += 2;
        Il.Emit(OpCodes.Stloc, _address);
        if (targets.Count > MaxComparisons && !RegionPlanner.Returns(_block.Ir)) EmitTable(targets);
        else EmitComparisons(targets);
        EmitFarExit(_dirty);
    }

    private void EmitComparisons(List<int> targets)
    {
        var dirty = _dirty;
        int from = ControlFrom(_block);
        foreach (int target in targets)
        {
            var goes = Il.DefineLabel();
            LoadDistance();
            Il.Emit(OpCodes.Ldc_I8, (long)target);
            Il.Emit(OpCodes.Beq, goes);
            _stubs.Add(() =>
            {
                Il.MarkLabel(goes);
                EmitGoTo(target, dirty, from);
            });
        }
    }

    // Of some bits in a row of the page offset, those that tell the targets apart best.
    private void EmitTable(List<int> targets)
    {
        var (shift, buckets) = FindTable(targets);
        var elsewhere = Il.DefineLabel();
        var labels = new Label[buckets.Length];
        for (int i = 0; i < labels.Length; i++) labels[i] = buckets[i].Count == 0 ? elsewhere : Il.DefineLabel();
        LocalUses++;
        Il.Emit(OpCodes.Ldloc, _address);
        Il.Emit(OpCodes.Conv_I4);
        Il.Emit(OpCodes.Ldc_I4, shift);
        Il.Emit(OpCodes.Shr_Un);
        Il.Emit(OpCodes.Ldc_I4, buckets.Length - 1);
        Il.Emit(OpCodes.And);
        Il.Emit(OpCodes.Switch, labels);
        for (int i = 0; i < labels.Length; i++)
        {
            if (buckets[i].Count == 0) continue;
            Il.MarkLabel(labels[i]);
            EmitComparisons(buckets[i]);
            Il.Emit(OpCodes.Br, elsewhere);
        }

        Il.MarkLabel(elsewhere);
    }

    private static (int Shift, List<int>[] Buckets) FindTable(List<int> targets)
    {
        (int Shift, List<int>[] Buckets) best = default;
        int fewest = int.MaxValue;
        for (int size = MaxBuckets / 4; size <= MaxBuckets; size *= 2)
        {
            for (int shift = 0; size << shift <= (int)GuestPage.Size; shift++)
            {
                var buckets = new List<int>[size];
                for (int i = 0; i < size; i++) buckets[i] = [];
                int longest = 0;
                foreach (int target in targets)
                {
                    var bucket = buckets[(target >> shift) & (size - 1)];
                    bucket.Add(target);
                    longest = Math.Max(longest, bucket.Count);
                }

                if (longest >= fewest) continue;
                fewest = longest;
                best = (shift, buckets);
            }
        }

        return best;
    }

    /// <summary>Pushes how far the address at hand is from the start of the page.</summary>
    private void LoadDistance()
    {
        LocalUses++;
        Il.Emit(OpCodes.Ldloc, _address);
        LoadStateSlot(StateSlots.CodePage);
        Il.Emit(OpCodes.Sub);
    }
}

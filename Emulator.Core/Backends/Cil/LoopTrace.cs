using System.Collections.Immutable;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>Finds loops that run through the same blocks in every round: each block goes on to one other of the loop, or leaves it.</summary>
internal static class LoopTrace
{
    private const int MaxBlocks = 6;

    /// <summary>The blocks of the loop that a block heads, in order; none when it heads no such loop.</summary>
    public static ImmutableArray<RegionBlock> Find(RegionPlan plan, RegionBlock head)
    {
        var trace = new List<RegionBlock>();
        for (var block = head; block is not null && trace.Count < MaxBlocks; block = Next(plan, head, block))
        {
            if (trace.Contains(block) || !IsSimple(block)) return [];
            trace.Add(block);
            if (EndsAt(block.Ir, head.Ir.PcOffset)) return [.. trace];
        }

        return [];
    }

    // What calls the processor may change where data is.
    private static bool IsSimple(RegionBlock block) =>
        !block.HasSplitAccesses && block.Ir.Instructions.All(i => i.Opcode is not (Opcode.CallCpu or (>= Opcode.AtomicSwap and <= Opcode.StoreExclusive)));

    // The block behind, in address order, as compilers lay out the body of a loop; a branch over it is a way out or a fork.
    private static RegionBlock? Next(RegionPlan plan, RegionBlock head, RegionBlock block)
    {
        int behind = block.Ir.PcOffset + block.Ir.ByteLength;
        if (behind <= head.Ir.PcOffset || !EndsAt(block.Ir, behind)) return null;
        return plan.Blocks.FirstOrDefault(b => b.Ir.PcOffset == behind);
    }

    // A block goes on at a page offset when it is done; one that goes there from its middle has not moved its pointers as far as others.
    private static bool EndsAt(IrBlock block, int target)
    {
        bool ends = false;
        foreach (var instruction in block.Instructions)
        {
            if (RegionPlanner.NearTargetOf(instruction) == target) ends = true;
            else if (ends && !instruction.Info.Effects.HasFlag(OpcodeEffects.Control)) return false;
        }

        return ends;
    }
}

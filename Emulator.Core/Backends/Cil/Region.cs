using System.Collections.Immutable;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// Blocks of one page that are compiled together, with direct jumps among them: entered at the hot one, and where the calls in it
/// come back to.
/// </summary>
internal sealed record RegionPlan
{
    /// <summary>The blocks, the hot one first.</summary>
    public required ImmutableArray<RegionBlock> Blocks { get; init; }

    /// <summary>Blocks that execution may come to from outside, the hot one first; the others follow calls or are called.</summary>
    public required ImmutableArray<RegionBlock> Entries { get; init; }

    /// <summary>Floating point is called, as rare operands have turned out to be common here.</summary>
    public bool CallsFloat { get; init; }

    /// <summary>Page offsets that a jump to a computed address may well be to: those behind the calls in the region.</summary>
    public required List<int> ReturnPoints { get; init; }

    /// <summary>For blocks that end in a jump to a computed address, by page offset: where in the region that jump went before.</summary>
    public Dictionary<int, List<int>> NotedTargets { get; init; } = [];

    /// <summary>Page offsets of the blocks of the region that a block's jump to a computed address is looked for at.</summary>
    public List<int> ComputedTargetsOf(IrBlock block) =>
        RegionPlanner.Returns(block) ? ReturnPoints : NotedTargets.GetValueOrDefault(block.PcOffset) is { } noted ? noted : [];

    /// <summary>Page offsets of the blocks of the region that may follow a block without leaving it.</summary>
    public IEnumerable<int> SuccessorsOf(IrBlock block)
    {
        foreach (int target in RegionPlanner.NearTargets(block)) yield return target;
        foreach (int target in ComputedTargetsOf(block)) yield return target;
    }

    /// <summary>Guest instructions in them.</summary>
    public int InstructionCount => CountInstructions(Blocks);

    /// <summary>Guest instructions in some blocks.</summary>
    public static int CountInstructions(ImmutableArray<RegionBlock> blocks)
    {
        int sum = 0;
        foreach (var block in blocks) sum += block.Ir.InstructionCount;
        return sum;
    }
}

/// <summary>A block while a region with it is planned and compiled: with its IR, which is let go afterwards.</summary>
internal sealed class RegionBlock(TranslatedBlock translation, IrBlock ir)
{
    public TranslatedBlock Translation => translation;

    public IrBlock Ir => ir;

    public BlockKey Key => translation.Key;

    public bool HasSplitAccesses => translation.HasSplitAccesses;
}

/// <summary>A compiled region.</summary>
/// <param name="blocks">The blocks in it.</param>
/// <param name="entries">Those that execution may come to from outside.</param>
/// <param name="code">The machine code.</param>
/// <param name="cilBytes">Its CIL.</param>
/// <param name="hart">The hart that found it hot, and so is the one most likely to execute it.</param>
/// <param name="installed">Instructions that this hart had executed.</param>
internal sealed class Region(
    ImmutableArray<TranslatedBlock> blocks, ImmutableArray<TranslatedBlock> entries, NativeCode code, int cilBytes, int hart, long installed)
{
    public ImmutableArray<TranslatedBlock> Blocks => blocks;

    public ImmutableArray<TranslatedBlock> Entries => entries;

    public NativeCode Code => code;

    public int CilBytes => cilBytes;

    public int Hart => hart;

    public long Installed => installed;

    /// <summary>The granules of its page where the entries begin, a bit each.</summary>
    public ulong EntryGranules
    {
        get
        {
            ulong granules = 0;
            foreach (var entry in entries) granules |= CodePage.GranuleBitOf(entry);
            return granules;
        }
    }

    /// <summary>How many times in a row it had not been entered when that was looked at.</summary>
    public int IdleLooks { get; set; }

    /// <summary>Its place in a list by age.</summary>
    public LinkedListNode<Region> Node => field ??= new LinkedListNode<Region>(this);
}

using System.Collections.Immutable;
using Emulator.Core.Execution;

namespace Emulator.Core.Backends.Cil;

/// <summary>Blocks of one page that are compiled together: entered at the first, with direct jumps among them.</summary>
internal sealed record RegionPlan
{
    /// <summary>The blocks, the entry first.</summary>
    public required ImmutableArray<TranslatedBlock> Blocks { get; init; }

    /// <summary>Floating point is called, as rare operands have turned out to be common here.</summary>
    public bool CallsFloat { get; init; }

    /// <summary>Guest instructions in them.</summary>
    public int InstructionCount => Blocks.Sum(b => b.Ir.InstructionCount);
}

/// <summary>A compiled region.</summary>
internal sealed record Region(RegionPlan Plan, NativeCode Code);

using System.Collections.Immutable;
using Emulator.Arch.RiscV.Isa;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>Groups of rows that need the same extensions.</summary>
internal static class InstructionSet
{
    /// <summary>Rows that say nothing else all need <paramref name="requirement"/>.</summary>
    public static ImmutableArray<InstructionDefinition> Of(Requirement requirement, params InstructionDefinition[] rows) =>
        [.. rows.Select(row => row.Requires.IsEmpty ? row with { Requires = requirement } : row)];

    /// <summary>Rows of one base alone.</summary>
    public static ImmutableArray<InstructionDefinition> Of(Requirement requirement, BaseWidth width, params InstructionDefinition[] rows) =>
        [.. Of(requirement, rows).Select(row => row with { Width = width })];
}

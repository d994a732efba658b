using System.Collections.Immutable;

namespace Emulator.Core.Ir;

/// <summary>
/// The translation of a run of guest instructions on one page: entered at the top, left by its branches or at its end.
/// It holds no virtual address, so that it serves wherever its physical page is mapped.
/// </summary>
public sealed record IrBlock
{
    /// <summary>Offset of the first instruction in its page, in bytes.</summary>
    public required ushort PcOffset { get; init; }

    /// <summary>Guest bytes covered; more than the rest of the page only when the one instruction straddles its end.</summary>
    public required int ByteLength { get; init; }

    /// <summary>Guest instructions.</summary>
    public required int InstructionCount { get; init; }

    /// <summary>The processor's mode that the block is valid for, as the architecture encodes it.</summary>
    public required uint Mode { get; init; }

    /// <summary>The operations; the first is Enter, the last a terminator.</summary>
    public required ImmutableArray<IrInstruction> Instructions { get; init; }

    /// <summary>One line an operation.</summary>
    public override string ToString() => IrPrinter.Print(this);
}

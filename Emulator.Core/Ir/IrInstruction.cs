namespace Emulator.Core.Ir;

/// <summary>
/// One three-address operation. What the operands mean stands in the operation's row of <see cref="OpcodeTable"/>.
/// </summary>
public readonly record struct IrInstruction
{
    /// <summary>What to do.</summary>
    public required Opcode Opcode { get; init; }

    /// <summary>Where the result goes, or <see cref="Slot.None"/>.</summary>
    public Slot Destination { get; init; } = Slot.None;

    /// <summary>The first operand.</summary>
    public Slot A { get; init; } = Slot.None;

    /// <summary>The second operand; <see cref="Slot.Immediate"/> takes <see cref="Immediate"/> instead.</summary>
    public Slot B { get; init; } = Slot.None;

    /// <summary>The third operand, or a small literal where the row says so.</summary>
    public Slot C { get; init; } = Slot.None;

    /// <summary>A constant: operand, displacement, target or specification.</summary>
    public long Immediate { get; init; }

    /// <summary>Offset of the guest instruction from the start of its page, in bytes.</summary>
    public ushort PcOffset { get; init; }

    /// <summary>How many guest instructions of the block come before this operation's.</summary>
    public ushort InstructionIndex { get; init; }

    /// <summary>Creates an empty instruction.</summary>
    public IrInstruction()
    {
    }

    /// <summary>True when the second operand is the immediate.</summary>
    public bool BIsImmediate => B == Slot.Immediate;

    /// <summary>Of a jump to a computed address: the low bits of it that are cleared.</summary>
    internal int ClearedBits => C.Index & (IrBuilder.ReturnHint - 1);

    /// <summary>Of a jump to a computed address: it is how functions return.</summary>
    internal bool IsReturn => Opcode == Opcode.JumpIndirect && (C.Index & IrBuilder.ReturnHint) != 0;

    /// <summary>The row of the operation.</summary>
    public OpcodeInfo Info => OpcodeTable.Of(Opcode);

    /// <inheritdoc/>
    public override string ToString() => IrPrinter.Print(this);
}

namespace Emulator.Core.Ir;

/// <summary>
/// An operand while a lifter builds a block: a slot (read when the operation that uses it executes) or a constant. A value that was
/// given to <see cref="IrBuilder.Write"/> must not be used again.
/// </summary>
public readonly record struct Value
{
    private Value(Slot slot, long constant)
    {
        Slot = slot;
        Constant = constant;
    }

    /// <inheritdoc/>
    public bool Equals(Value other) => Slot == other.Slot && Constant == other.Constant;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Slot.Index, Constant);

    /// <summary>The slot; <see cref="Slot.Immediate"/> for a constant.</summary>
    public Slot Slot { get; }

    /// <summary>The constant.</summary>
    public long Constant { get; }

    /// <summary>True for a constant.</summary>
    public bool IsConstant => Slot == Slot.Immediate;

    /// <summary>The content of a slot.</summary>
    public static Value Of(Slot slot) => slot == Slot.Zero ? Of(0) : new(slot, 0);

    /// <summary>A constant.</summary>
    public static Value Of(long constant) => new(Slot.Immediate, constant);

    /// <summary>A constant.</summary>
    public static implicit operator Value(long constant) => Of(constant);

    /// <inheritdoc cref="op_Implicit(long)"/>
    public static Value FromInt64(long constant) => Of(constant);
}

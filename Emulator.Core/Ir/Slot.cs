namespace Emulator.Core.Ir;

/// <summary>
/// A 64-bit cell of a hart's state block: a guest register, a field that Core itself keeps there, or a temporary of one block.
/// Its byte offset in the state block is eight times its index.
/// </summary>
/// <param name="Index">Position in the state block, 0 to 2,047.</param>
public readonly record struct Slot(ushort Index)
{
    /// <summary>No operand.</summary>
    public static Slot None => new(0xffff);

    /// <summary>As the second operand: the instruction's immediate takes its place.</summary>
    public static Slot Immediate => new(0xfffe);

    /// <summary>A cell that always holds zero.</summary>
    public static Slot Zero => new(StateSlots.Zero);

    /// <summary>True for a real cell.</summary>
    public bool IsCell => Index < StateSlots.Count;

    /// <summary>True for a temporary: defined before use within one block, dead at its end.</summary>
    public bool IsTemporary => Index is >= StateSlots.FirstTemporary and < StateSlots.Count;

    /// <summary>True for a register of the guest.</summary>
    public bool IsGuest => Index is >= StateSlots.FirstGuest and < StateSlots.FirstTemporary;

    /// <summary>Prints as <c>s70</c>, <c>t3</c> or <c>zero</c>.</summary>
    public override string ToString() => this switch
    {
        _ when this == None => "-",
        _ when this == Immediate => "#",
        _ when this == Zero => "zero",
        _ when IsTemporary => $"t{Index - StateSlots.FirstTemporary}",
        _ => $"s{Index}",
    };
}

/// <summary>The fixed division of the state block, in slots of eight bytes. See <c>Execution/StateLayout.cs</c> for Core's own fields.</summary>
public static class StateSlots
{
    /// <summary>The cell that always holds zero.</summary>
    public const int Zero = 63;

    /// <summary>Accumulated IEEE exception flags, as <see cref="FloatingPoint.FloatFlags"/> bits.</summary>
    public const int FloatFlags = 62;

    /// <summary>Virtual address of the page that the running code is on.</summary>
    public const int CodePage = 61;

    /// <summary>The first register of the guest.</summary>
    public const int FirstGuest = 64;

    /// <summary>The first temporary.</summary>
    public const int FirstTemporary = 1792;

    /// <summary>All slots.</summary>
    public const int Count = 2048;
}

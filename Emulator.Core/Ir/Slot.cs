namespace Emulator.Core.Ir;

/// <summary>
/// A 64-bit cell of a hart's state block: a guest register, a field that Core itself keeps there, or a temporary of one block.
/// Its byte offset in the state block is eight times its index.
/// </summary>
/// <param name="Index">Position in the state block, 0 to 2,047.</param>
public readonly record struct Slot(ushort Index)
{
    /// <summary>Whether it is the same cell.</summary>
    public bool Equals(Slot other) => Index == other.Index;

    /// <inheritdoc/>
    public override int GetHashCode() => Index;

    /// <summary>No operand.</summary>
    public static Slot None => new(0xffff);

    /// <summary>As the second operand: the instruction's immediate takes its place.</summary>
    public static Slot Immediate => new(0xfffe);

    /// <summary>A cell that always holds zero.</summary>
    public static Slot Zero => new(StateSlots.Zero);

    /// <summary>True for a real cell.</summary>
    public bool IsCell => Index < StateSlots.Count;

    /// <summary>True for a temporary: defined before use within one guest instruction, dead at its end.</summary>
    public bool IsTemporary => Index is >= StateSlots.FirstVectorTemporary and < StateSlots.Count;

    /// <summary>True for a register of the guest.</summary>
    public bool IsGuest => Index is >= StateSlots.FirstGuest and < StateSlots.FirstVectorTemporary;

    /// <summary>True for a cell of 128 bits, which takes two indexes, the first of them even.</summary>
    public bool IsVector => Index is >= StateSlots.FirstVector and < StateSlots.FirstTemporary;

    /// <summary>Prints as <c>s70</c>, <c>t3</c> or <c>zero</c>.</summary>
    public override string ToString() => this switch
    {
        _ when this == None => "-",
        _ when this == Immediate => "#",
        _ when this == Zero => "zero",
        _ when IsTemporary && IsVector => $"vt{(Index - StateSlots.FirstVectorTemporary) / 2}",
        _ when IsTemporary => $"t{Index - StateSlots.FirstTemporary}",
        _ when IsVector => $"v{(Index - StateSlots.FirstVector) / 2}",
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

    /// <summary>The first vector register of the guest, 128 bits; the next one has an index greater by two.</summary>
    public const int FirstVector = 1024;

    /// <summary>The first temporary of 128 bits.</summary>
    public const int FirstVectorTemporary = 1536;

    /// <summary>The first temporary of 64 bits.</summary>
    public const int FirstTemporary = 1792;

    /// <summary>All slots.</summary>
    public const int Count = 2048;
}

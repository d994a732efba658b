namespace Emulator.Core.Backends.Cil;

/// <summary>A set of the guest slots that a region uses, by their position in the region's list; at most 128.</summary>
internal readonly record struct SlotSet(UInt128 Bits)
{
    public const int Capacity = 128;

    public static SlotSet operator |(SlotSet left, SlotSet right) => new(left.Bits | right.Bits);

    public SlotSet With(int index) => new(Bits | (UInt128.One << index));

    public bool Contains(int index) => ((Bits >> index) & UInt128.One) != UInt128.Zero;
}

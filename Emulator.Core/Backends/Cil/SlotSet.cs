using System.Numerics;

namespace Emulator.Core.Backends.Cil;

/// <summary>A set of the guest slots that a region uses, by their position in the region's list; at most 128.</summary>
/// <remarks>Two words, not UInt128, which crossgen leaves to the just-in-time compiler with every method that touches one.</remarks>
internal readonly record struct SlotSet(ulong Low, ulong High)
{
    public const int Capacity = 128;

    public static SlotSet All => new(ulong.MaxValue, ulong.MaxValue);

    public bool Equals(SlotSet other) => Low == other.Low && High == other.High;

    public override int GetHashCode() => HashCode.Combine(Low, High);

    public static SlotSet operator |(SlotSet left, SlotSet right) => new(left.Low | right.Low, left.High | right.High);

    public int Count => BitOperations.PopCount(Low) + BitOperations.PopCount(High);

    public SlotSet Except(SlotSet other) => new(Low & ~other.Low, High & ~other.High);

    public bool IsSubsetOf(SlotSet other) => Except(other) == default;

    public SlotSet With(int index) => index < 64 ? this with { Low = Low | (1ul << index) } : this with { High = High | (1ul << (index - 64)) };

    public SlotSet Without(int index) => index < 64 ? this with { Low = Low & ~(1ul << index) } : this with { High = High & ~(1ul << (index - 64)) };

    public bool Contains(int index) => (((index < 64 ? Low : High) >> index) & 1) != 0;
}

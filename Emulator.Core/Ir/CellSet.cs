using System.Numerics;
using System.Runtime.CompilerServices;

namespace Emulator.Core.Ir;

/// <summary>A set of cells of the state block: one bit each.</summary>
[InlineArray(Words)]
internal struct CellSet
{
    private const int Words = StateSlots.Count / 64;
    private ulong _word;

    public readonly int Count
    {
        get
        {
            int count = 0;
            foreach (ulong word in this) count += BitOperations.PopCount(word);
            return count;
        }
    }

    public readonly bool Contains(Slot cell) => (this[cell.Index / 64] & Bit(cell)) != 0;

    public void Add(Slot cell) => this[cell.Index / 64] |= Bit(cell);

    public void Remove(Slot cell) => this[cell.Index / 64] &= ~Bit(cell);

    public void Clear() => this = default;

    private static ulong Bit(Slot cell) => 1ul << (cell.Index % 64);
}

using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>
/// An unsigned integer of 128 bits with just what fused arithmetic needs of one; several times faster than UInt128, whose
/// operators are general and not inlined.
/// </summary>
internal readonly struct Wide(ulong high, ulong low)
{
    private const int Half = 64;

    public ulong High { get; } = high;

    public ulong Low { get; } = low;

    /// <summary>The upper half, with the memory of the lower one in bit 0.</summary>
    public ulong Sticky => High | (Low != 0 ? 1UL : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Product(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return new(high, low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Wide Plus(Wide other)
    {
        var low = unchecked(Low + other.Low);
        return new(unchecked(High + other.High + (low < Low ? 1UL : 0)), low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Wide Minus(Wide other)
        => new(unchecked(High - other.High - (Low < other.Low ? 1UL : 0)), unchecked(Low - other.Low));

    /// <summary>Shifts left by 0 to 63.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Wide ShiftLeft(int count) => new(High << count | Low >> 1 >> Half - 1 - count, Low << count);

    /// <summary>Shifts right by 1 or more, keeping the memory of lost bits in bit 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Wide ShiftRightSticky(int count)
        => count < Half
            ? new(High >> count, High << Half - count | Low >> count | (Low << Half - count != 0 ? 1UL : 0))
            : new(0, Rounding.ShiftRightSticky(High, count - Half) | (Low != 0 ? 1UL : 0));
}

using System.Collections.Immutable;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>The harts of a machine, and how calls name some of them (SBI 2.0 chapter 3.1).</summary>
/// <param name="All">All of them by number.</param>
internal readonly record struct HartList(ImmutableArray<RiscVHart> All)
{
    private const int MaskBits = 64;

    /// <summary>The hart with a number, or null.</summary>
    public RiscVHart? Find(ulong number) => number < (ulong)All.Length ? All[(int)number] : null;

    /// <summary>The harts of the mask in two argument registers.</summary>
    /// <returns>False when the mask names a hart that does not exist.</returns>
    public bool TrySelect(SbiCall call, int maskArgument, out List<RiscVHart> selected)
    {
        ulong mask = call.Argument(maskArgument);
        ulong first = call.Argument(maskArgument + 1);
        if (first != call.AllOnes) return TrySelect(mask, first, out selected);
        selected = [.. All];
        return true;
    }

    /// <summary>The harts <paramref name="first"/> + n for every bit n of the mask.</summary>
    public bool TrySelect(ulong mask, ulong first, out List<RiscVHart> selected)
    {
        selected = [];
        for (int bit = 0; bit < MaskBits; bit++)
        {
            if (((mask >> bit) & 1) == 0) continue;
            ulong number = first + (ulong)bit;
            if (number < first || Find(number) is not { } hart) return false;
            selected.Add(hart);
        }

        return true;
    }
}

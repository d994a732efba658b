using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <content>Runs of loads and stores, for instructions that copy or fill memory.</content>
public abstract partial class VirtualCpu
{
    /// <summary>
    /// From a helper with MayFault: copies elements in ascending order, each loaded and then stored. Source and destination lie on one
    /// page each, unless it is a single element.
    /// </summary>
    /// <param name="destination">Where to; need not be aligned.</param>
    /// <param name="source">Where from.</param>
    /// <param name="size">Bytes of an element: 1, 2, 4 or 8.</param>
    /// <param name="count">How many, at least one.</param>
    /// <param name="mmuIndex">The set of translations.</param>
    /// <returns>
    /// How many were copied: all, or 1 where memory is not RAM, or 0 with the fault raised.
    /// </returns>
    public int CopyBlock(GuestVirtualAddress destination, GuestVirtualAddress source, int size, int count, int mmuIndex) =>
        BlockAccess.Copy(this, destination.Value, source.Value, size, count, mmuIndex);

    /// <summary>As <see cref="CopyBlock"/>, storing the low bytes of <paramref name="value"/> in each element.</summary>
    public int FillBlock(GuestVirtualAddress destination, ulong value, int size, int count, int mmuIndex) =>
        BlockAccess.Fill(this, destination.Value, value, size, count, mmuIndex);
}

using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <content>Atomic accesses wider than a register.</content>
public abstract partial class VirtualCpu
{
    /// <summary>
    /// From a helper with MayFault: compares 16 aligned bytes with <paramref name="expected"/> and, if equal, stores
    /// <paramref name="desired"/>, atomically against other calls; on failure the fault is raised.
    /// </summary>
    /// <param name="address">Where; faults unless a multiple of 16.</param>
    /// <param name="mmuIndex">The set of translations.</param>
    /// <param name="expected">Little-endian, as the other values.</param>
    /// <param name="desired">What to store.</param>
    /// <param name="old">What was there.</param>
    public bool TryCompareExchange(GuestVirtualAddress address, int mmuIndex, UInt128 expected, UInt128 desired, out UInt128 old) =>
        WideAtomics.TryCompareExchange(this, address.Value, mmuIndex, expected, desired, out old);
}

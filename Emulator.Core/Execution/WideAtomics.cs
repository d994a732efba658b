namespace Emulator.Core.Execution;

/// <summary>
/// Compare-and-exchange of 16 bytes, which no host gives to .NET. It is atomic against every other such exchange (they exclude each
/// other) and never loses a concurrent narrower write: each half is replaced by a host compare-and-exchange, and the first is taken
/// back when the second has changed. What other harts can see for some nanoseconds, with narrower accesses alone, is the new low half
/// beside the old high half. With all harts on one thread it is exact.
/// </summary>
// SAFETY: the pointer comes from MemoryAccess.AtomicAddress, which checked 16 aligned bytes of RAM.
internal static unsafe class WideAtomics
{
    public const int Size = 16;

    private static readonly Lock Exchange = new();

    /// <summary>Exchanges; false with the fault left in the hart.</summary>
    public static bool TryCompareExchange(
        VirtualCpu cpu, ulong address, int mmuIndex, UInt128 expected, UInt128 desired, out UInt128 old)
    {
        old = 0;
        var host = (ulong*)MemoryAccess.AtomicAddress(cpu, address, Size, mmuIndex, AccessKind.Write, out var written);
        if (host == null) return false;
        old = CompareExchange(ref host[0], ref host[1], expected, desired);
        written.Written(cpu.MemorySystem);
        return true;
    }

    /// <summary>Exchanges two aligned words; gives what was there.</summary>
    public static UInt128 CompareExchange(ref ulong low, ref ulong high, UInt128 expected, UInt128 desired)
    {
        lock (Exchange) return Exchanged(ref low, ref high, expected, desired);
    }

    private static UInt128 Exchanged(ref ulong low, ref ulong high, UInt128 expected, UInt128 desired)
    {
        while (true)
        {
            // equal reads of the low half around the high half: the pair was there at once, up to a value that came back
            ulong oldLow = Interlocked.Read(ref low);
            ulong oldHigh = Interlocked.Read(ref high);
            if (Interlocked.Read(ref low) != oldLow) continue;
            var old = new UInt128(oldHigh, oldLow);
            if (old != expected) return old;
            if (Interlocked.CompareExchange(ref low, (ulong)desired, oldLow) != oldLow) continue;
            if (Interlocked.CompareExchange(ref high, (ulong)(desired >> 64), oldHigh) == oldHigh) return old;
            Interlocked.CompareExchange(ref low, oldLow, (ulong)desired);
        }
    }
}

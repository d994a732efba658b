namespace Emulator.Arch.RiscV.Privileged;

/// <summary>
/// Remembers which large pages may have pieces of 4 KiB in the TLB: a fence for one address of a large page must drop all of them
/// (Priv. spec 12.2.1). A set of hashes: it may say yes where the answer is no.
/// </summary>
internal sealed class LargePageSet
{
    private const int WordBits = 64;
    private const int Words = 64;
    private const int HashBits = 12; // of Words * WordBits
    private const ulong HashFactor = 0x9E37_79B9_7F4A_7C15;

    private readonly ulong[] _bits = new ulong[Words];

    // Bit n: a page of 2^n bytes is in the set.
    private ulong _sizes;

    /// <summary>Adds the page of 2^<paramref name="pageBits"/> bytes around an address.</summary>
    public void Add(ulong address, int pageBits)
    {
        _sizes |= 1ul << pageBits;
        int hash = Hash(address, pageBits);
        _bits[hash / WordBits] |= 1ul << (hash % WordBits);
    }

    public bool MayContain(ulong address)
    {
        for (ulong sizes = _sizes; sizes != 0; sizes &= sizes - 1)
        {
            int hash = Hash(address, System.Numerics.BitOperations.TrailingZeroCount(sizes));
            if (((_bits[hash / WordBits] >> (hash % WordBits)) & 1) != 0) return true;
        }

        return false;
    }

    public void Clear()
    {
        if (_sizes == 0) return;
        _sizes = 0;
        Array.Clear(_bits);
    }

    private static int Hash(ulong address, int pageBits) =>
        (int)(unchecked(((address >> pageBits) + (ulong)pageBits) * HashFactor) >> (WordBits - HashBits));
}

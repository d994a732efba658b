using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>A set of pages that may answer yes for a page that is not in it, never no for one that is.</summary>
internal sealed class PageFilter
{
    private const int Words = 32;
    private readonly ulong[] _bits = new ulong[Words];
    private int _count;

    /// <summary>So many pages are in it that it often answers yes for others.</summary>
    public bool IsCrowded => _count > Words * 16;

    public void Add(ulong address)
    {
        ref ulong word = ref Word(address, out int bit);
        _count += (int)(~word >> bit) & 1;
        word |= 1ul << bit;
    }

    public bool MayContain(ulong address) => ((Word(address, out int bit) >> bit) & 1) != 0;

    public void Clear()
    {
        Array.Clear(_bits);
        _count = 0;
    }

    private ref ulong Word(ulong address, out int bit)
    {
        ulong hash = unchecked((address / GuestPage.Size) * 0x9E3779B97F4A7C15);
        bit = (int)(hash >> 58);
        return ref _bits[(hash >> 53) & (Words - 1)];
    }
}

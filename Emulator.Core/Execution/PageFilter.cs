using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>A set of pages that may answer yes for a page that is not in it, never no for one that is.</summary>
internal sealed class PageFilter
{
    private const int Words = 128;
    private readonly ulong[] _bits = new ulong[Words];

    public void Add(ulong address) => Word(address, out int bit) |= 1ul << bit;

    public bool MayContain(ulong address) => ((Word(address, out int bit) >> bit) & 1) != 0;

    public void Clear() => Array.Clear(_bits);

    private ref ulong Word(ulong address, out int bit)
    {
        ulong hash = unchecked((address / GuestPage.Size) * 0x9E3779B97F4A7C15);
        bit = (int)(hash >> 58);
        return ref _bits[(hash >> 40) & (Words - 1)];
    }
}

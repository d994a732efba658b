namespace Emulator.Arch.RiscV.Privileged;

/// <summary>
/// Where walks of the page tables found the tables of the two lowest levels, so that most read one entry instead of up to five.
/// What hardware may keep (Priv. spec 12.2.1): pointers only, never invalid entries, forgotten by the fences for their addresses.
/// </summary>
internal sealed class PageWalkCache
{
    /// <summary>The levels whose tables are kept: 0, of pages, and 1, of the large pages that kernels map memory by.</summary>
    public const int Levels = 2;

    private const int Entries = 128; // of a level; a power of two

    private readonly Entry[][] _levels = [new Entry[Entries], new Entry[Entries]];
    private bool _isEmpty = true;

    /// <summary>Finds the table of a level that translates an address.</summary>
    /// <param name="level">The level, below <see cref="Levels"/>.</param>
    /// <param name="region">The address without the bits that the table's entries and what is below translate.</param>
    /// <param name="satp">The address space.</param>
    /// <param name="table">Physical address of the table.</param>
    /// <param name="isGlobal">Whether a pointer on the way to it said so.</param>
    public bool TryGet(int level, ulong region, ulong satp, out ulong table, out bool isGlobal)
    {
        ref readonly var entry = ref _levels[level][region % Entries];
        (table, isGlobal) = (entry.Table, entry.IsGlobal);
        return entry.Satp == satp && entry.Region == region;
    }

    /// <summary>Keeps the table of a level.</summary>
    /// <param name="level">The level, below <see cref="Levels"/>.</param>
    /// <param name="region">As for <see cref="TryGet"/>.</param>
    /// <param name="satp">The address space; not 0, as its mode is not Bare.</param>
    /// <param name="table">Physical address of the table.</param>
    /// <param name="isGlobal">Whether a pointer on the way to it said so.</param>
    public void Set(int level, ulong region, ulong satp, ulong table, bool isGlobal)
    {
        _isEmpty = false;
        _levels[level][region % Entries] = new Entry(satp, region, table, isGlobal);
    }

    /// <summary>Forgets the tables of a region at a level, in all address spaces.</summary>
    public void Remove(int level, ulong region)
    {
        ref var entry = ref _levels[level][region % Entries];
        if (entry.Region == region) entry = default;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        if (_isEmpty) return;
        _isEmpty = true;
        foreach (var level in _levels) Array.Clear(level);
    }

    private readonly record struct Entry(ulong Satp, ulong Region, ulong Table, bool IsGlobal);
}

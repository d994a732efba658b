using System.Buffers.Binary;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>
/// Page tables of a slot: code, handler, contexts and window where they are physically, code and window once more behind an alias, and
/// the slot's surroundings by a large page. Pages of the window and of the alias are mapped in all the ways that there are.
/// </summary>
internal sealed class AddressSpace
{
    private const int Valid = 1;
    private const int Read = 2;
    private const int Write = 4;
    private const int Execute = 8;
    private const int User = 16;
    private const int Global = 32;
    private const int Accessed = 64;
    private const int Dirty = 128;
    private const int PageShift = 12;
    private const int PpnShift = 10;
    private const ulong Reserved = 1ul << 54;
    private const ulong Pbmt = 1ul << 61;
    private const int Sv32Mode = 31;
    private const int SatpModeShift = 60;
    private const int FirstWideMode = 8; // Sv39, with three levels
    private const int WideLevels = 3;
    private const int FirstWideIndex = 32; // with Sv39, addresses behind QEMU's PCI windows, so that they are nothing without translation

    private readonly byte[] _slot;
    private readonly ulong _address;
    private readonly bool _is64;
    private readonly int _levels;
    private readonly int _indexBits;
    private readonly bool _usesReservedBits;
    private readonly Random _random;
    private int _used;

    public AddressSpace(byte[] slot, ulong address, bool is64, bool isUserCode, bool usesReservedBits, Random random)
    {
        (_slot, _address, _is64, _usesReservedBits, _random) = (slot, address, is64, usesReservedBits, random);
        _levels = is64 ? random.Next(WideLevels, WideLevels + 3) : 2;
        _indexBits = is64 ? 9 : 10;
        int root = NewTable();
        int user = isUserCode ? User : 0;
        for (int at = 0; at < Layout.CodeSize; at += Layout.Page) Map(root, address, at, CodeFlags(user));
        Map(root, address, Layout.SupervisorCode, Valid | Read | Execute | Accessed);
        Map(root, address, Layout.SupervisorContext, Valid | Read | Write | Accessed | Dirty);
        for (int page = 0; page < Layout.WindowPages; page++)
        {
            // the first two mostly plain, as most accesses go there
            bool isPlain = page < 2 && random.Next(8) != 0;
            ulong flags = isPlain ? Valid | Read | Write | Accessed | Dirty | (ulong)user : WindowFlags(user);
            Map(root, address, Layout.Window + (page * Layout.Page), flags);
        }

        WindowLeaf = LeafOf(root, address + Layout.Window);
        Map(root, address, WindowLeaf & ~(Layout.Page - 1), Valid | Read | Write | Accessed | Dirty);
        Alias = AliasAddress();
        for (int at = 0; at < Layout.CodeSize; at += Layout.Page) Map(root, Alias, at, CodeFlags(user));
        for (int at = Layout.Window; at < Layout.Tables; at += Layout.Page) Map(root, Alias, at, WindowFlags(user));
        MapLarge(root, user);
        ulong ppn = (address + (ulong)root) >> PageShift;
        Satp = is64 ? ((ulong)(FirstWideMode + _levels - WideLevels) << SatpModeShift) | ppn : (1ul << Sv32Mode) | ppn;
    }

    /// <summary>What satp is set to.</summary>
    public ulong Satp { get; }

    /// <summary>Virtual address at which the slot's code and window are mapped again.</summary>
    public ulong Alias { get; }

    /// <summary>Virtual address of the slot in a large page.</summary>
    public ulong LargeAlias { get; private set; }

    /// <summary>Offset in the slot of the leaf entry of the window's first page; those of the others follow.</summary>
    public int WindowLeaf { get; }

    /// <summary>Leaf entries for a page of the slot as a program may write them.</summary>
    public ulong RandomLeaf(int offset, bool isUserCode) => Entry(_address + (ulong)offset, WindowFlags(isUserCode ? User : 0));

    private ulong CodeFlags(int user)
    {
        int flags = Valid | Execute | user;
        if (_random.Next(12) != 0) flags |= Read;
        if (_random.Next(3) != 0) flags |= Read | Write;
        if (_random.Next(4) != 0) flags |= Accessed;
        if (_random.Next(3) != 0) flags |= Dirty;
        return (uint)flags;
    }

    // Not N with a reserved size: QEMU sets the accessed bit before it refuses it.
    private ulong WindowFlags(int user)
    {
        ulong flags = Valid | Read | Write | (ulong)user;
        if (_random.Next(3) != 0) flags |= Accessed;
        if (_random.Next(3) != 0) flags |= Dirty;
        if (_random.Next(4) == 0) flags |= Global;
        return _random.Next(12) switch
        {
            0 => flags & ~(ulong)Write,
            1 => flags & ~(ulong)Read, // reserved
            2 => (flags | Execute) & ~(ulong)(Read | Write),
            3 => flags ^ User,
            4 => 0,
            5 => flags & ~(ulong)Valid,
            6 when _is64 && _usesReservedBits => flags | Reserved,
            7 when _is64 && _usesReservedBits => flags | Pbmt,
            8 => flags & ~(ulong)(Read | Write), // a pointer where no level follows
            _ => flags,
        };
    }

    // not the identity's part of the table's root, canonical, and with the slot's place in a large page
    private ulong AliasAddress()
    {
        int rootShift = PageShift + (_indexBits * (_levels - 1));
        ulong low = _address & ((1ul << (PageShift + _indexBits)) - 1);
        ulong index = _is64 ? (ulong)_random.Next(FirstWideIndex, 1 << _indexBits) : (ulong)_random.Next(0x280, (1 << _indexBits) - 1);
        ulong address = (index << rootShift) | low;
        if (!_is64) return address;
        int unused = 64 - (rootShift + _indexBits);
        return (ulong)((long)(address << unused) >> unused);
    }

    private void MapLarge(int root, int user)
    {
        int shift = PageShift + _indexBits;
        ulong physical = _address >> shift << shift;
        LargeAlias = Alias + (1ul << shift);
        if (_random.Next(8) == 0) physical += Layout.Page; // misaligned
        int table = _levels == 2 ? root : TableFor(root, LargeAlias, 1);
        WriteEntry(table, Index(LargeAlias, 1), Entry(physical, (ulong)(Valid | Read | Write | Execute | user) | (ulong)(_random.Next(2) * (Accessed | Dirty))));
    }

    private void Map(int root, ulong to, int offset, ulong flags)
    {
        ulong address = to + (ulong)offset;
        WriteEntry(TableFor(root, address, 0), Index(address, 0), Entry(_address + (ulong)offset, flags));
    }

    private int LeafOf(int root, ulong address) => TableFor(root, address, 0) + (Index(address, 0) * EntrySize);

    /// <summary>The table of a level that covers an address, made when it is missing.</summary>
    private int TableFor(int root, ulong address, int level)
    {
        int table = root;
        for (int i = _levels - 1; i > level; i--)
        {
            int index = Index(address, i);
            ulong entry = ReadEntry(table, index);
            if ((entry & Valid) == 0)
            {
                entry = Entry(_address + (ulong)NewTable(), Valid);
                WriteEntry(table, index, entry);
            }

            table = (int)((entry >> PpnShift << PageShift) - _address);
        }

        return table;
    }

    private int NewTable() => Layout.Tables + (_used++ * Layout.Page);

    private int EntrySize => _is64 ? 8 : 4;

    private int Index(ulong address, int level) => (int)(address >> (PageShift + (level * _indexBits))) & ((1 << _indexBits) - 1);

    private static ulong Entry(ulong physical, ulong flags) => (physical >> PageShift << PpnShift) | flags;

    private ulong ReadEntry(int table, int index)
    {
        var at = _slot.AsSpan(table + (index * EntrySize));
        return _is64 ? BinaryPrimitives.ReadUInt64LittleEndian(at) : BinaryPrimitives.ReadUInt32LittleEndian(at);
    }

    private void WriteEntry(int table, int index, ulong entry)
    {
        var at = _slot.AsSpan(table + (index * EntrySize));
        if (_is64) BinaryPrimitives.WriteUInt64LittleEndian(at, entry);
        else BinaryPrimitives.WriteUInt32LittleEndian(at, (uint)entry);
    }
}

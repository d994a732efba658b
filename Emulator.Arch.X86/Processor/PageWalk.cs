using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <summary>
/// One walk through the paging structures (Intel SDM volume 3, chapter 4): finds the page, collects its rights, and knows which entries
/// to mark accessed or dirty.
/// </summary>
internal ref struct PageWalk
{
    private const int MostLevels = 5;
    private const int PageBits = 12;
    private readonly X86Cpu _cpu;
    private readonly Span<(ulong Address, ulong Value)> _entries;
    private int _count;
    private ulong _rights;
    private bool _isNoExecute;

    private PageWalk(X86Cpu cpu, Span<(ulong Address, ulong Value)> entries)
    {
        _cpu = cpu;
        _entries = entries;
        _rights = PageEntry.Writable | PageEntry.User;
    }

    /// <summary>Physical address, without the address mask.</summary>
    public ulong Physical { get; private set; }

    /// <summary>Translates with paging enabled.</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="linear">A canonical address; 32 bits outside of IA-32e mode.</param>
    /// <param name="kind">The access.</param>
    /// <param name="index">Whose.</param>
    /// <param name="translation">The result.</param>
    /// <param name="fault">The page fault if there is none.</param>
    public static bool TryTranslate(
        X86Cpu cpu, ulong linear, AccessKind kind, X86MmuIndex index, out AddressTranslation translation, out GuestFault fault)
    {
        Span<(ulong, ulong)> entries = stackalloc (ulong, ulong)[MostLevels];
        while (true)
        {
            var walk = new PageWalk(cpu, entries);
            var code = walk.Find(linear);
            if (code == PageFaultCode.None && !walk.Permits(kind, index)) code = PageFaultCode.Protection;
            if (code != PageFaultCode.None)
            {
                translation = default;
                fault = walk.Fault(linear, kind, index, code);
                return false;
            }

            if (!walk.Mark(kind == AccessKind.Write)) continue; // somebody changed an entry meanwhile
            bool isDirty = (walk._entries[walk._count - 1].Value & PageEntry.Dirty) != 0;
            translation = new AddressTranslation(
                new GuestPhysicalAddress(walk.Physical & cpu.AddressMask), walk.Permits(AccessKind.Read, index),
                isDirty && walk.Permits(AccessKind.Write, index), kind == AccessKind.Execute);
            fault = default;
            return true;
        }
    }

    private PageFaultCode Find(ulong linear)
    {
        ref readonly var state = ref _cpu.Registers;
        if ((state.Cr4 & Cr4.Pae) == 0) return Find32(linear);
        ulong table = state.Cr3 & PageEntry.Address;
        int level = 2;
        if (_cpu.IsLongMode)
        {
            level = (state.Cr4 & Cr4.La57) != 0 ? 5 : 4;
        }
        else
        {
            ulong pointer = state.DirectoryPointers[(int)(linear >> 30) & 3];
            if ((pointer & PageEntry.Present) == 0) return NotPresent;
            table = pointer & PageEntry.Address;
        }

        for (; ; level--)
        {
            int shift = PageBits + (9 * (level - 1));
            ulong address = table + (((linear >> shift) & 0x1ff) * 8);
            ulong entry = Read(address, 8);
            if ((entry & PageEntry.Present) == 0) return NotPresent;
            bool isLeaf = level == 1 || (level <= 3 && (entry & PageEntry.Large) != 0);
            if ((entry & ReservedBits(level, isLeaf, shift)) != 0) return PageFaultCode.Reserved | PageFaultCode.Protection;
            Collect(address, entry);
            table = entry & PageEntry.Address;
            if (!isLeaf) continue;
            ulong inPage = (1ul << shift) - 1;
            Physical = (entry & PageEntry.Address & ~inPage) | (linear & inPage);
            if (level > 1) _cpu.NoteLargePage(linear, inPage + 1);
            return PageFaultCode.None;
        }
    }

    private PageFaultCode Find32(ulong linear)
    {
        const int directoryShift = 22;
        const ulong largeReserved = 1ul << 21;
        ulong address = (_cpu.Registers.Cr3 & 0xffff_f000) + ((linear >> directoryShift) * 4);
        ulong entry = Read(address, 4);
        if ((entry & PageEntry.Present) == 0) return NotPresent;
        if ((entry & PageEntry.Large) != 0 && (_cpu.Registers.Cr4 & Cr4.Pse) != 0)
        {
            if ((entry & largeReserved) != 0) return PageFaultCode.Reserved | PageFaultCode.Protection;
            Collect(address, entry);
            _cpu.NoteLargePage(linear, 1ul << directoryShift);
            ulong upper = (entry >> 13) & 0xff; // PSE-36: bits 32 to 39
            Physical = (upper << 32) | (entry & 0xffc0_0000) | (linear & 0x3f_ffff);
            return PageFaultCode.None;
        }

        Collect(address, entry);
        address = (entry & 0xffff_f000) + (((linear >> PageBits) & 0x3ff) * 4);
        entry = Read(address, 4);
        if ((entry & PageEntry.Present) == 0) return NotPresent;
        Collect(address, entry);
        Physical = (entry & 0xffff_f000) | (linear & 0xfff);
        return PageFaultCode.None;
    }

    // Apart from None: what is not present has no bit in the error code.
    private static PageFaultCode NotPresent => (PageFaultCode)(1u << 31);

    private readonly ulong ReservedBits(int level, bool isLeaf, int shift)
    {
        ulong reserved = PageEntry.Address & ~((1ul << _cpu.Features.PhysicalAddressBits) - 1);
        if ((_cpu.Registers.Efer & Efer.Nxe) == 0) reserved |= PageEntry.NoExecute;
        if (!_cpu.IsLongMode) reserved |= 0x7ff0_0000_0000_0000;
        if (level >= 4) reserved |= PageEntry.Large;
        const ulong pat = 1ul << 12;
        if (isLeaf && level > 1) reserved |= ((1ul << shift) - 1) & PageEntry.Address & ~pat;
        return reserved;
    }

    private void Collect(ulong address, ulong entry)
    {
        _entries[_count++] = (address, entry);
        _rights &= entry;
        _isNoExecute |= (entry & PageEntry.NoExecute) != 0;
    }

    private readonly bool Permits(AccessKind kind, X86MmuIndex index)
    {
        ref readonly var state = ref _cpu.Registers;
        bool isUserPage = (_rights & PageEntry.User) != 0;
        if (kind == AccessKind.Execute && _isNoExecute) return false;
        if (index == X86MmuIndex.User) return isUserPage && (kind != AccessKind.Write || (_rights & PageEntry.Writable) != 0);
        if (isUserPage && kind == AccessKind.Execute) return (state.Cr4 & Cr4.Smep) == 0;
        if (isUserPage && index != X86MmuIndex.SupervisorUserAccess && (state.Cr4 & Cr4.Smap) != 0 && kind != AccessKind.Execute) return false;
        return kind != AccessKind.Write || (_rights & PageEntry.Writable) != 0 || (state.Cr0 & Cr0.Wp) == 0;
    }

    private readonly GuestFault Fault(ulong linear, AccessKind kind, X86MmuIndex index, PageFaultCode code)
    {
        code &= PageFaultCode.Protection | PageFaultCode.Reserved;
        if (kind == AccessKind.Write) code |= PageFaultCode.Write;
        if (index == X86MmuIndex.User) code |= PageFaultCode.User;
        ref readonly var state = ref _cpu.Registers;
        bool showsFetches = (state.Cr4 & Cr4.Smep) != 0 || ((state.Efer & Efer.Nxe) != 0 && (state.Cr4 & Cr4.Pae) != 0);
        if (kind == AccessKind.Execute && showsFetches) code |= PageFaultCode.Fetch;
        return X86Fault.PageFault(linear, (ulong)code);
    }

    // Accessed in every entry, dirty in the last; false when an entry is no longer what was read.
    private readonly bool Mark(bool isWrite)
    {
        int size = (_cpu.Registers.Cr4 & Cr4.Pae) == 0 ? 4 : 8;
        for (int i = 0; i < _count; i++)
        {
            var (address, value) = _entries[i];
            ulong marked = value | PageEntry.Accessed;
            if (isWrite && i == _count - 1) marked |= PageEntry.Dirty;
            if (marked == value) continue;
            var physical = new GuestPhysicalAddress(address & _cpu.AddressMask);
            bool isRam = _cpu.TryCompareExchangePhysical(physical, size, value, marked, out bool isExchanged);
            if (isRam && !isExchanged) return false;
            _entries[i].Value = marked; // tables in ROM stay as they are
        }

        return true;
    }

    private readonly ulong Read(ulong address, int size) =>
        _cpu.TryReadPhysical(new GuestPhysicalAddress(address & _cpu.AddressMask), size, out ulong value) ? value : ulong.MaxValue >> (64 - (8 * size));
}

using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <content>From linear to physical addresses (Intel SDM volume 3, chapter 4).</content>
public sealed partial class X86Cpu
{
    private ulong _addressMask = ulong.MaxValue;
    private ulong _firstLarge = ulong.MaxValue; // between these, large pages have been used
    private ulong _lastLarge;

    /// <summary>Which bits of a physical address reach the bus: the A20 gate of a PC clears bit 20. Set on the processor's thread, or while it stands.</summary>
    public ulong AddressMask
    {
        get => _addressMask;
        set
        {
            if (_addressMask == value) return;
            _addressMask = value;
            DropTranslations();
        }
    }

    /// <inheritdoc/>
    protected override bool TryTranslate(
        GuestVirtualAddress address, AccessKind kind, int size, int mmuIndex, out AddressTranslation translation, out GuestFault fault)
    {
        ulong linear = address.Value;
        if (!IsLongMode)
        {
            linear = (uint)linear; // an access at the end of the address space goes on at 0
        }
        else if (!IsCanonical(linear))
        {
            translation = default;
            fault = X86Fault.NonCanonical(linear);
            return false;
        }

        var index = kind == AccessKind.Execute ? Registers.Cpl == 3 ? X86MmuIndex.User : X86MmuIndex.Supervisor : (X86MmuIndex)mmuIndex;
        if ((Registers.Cr0 & Cr0.Pg) == 0)
        {
            translation = new AddressTranslation(new GuestPhysicalAddress(linear & _addressMask), true, true, true);
            fault = default;
        }
        else if (!PageWalk.TryTranslate(this, linear, kind, index, out translation, out fault))
        {
            return false;
        }

        bool isWatched = kind != AccessKind.Execute && NoteDataAccess(linear, size, kind == AccessKind.Write);
        if (isWatched || linear != address.Value) translation = translation with { CanRead = false, CanWrite = false };
        return true;
    }

    /// <summary>Drops all translations.</summary>
    internal void DropTranslations()
    {
        FlushTlb();
        _firstLarge = ulong.MaxValue;
        _lastLarge = 0;
    }

    /// <summary>INVLPG. The TLB holds large pages in pieces, so that all of them have to go where one may be meant.</summary>
    internal void InvalidatePage(ulong linear)
    {
        if (linear >= _firstLarge && linear <= _lastLarge) DropTranslations();
        else FlushTlbPage(new GuestVirtualAddress(linear));
    }

    /// <summary>Notes that a piece of a large page may be in the TLB.</summary>
    internal void NoteLargePage(ulong linear, ulong size)
    {
        ulong first = linear & ~(size - 1);
        _firstLarge = Math.Min(_firstLarge, first);
        _lastLarge = Math.Max(_lastLarge, first + (size - 1));
    }

    /// <summary>Loads CR3: #GP for reserved bits, also of PAE's page-directory pointers.</summary>
    internal GuestFault? LoadPageTables(ulong value)
    {
        bool usesPointers = (Registers.Cr0 & Cr0.Pg) != 0 && (Registers.Cr4 & Cr4.Pae) != 0 && !IsLongMode;
        if (usesPointers && LoadDirectoryPointers(value) is { } fault) return fault;
        Registers.Cr3 = value;
        DropTranslations();
        return null;
    }

    /// <summary>Reads the four entries that PAE paging keeps (4.4.1).</summary>
    internal GuestFault? LoadDirectoryPointers(ulong cr3)
    {
        const ulong tableMask = 0xffff_ffe0;
        ulong reserved = (0b1_1110_0110 | (ulong.MaxValue << Features.PhysicalAddressBits));
        var pointers = default(DirectoryPointers);
        for (int i = 0; i < 4; i++)
        {
            var address = new GuestPhysicalAddress(((cr3 & tableMask) + (ulong)(8 * i)) & _addressMask);
            if (!TryReadPhysical(address, 8, out ulong entry)) entry = ulong.MaxValue;
            if ((entry & PageEntry.Present) != 0 && (entry & reserved) != 0) return X86Fault.GeneralProtection();
            pointers[i] = entry;
        }

        Registers.DirectoryPointers = pointers;
        return null;
    }
}

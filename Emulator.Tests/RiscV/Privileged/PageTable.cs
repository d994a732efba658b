using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Builds page tables in a fixture's RAM, as a kernel would.</summary>
internal sealed class PageTable
{
    private readonly HartFixture _machine;
    private readonly SvFormat _format;

    public PageTable(HartFixture machine, SvFormat format)
    {
        _machine = machine;
        _format = format;
        Root = Allocate();
    }

    public ulong Root { get; }

    public ulong Satp => _format == SvFormat.Sv32 ? (1ul << 31) | (Root >> 12) : ((ulong)_format.SatpMode << 60) | (Root >> 12);

    /// <summary>Writes the entry that decides about an address at a level; pointers above it are made. Gives the entry's address.</summary>
    public ulong SetEntry(ulong address, int level, ulong entry)
    {
        ulong slot = SlotOf(address, level);
        _machine.Write(slot, _format.PteSize, entry);
        return slot;
    }

    /// <summary>An entry for a physical address with flags.</summary>
    public static ulong Entry(ulong physical, ulong flags) => ((physical >> 12) << 10) | flags;

    /// <summary>Where the entry that decides about an address at a level is; pointers above it are made.</summary>
    public ulong SlotOf(ulong address, int level)
    {
        ulong table = Root;
        for (int i = _format.Levels - 1; ; i--)
        {
            ulong index = (address >> (12 + (i * _format.VpnBits))) % (1ul << _format.VpnBits);
            ulong slot = table + (index * (ulong)_format.PteSize);
            if (i == level) return slot;
            ulong pointer = _machine.Read(slot, _format.PteSize);
            bool isPointer = (pointer & (Pte.V | Pte.R | Pte.W | Pte.X)) == Pte.V;
            if (!isPointer)
            {
                pointer = Entry(Allocate(), Pte.V);
                _machine.Write(slot, _format.PteSize, pointer);
            }

            table = (pointer >> 10) << 12;
        }
    }

    private ulong Allocate()
    {
        ulong table = _machine.NextTable;
        _machine.NextTable += 4096;
        return table;
    }
}

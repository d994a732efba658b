namespace Emulator.Arch.RiscV.Privileged;

/// <summary>The regions that the PMP entries define (Priv. spec 3.7.1), computed when a register changes.</summary>
internal sealed class PhysicalMemoryProtection
{
    private const byte AllAccess = PmpConfig.R | PmpConfig.W | PmpConfig.X;
    private const ulong PageMask = 0xfff;

    private readonly Region[] _regions = new Region[PmpConfig.Entries];
    private int _count;

    public void Update(in RiscVHartState state)
    {
        _count = 0;
        for (int i = 0; i < PmpConfig.Entries; i++)
        {
            byte config = state.PmpConfigs[i];
            ulong address = state.PmpAddresses[i];
            ulong start = address << PmpConfig.AddressShift;
            switch (config & PmpConfig.A)
            {
                case PmpConfig.Tor:
                    ulong bottom = i == 0 ? 0 : state.PmpAddresses[i - 1] << PmpConfig.AddressShift;
                    if (bottom < start) Add(bottom, start - 1, config);
                    break;
                case PmpConfig.Na4:
                    Add(start, start + 3, config);
                    break;
                case PmpConfig.Napot:
                    // y...y01...1 with k ones: 2^(k+3) bytes
                    ulong size = address ^ (address + 1);
                    ulong first = (address & ~size) << PmpConfig.AddressShift;
                    Add(first, first + (size << PmpConfig.AddressShift) + 3, config);
                    break;
            }
        }
    }

    /// <summary>
    /// R, W and X of an access within one page, and whether they are those of the whole page. The first entry that matches any byte
    /// decides; when it does not match all of them the access fails, in M too (Priv. spec 3.7.1.3).
    /// </summary>
    public byte Permissions(ulong address, int size, Privilege privilege, out bool isWholePage)
    {
        ulong last = address + (ulong)(size - 1);
        ulong pageFirst = address & ~PageMask;
        ulong pageLast = address | PageMask;
        isWholePage = true;
        for (int i = 0; i < _count; i++)
        {
            ref readonly var region = ref _regions[i];
            if (region.Last < pageFirst || region.First > pageLast) continue;
            isWholePage &= region.First <= pageFirst && region.Last >= pageLast;
            if (last < region.First || address > region.Last) continue;
            if (address < region.First || last > region.Last) return 0;
            bool isFree = privilege == Privilege.Machine && (region.Config & PmpConfig.L) == 0;
            return isFree ? AllAccess : (byte)(region.Config & AllAccess);
        }

        return privilege == Privilege.Machine ? AllAccess : (byte)0;
    }

    /// <summary>True when M may read every byte of a range, by an access of any size and alignment.</summary>
    public bool AdmitsMachineReads(ulong first, ulong last)
    {
        for (int i = 0; i < _count; i++)
        {
            ref readonly var region = ref _regions[i];
            if (region.Last < first || region.First > last) continue;
            bool isWhole = region.First <= first && region.Last >= last; // or an access over its bound fails
            if (!isWhole) return false;
            return (region.Config & PmpConfig.L) == 0 || (region.Config & PmpConfig.R) != 0;
        }

        return true;
    }

    private void Add(ulong first, ulong last, byte config) => _regions[_count++] = new Region(first, last, config);

    private readonly record struct Region(ulong First, ulong Last, byte Config);
}

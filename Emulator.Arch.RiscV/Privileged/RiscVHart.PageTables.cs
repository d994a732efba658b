using System.Runtime.InteropServices;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.RiscV;

/// <content>The page-table walk (Priv. spec 12.3.2), whose numbered steps the comments name.</content>
public sealed partial class RiscVHart
{
    private const int NapotBits = 16;

    /// <summary>An access as the page-table entries judge it.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct PageAccess(AccessKind Kind, Privilege Privilege, bool Sum, bool Mxr)
    {
        /// <summary>What a leaf allows this privilege, as R, W and X of PMP; W whether or not the page is dirty.</summary>
        public byte PermissionsOf(ulong pte)
        {
            bool isUser = (pte & Pte.U) != 0;
            bool mayFetch = isUser == (Privilege == Privilege.User);
            bool mayAccess = mayFetch || (isUser && Sum);
            bool isReadable = (pte & Pte.R) != 0 || (Mxr && (pte & Pte.X) != 0);
            return (byte)((mayAccess && isReadable ? PmpConfig.R : 0)
                | (mayAccess && (pte & Pte.W) != 0 ? PmpConfig.W : 0)
                | (mayFetch && (pte & Pte.X) != 0 ? PmpConfig.X : 0));
        }
    }

    /// <summary>The end of a walk: where the address is, and which accesses to its page need no other walk.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Leaf(ulong Physical, byte Permissions, bool IsGlobal);

    private bool UpdatesAccessedAndDirty =>
        Isa.Has(RiscVExtension.Svadu) ? (Registers.Menvcfg & Envcfg.Adue) != 0 : !Isa.Has(RiscVExtension.Svade);

    /// <summary>Walks the page tables.</summary>
    /// <returns>The exception, or null when <paramref name="leaf"/> is the translation.</returns>
    private ExceptionCause? Walk(SvFormat format, ulong address, PageAccess access, out Leaf leaf)
    {
        leaf = default;
        if (!format.IsCanonical(address)) return PageFaultCause(access.Kind);
        int known = Math.Min(PageWalkCache.Levels, format.Levels - 1);
        for (int level = 0; level < known; level++)
        {
            if (!_walks.TryGet(level, address >> format.LeafBits(level + 1), Registers.Satp, out ulong table, out bool isGlobal)) continue;
            if (WalkFrom(level, table, isGlobal, format, address, access, out leaf) is null) return null;

            // A guest that should have fenced gets no fault from a pointer that is no more.
            ForgetWalks(address);
            break;
        }

        return WalkFrom(format.Levels - 1, Satp.RootOf(Registers.Satp, Isa.Is64), false, format, address, access, out leaf);
    }

    private ExceptionCause? WalkFrom(int level, ulong table, bool isGlobal, SvFormat format, ulong address, PageAccess access, out Leaf leaf)
    {
        leaf = default;
        var pageFault = PageFaultCause(access.Kind);
        for (; level >= 0; level--)
        {
            // 2. The entry, at a + va.vpn[i] * PTESIZE
            ulong index = (address >> format.LeafBits(level)) & ((1ul << format.VpnBits) - 1);
            var entryAddress = new GuestPhysicalAddress(table + (index * (ulong)format.PteSize));
            if (!MayWalk(entryAddress, format, PmpConfig.R) || !TryReadPhysical(entryAddress, format.PteSize, out ulong pte))
            {
                return AccessFaultCause(access.Kind);
            }

            // 3. and 4. Valid, and a leaf or a pointer
            if (!IsWellFormed(pte, level, format)) return pageFault;
            isGlobal |= (pte & Pte.G) != 0; // of a pointer: everything below is
            if ((pte & (Pte.R | Pte.X)) == 0)
            {
                table = PpnOf(pte, format) << SvFormat.PageBits;
                if (level <= PageWalkCache.Levels) _walks.Set(level - 1, address >> format.LeafBits(level), Registers.Satp, table, isGlobal);
                continue;
            }

            // 5. Allowed
            byte permissions = access.PermissionsOf(pte);
            if ((permissions & PermissionFor(access.Kind)) == 0) return pageFault;

            // 6. A superpage is aligned
            int pageBits = (pte & Pte.N) != 0 && format.PteSize == 8 ? NapotBits : format.LeafBits(level);
            ulong ppn = PpnOf(pte, format);
            if ((ppn & ((1ul << (format.LeafBits(level) - SvFormat.PageBits)) - 1)) != 0) return pageFault;

            // 7. Accessed and dirty bits
            ulong wanted = pte | Pte.A | (access.Kind == AccessKind.Write ? Pte.D : 0);
            if (wanted != pte)
            {
                if (!UpdatesAccessedAndDirty) return pageFault;
                if (!MayWalk(entryAddress, format, PmpConfig.W)
                    || !TryCompareExchangePhysical(entryAddress, format.PteSize, pte, wanted, out bool exchanged))
                {
                    return AccessFaultCause(access.Kind);
                }

                // Somebody else changed the entry: look at it again.
                if (!exchanged)
                {
                    level++;
                    continue;
                }
            }

            // 8. The translation
            ulong offsetMask = (1ul << pageBits) - 1;
            if ((wanted & Pte.D) == 0) permissions &= unchecked((byte)~PmpConfig.W);
            if (pageBits > SvFormat.PageBits) _largePages.Add(address, pageBits);
            leaf = new Leaf(((ppn << SvFormat.PageBits) & ~offsetMask) | (address & offsetMask), permissions, isGlobal);
            return null;
        }

        return pageFault;
    }

    /// <summary>Forgets the tables on the way to an address.</summary>
    private void ForgetWalks(ulong address)
    {
        if (_format is not { } format) return;
        for (int level = 0; level < PageWalkCache.Levels; level++) _walks.Remove(level, address >> format.LeafBits(level + 1));
    }

    /// <summary>Steps 3 and 4, and the reserved encodings of 12.4.1, Svnapot and Svpbmt.</summary>
    private bool IsWellFormed(ulong pte, int level, SvFormat format)
    {
        if ((pte & Pte.V) == 0 || (pte & (Pte.R | Pte.W)) == Pte.W) return false;
        bool isPointer = (pte & (Pte.R | Pte.W | Pte.X)) == 0;
        if (isPointer && (level == 0 || (pte & (Pte.A | Pte.D | Pte.U)) != 0)) return false;
        if (format.PteSize == 4) return true;
        if ((pte & Pte.Reserved64) != 0) return false;
        if ((pte & Pte.Pbmt) != 0)
        {
            bool isEnabled = (Registers.Menvcfg & Envcfg.Pbmte) != 0;
            if (isPointer || !isEnabled || (pte & Pte.Pbmt) == Pte.PbmtReserved) return false;
        }

        if ((pte & Pte.N) == 0) return true;
        return Isa.Has(RiscVExtension.Svnapot) && !isPointer && level == 0 && (PpnOf(pte, format) & Pte.NapotMask) == Pte.Napot64K;
    }

    /// <summary>PMP lets the walk, which counts as S, at an entry (Priv. spec 3.7.2).</summary>
    private bool MayWalk(GuestPhysicalAddress entry, SvFormat format, byte access) =>
        (_pmp.Permissions(entry.Value, format.PteSize, Privilege.Supervisor, out _) & access) != 0;

    private static ulong PpnOf(ulong pte, SvFormat format) => (pte >> Pte.PpnShift) & (format.PteSize == 4 ? Pte.Ppn32 : Pte.Ppn64);
}

using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.RiscV;

/// <content>From virtual to physical addresses, with protection (Priv. spec 12.3.2 and 3.7), and the fences that forget them.</content>
public sealed partial class RiscVHart
{
    private const byte AllPermissions = PmpConfig.R | PmpConfig.W | PmpConfig.X;

    private readonly LargePageSet _largePages = new();
    private readonly PageWalkCache _walks = new();

    // What satp.MODE means; null for Bare.
    private SvFormat? _format;

    /// <inheritdoc/>
    protected override bool TryTranslate(
        GuestVirtualAddress address, AccessKind kind, int size, int mmuIndex, out AddressTranslation translation, out GuestFault fault)
    {
        var index = (RiscVMmuIndex)mmuIndex;
        var privilege = kind == AccessKind.Execute ? Registers.Privilege : PrivilegeOf(index);
        address = new GuestVirtualAddress(address.Value & XlenMask);
        var leaf = new Leaf(address.Value, AllPermissions, IsGlobal: privilege == Privilege.Machine);
        translation = default;
        if (privilege != Privilege.Machine && _format is { } format)
        {
            var access = new PageAccess(kind, privilege, index == RiscVMmuIndex.SupervisorUserAccess, HasStatus(Mstatus.Mxr));
            if (Walk(format, address.Value, access, out leaf) is { } cause)
            {
                fault = new GuestFault((uint)cause, address.Value);
                return false;
            }
        }

        byte needed = PermissionFor(kind);
        byte allowed = _pmp.Permissions(leaf.Physical, size, privilege, out bool isWholePage);
        if ((allowed & needed) == 0)
        {
            fault = AccessFault(address, kind);
            return false;
        }

        // A fetch goes by the current privilege and a data access by the index: neither says anything about the other.
        byte cachable = isWholePage ? (byte)(allowed & leaf.Permissions) : (byte)0;
        bool isFetch = kind == AccessKind.Execute;
        translation = new AddressTranslation(
            new GuestPhysicalAddress(leaf.Physical),
            CanRead: !isFetch && (cachable & PmpConfig.R) != 0,
            CanWrite: !isFetch && (cachable & PmpConfig.W) != 0,
            CanExecute: isFetch && (cachable & PmpConfig.X) != 0,
            leaf.IsGlobal);
        fault = default;
        return true;
    }

    /// <summary>Writes satp; an unsupported mode leaves it as it was (Priv. spec 12.1.11).</summary>
    internal void WriteSatp(ulong value)
    {
        if (!TryGetFormat(Satp.ModeOf(value, Isa.Is64), out _) || value == Registers.Satp) return;
        bool isSameFormat = Satp.ModeOf(value, Isa.Is64) == Satp.ModeOf(Registers.Satp, Isa.Is64);
        Registers.Satp = value;
        OnSatpChanged(keepsTranslations: isSameFormat); // what is global in one format says nothing about another
    }

    internal bool MayUseSatp() => Registers.Privilege != Privilege.Supervisor || !HasStatus(Mstatus.Tvm);

    /// <summary>Forgets every translation, as SFENCE.VMA x0, x0.</summary>
    internal void FlushTranslations()
    {
        _largePages.Clear();
        _walks.Clear();
        FlushTlb();
    }

    /// <summary>Forgets the translations that a leaf entry for an address gave, as SFENCE.VMA with that address.</summary>
    internal void FlushTranslation(ulong address)
    {
        address &= XlenMask;
        ForgetWalks(address);
        if (_largePages.MayContain(address)) FlushTranslations();
        else FlushTlbPage(new GuestVirtualAddress(address));
    }

    /// <summary>Forgets what SFENCE.VMA with an address-space identifier and, unless it is x0, an address asks for.</summary>
    /// <param name="asid">The identifier; global translations may stay.</param>
    /// <param name="address">The address, or null.</param>
    internal void FlushAddressSpace(ulong asid, ulong? address)
    {
        bool is64 = Isa.Is64;
        asid &= Satp.AsidMask(is64);
        if (address is { } fenced) ForgetWalks(fenced & XlenMask);
        else _walks.Clear();
        if (address is { } page && asid == Satp.AsidOf(Registers.Satp, is64) && !_largePages.MayContain(page & XlenMask))
        {
            FlushOwnTlbPage(new GuestVirtualAddress(page & XlenMask));
        }
        else
        {
            int shift = Satp.AsidShift(is64);
            FlushAddressSpaces(Satp.AsidMask(is64) << shift, asid << shift);
        }
    }

    /// <summary>Reads an aligned value of the guest's S-mode outside an instruction.</summary>
    internal bool TryReadVirtual(ulong address, int size, out ulong value, out GuestFault fault)
    {
        value = 0;
        var virtualAddress = new GuestVirtualAddress(address);
        if (!TryTranslate(virtualAddress, AccessKind.Read, size, (int)DataMmuIndex, out var translation, out fault)) return false;
        if (TryReadPhysical(translation.Physical, size, out value)) return true;
        fault = AccessFault(virtualAddress, AccessKind.Read);
        return false;
    }

    private void OnSatpChanged(bool keepsTranslations = false)
    {
        TryGetFormat(Satp.ModeOf(Registers.Satp, Isa.Is64), out _format);
        if (!keepsTranslations) FlushTranslations();
        SwitchAddressSpace(Registers.Satp, mayShare: _format is not null);
    }

    /// <summary>The format of a value of satp.MODE, null for Bare; false for an unsupported value.</summary>
    private bool TryGetFormat(int mode, out SvFormat? format)
    {
        format = null;
        if (mode == 0) return true;
        foreach (var candidate in SvFormat.All)
        {
            if (candidate.SatpMode == mode && Isa.Has(candidate.Requires)) format = candidate;
        }

        return format is not null;
    }

    private static Privilege PrivilegeOf(RiscVMmuIndex index) => index switch
    {
        RiscVMmuIndex.User => Privilege.User,
        RiscVMmuIndex.Machine => Privilege.Machine,
        _ => Privilege.Supervisor,
    };

    private static byte PermissionFor(AccessKind kind) => kind switch
    {
        AccessKind.Read => PmpConfig.R,
        AccessKind.Write => PmpConfig.W,
        _ => PmpConfig.X,
    };
}

using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.RiscV;

/// <content>Operations on cache blocks (Unpriv. spec, "CMO" extensions): there is no cache, so that only their checks and zeroing remain.</content>
public sealed partial class RiscVHart
{
    /// <summary>Bytes of a cache block, as the device tree says.</summary>
    public const int CacheBlockSize = 64;

    private const int ZeroingStep = 8;

    private ulong CacheBlockEnvcfg =>
        (Isa.Has(RiscVExtension.Zicbom) ? Envcfg.Cbie | Envcfg.Cbcfe : 0) | (Isa.Has(RiscVExtension.Zicboz) ? Envcfg.Cbze : 0);

    /// <summary>CBO.INVAL, CBO.CLEAN, CBO.FLUSH and CBO.ZERO on the block around an address.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="address">Value of rs1.</param>
    /// <param name="bits">The instruction, for mtval when it is not enabled.</param>
    public void CacheBlockOperation(CacheBlockKind kind, ulong address, uint bits)
    {
        if (!IsEnabled(kind))
        {
            RaiseIllegalInstruction(bits);
            return;
        }

        address &= XlenMask;
        var block = new GuestVirtualAddress(address & ~(ulong)(CacheBlockSize - 1));
        if (kind == CacheBlockKind.Zero) ZeroBlock(block, address);
        else CheckBlock(block, address);
    }

    internal void WriteSenvcfg(ulong value) => Registers.Senvcfg = LegalCacheBlockBits(value) & (Envcfg.Fiom | CacheBlockEnvcfg);

    /// <summary>The reserved value of CBIE becomes 0.</summary>
    private static ulong LegalCacheBlockBits(ulong value) =>
        (value & Envcfg.Cbie) == Envcfg.CbieReserved ? value & ~Envcfg.Cbie : value;

    // A block that may be loaded from or stored to may be managed; a fault is that of a store.
    private void CheckBlock(GuestVirtualAddress block, ulong address)
    {
        int mmuIndex = (int)DataMmuIndex;
        bool ok = TryTranslate(block, AccessKind.Read, CacheBlockSize, mmuIndex, out var translation, out _);
        var fault = default(GuestFault);
        ok = ok || TryTranslate(block, AccessKind.Write, CacheBlockSize, mmuIndex, out translation, out fault);
        if (ok && MemorySystem.Map.Find(translation.Physical) is not null) return;
        RaiseFault(ok ? AccessFault(new GuestVirtualAddress(address), AccessKind.Write) : fault with { Value = address });
    }

    // All of the block is checked first, so that nothing is written when a part of it may not be; entries of PMP that cut it refuse it.
    private void ZeroBlock(GuestVirtualAddress block, ulong address)
    {
        int mmuIndex = (int)DataMmuIndex;
        if (!TryTranslate(block, AccessKind.Write, CacheBlockSize, mmuIndex, out var translation, out var fault))
        {
            RaiseFault(fault with { Value = address });
            return;
        }

        if (MemorySystem.Map.Find(translation.Physical) is not { IsMemory: true })
        {
            RaiseFault(AccessFault(new GuestVirtualAddress(address), AccessKind.Write));
            return;
        }

        for (ulong offset = 0; offset < CacheBlockSize; offset += ZeroingStep)
        {
            if (!TryStore(new GuestVirtualAddress(block.Value + offset), ZeroingStep, mmuIndex, 0)) return;
        }
    }

    private bool IsEnabled(CacheBlockKind kind)
    {
        ulong field = kind switch
        {
            CacheBlockKind.Invalidate => Envcfg.Cbie,
            CacheBlockKind.Zero => Envcfg.Cbze,
            _ => Envcfg.Cbcfe,
        };
        return Registers.Privilege switch
        {
            Privilege.Machine => true,
            Privilege.Supervisor => (Registers.Menvcfg & field) != 0,
            _ => (Registers.Menvcfg & field) != 0 && (!Isa.Has(RiscVExtension.S) || (Registers.Senvcfg & field) != 0),
        };
    }
}

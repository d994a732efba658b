using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV;

/// <content>Physical memory protection's registers (Priv. spec 3.7), and the other WARL registers of machine mode that guard something.</content>
public sealed partial class RiscVHart
{
    private const int BitsPerConfig = 8;

    // Exceptions that can arise below M, so that they can be delegated.
    private const ulong DelegableExceptions = 0xb3ff;

    private readonly PhysicalMemoryProtection _pmp = new();

    private ulong WritableMseccfg => Isa.Has(RiscVExtension.S) ? Mseccfg.Sseed | Mseccfg.Useed : Isa.Has(RiscVExtension.U) ? Mseccfg.Useed : 0;

    /// <summary>The bytes that one pmpcfg register holds, from the entry <paramref name="first"/> on.</summary>
    internal ulong ReadPmpConfigs(int first)
    {
        ulong value = 0;
        for (int i = (Isa.Xlen / BitsPerConfig) - 1; i >= 0; i--) value = (value << BitsPerConfig) | Registers.PmpConfigs[first + i];
        return value;
    }

    internal void WritePmpConfigs(int first, ulong value)
    {
        for (int i = 0; i < Isa.Xlen / BitsPerConfig; i++) WritePmpConfig(first + i, (byte)(value >> (i * BitsPerConfig)));
    }

    internal void WritePmpAddress(int entry, ulong value)
    {
        bool isBoundOfLocked = entry + 1 < PmpConfig.Entries
            && (Registers.PmpConfigs[entry + 1] & (PmpConfig.L | PmpConfig.A)) == (PmpConfig.L | PmpConfig.Tor);
        if ((Registers.PmpConfigs[entry] & PmpConfig.L) != 0 || isBoundOfLocked) return;
        Registers.PmpAddresses[entry] = value & (Isa.Is64 ? PmpConfig.AddressMask64 : uint.MaxValue);
        OnProtectionChanged();
    }

    internal void WriteMedeleg(ulong value) => Registers.Medeleg = value & DelegableExceptions;

    internal void WriteMseccfg(ulong value) => Registers.Mseccfg = value & WritableMseccfg;

    internal void WriteMstateen(int index, ulong value) =>
        Registers.Mstateen[index] = value & (index == 0 ? Mstateen.Sstateen | Mstateen.Envcfg : Mstateen.Sstateen);

    /// <summary>True when the current privilege may access the state behind a bit of an mstateen register.</summary>
    internal bool IsStateEnabled(int index, ulong bit) =>
        Registers.Privilege == Privilege.Machine || !Isa.Has(RiscVExtension.Smstateen) || (Registers.Mstateen[index] & bit) != 0;

    // W without R is reserved: it becomes neither (WARL).
    private void WritePmpConfig(int entry, byte value)
    {
        if ((Registers.PmpConfigs[entry] & PmpConfig.L) != 0) return;
        value &= PmpConfig.Writable;
        if ((value & (PmpConfig.R | PmpConfig.W)) == PmpConfig.W) value &= unchecked((byte)~PmpConfig.W);
        Registers.PmpConfigs[entry] = value;
        OnProtectionChanged();
    }

    private void OnProtectionChanged()
    {
        UpdateProtection();
        FlushTranslations();
    }

    private void UpdateProtection()
    {
        _pmp.Update(in Registers);
        ReadRamDirectly(DirectRam is { } ram && _pmp.AdmitsMachineReads(ram.First.Value, ram.Last.Value));
    }
}

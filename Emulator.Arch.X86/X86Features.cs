using Emulator.Arch.X86.Processor;

namespace Emulator.Arch.X86;

/// <summary>What a processor is and can do, as far as it can be chosen. CPUID, CR4 and the paging structures follow from it.</summary>
public sealed record X86Features
{
    /// <summary>Everything that is implemented.</summary>
    public static X86Features Default { get; } = new();

    /// <summary>Vendor of CPUID leaf 0, 12 characters.</summary>
    public string Vendor { get; init; } = "GenuineIntel";

    /// <summary>Brand of CPUID leaves 0x80000002 to 0x80000004, at most 47 characters.</summary>
    public string Brand { get; init; } = "Emulator x86-64";

    /// <summary>Family, model and stepping as CPUID leaf 1 gives them in EAX, and EDX after reset.</summary>
    public uint Signature { get; init; } = 0x000506e3;

    /// <summary>Bits of a physical address, 32 to 52.</summary>
    public int PhysicalAddressBits { get; init; } = 40;

    /// <summary>5-level paging.</summary>
    public bool HasFiveLevelPaging { get; init; } = true;

    /// <summary>The machine gives the processor a local APIC.</summary>
    public bool HasLocalApic { get; init; }

    /// <summary>Time-stamp counter ticks in a second: the clock's nanoseconds.</summary>
    public static uint TimeStampFrequency => 1_000_000_000;

    /// <summary>Bits of CR4 that may be set.</summary>
    internal ulong Cr4Bits => Cr4.Vme | Cr4.Pvi | Cr4.Tsd | Cr4.De | Cr4.Pse | Cr4.Pae | Cr4.Mce | Cr4.Pge | Cr4.Pce | Cr4.OsFxsr
        | Cr4.OsXmmExcpt | Cr4.Umip | Cr4.FsGsBase | Cr4.PcidE | Cr4.Smep | Cr4.Smap | (HasFiveLevelPaging ? Cr4.La57 : 0);
}

using System.Text;
using Emulator.Arch.X86.Lifting;
using Iced.Intel;

namespace Emulator.Arch.X86.Processor;

/// <summary>What CPUID gives for a leaf and subleaf.</summary>
internal readonly record struct CpuidResult(uint Eax, uint Ebx = 0, uint Ecx = 0, uint Edx = 0);

/// <summary>The register of a CPUID result that a feature bit is in.</summary>
internal enum CpuidRegister
{
    Ebx,
    Ecx,
    Edx,
}

/// <summary>One feature bit. It is shown when the processor has it and all its instructions have rows.</summary>
/// <param name="Leaf">EAX.</param>
/// <param name="Register">Where.</param>
/// <param name="Bit">Its number.</param>
/// <param name="Name">As the manual has it.</param>
/// <param name="Instructions">What it stands for; empty when it is not about instructions.</param>
internal sealed record FeatureBit(uint Leaf, CpuidRegister Register, int Bit, string Name, params Mnemonic[] Instructions)
{
    /// <summary>Whether a configuration has it; when null, all have.</summary>
    public Func<X86Features, bool>? IsIn { get; init; }
}

/// <summary>CPUID (Intel SDM volume 2): leaves computed once for each set of features.</summary>
internal sealed class CpuIdentification
{
    private const uint LastBasic = 0x15;
    private const uint Hypervisor = 0x4000_0000;
    private const uint Extended = 0x8000_0000;
    private const uint LastExtended = 0x8000_0008;
    private const int BrandLength = 48;

    private static readonly FeatureBit[] Features =
    [
        new(1, CpuidRegister.Edx, 0, "FPU", Mnemonic.Fadd, Mnemonic.Fsin, Mnemonic.Fnsave),
        new(1, CpuidRegister.Edx, 1, "VME"),
        new(1, CpuidRegister.Edx, 2, "DE"),
        new(1, CpuidRegister.Edx, 3, "PSE"),
        new(1, CpuidRegister.Edx, 4, "TSC", Mnemonic.Rdtsc),
        new(1, CpuidRegister.Edx, 5, "MSR", Mnemonic.Rdmsr, Mnemonic.Wrmsr),
        new(1, CpuidRegister.Edx, 6, "PAE"),
        new(1, CpuidRegister.Edx, 7, "MCE"),
        new(1, CpuidRegister.Edx, 8, "CX8", Mnemonic.Cmpxchg8b),
        new(1, CpuidRegister.Edx, 9, "APIC") { IsIn = static f => f.HasLocalApic },
        new(1, CpuidRegister.Edx, 11, "SEP", Mnemonic.Sysenter, Mnemonic.Sysexit),
        new(1, CpuidRegister.Edx, 12, "MTRR"),
        new(1, CpuidRegister.Edx, 13, "PGE"),
        new(1, CpuidRegister.Edx, 14, "MCA"),
        new(1, CpuidRegister.Edx, 15, "CMOV", Mnemonic.Cmovo),
        new(1, CpuidRegister.Edx, 16, "PAT"),
        new(1, CpuidRegister.Edx, 17, "PSE-36"),
        new(1, CpuidRegister.Edx, 19, "CLFSH", Mnemonic.Clflush),
        new(1, CpuidRegister.Edx, 23, "MMX", Mnemonic.Emms),
        new(1, CpuidRegister.Edx, 24, "FXSR", Mnemonic.Fxsave, Mnemonic.Fxrstor),
        new(1, CpuidRegister.Edx, 25, "SSE", Mnemonic.Addps, Mnemonic.Movaps, Mnemonic.Ldmxcsr),
        new(1, CpuidRegister.Edx, 26, "SSE2", Mnemonic.Addpd, Mnemonic.Movapd, Mnemonic.Paddq, Mnemonic.Cvtdq2pd),
        new(1, CpuidRegister.Ecx, 0, "SSE3", Mnemonic.Addsubps, Mnemonic.Haddpd, Mnemonic.Lddqu),
        new(1, CpuidRegister.Ecx, 9, "SSSE3", Mnemonic.Pshufb, Mnemonic.Palignr, Mnemonic.Phaddw),
        new(1, CpuidRegister.Ecx, 13, "CMPXCHG16B", Mnemonic.Cmpxchg16b),
        new(1, CpuidRegister.Ecx, 17, "PCID"),
        new(1, CpuidRegister.Ecx, 19, "SSE4.1", Mnemonic.Blendps, Mnemonic.Roundps, Mnemonic.Pmulld, Mnemonic.Ptest),
        new(1, CpuidRegister.Ecx, 20, "SSE4.2", Mnemonic.Pcmpgtq, Mnemonic.Pcmpistri, Mnemonic.Crc32),
        new(1, CpuidRegister.Ecx, 22, "MOVBE", Mnemonic.Movbe),
        new(1, CpuidRegister.Ecx, 23, "POPCNT", Mnemonic.Popcnt),
        new(1, CpuidRegister.Ecx, 31, "HYPERVISOR"),
        new(7, CpuidRegister.Ebx, 0, "FSGSBASE", Mnemonic.Rdfsbase),
        new(7, CpuidRegister.Ebx, 3, "BMI1", Mnemonic.Andn, Mnemonic.Tzcnt, Mnemonic.Bextr),
        new(7, CpuidRegister.Ebx, 7, "SMEP"),
        new(7, CpuidRegister.Ebx, 8, "BMI2", Mnemonic.Pdep, Mnemonic.Mulx, Mnemonic.Rorx),
        new(7, CpuidRegister.Ebx, 9, "ERMS", Mnemonic.Movsb),
        new(7, CpuidRegister.Ebx, 10, "INVPCID", Mnemonic.Invpcid),
        new(7, CpuidRegister.Ebx, 19, "ADX", Mnemonic.Adcx),
        new(7, CpuidRegister.Ebx, 20, "SMAP", Mnemonic.Clac, Mnemonic.Stac),
        new(7, CpuidRegister.Ebx, 23, "CLFLUSHOPT", Mnemonic.Clflushopt),
        new(7, CpuidRegister.Ebx, 24, "CLWB", Mnemonic.Clwb),
        new(7, CpuidRegister.Ecx, 2, "UMIP"),
        new(7, CpuidRegister.Ecx, 16, "LA57") { IsIn = static f => f.HasFiveLevelPaging },
        new(7, CpuidRegister.Ecx, 22, "RDPID", Mnemonic.Rdpid),
        new(7, CpuidRegister.Edx, 29, "ARCH_CAPABILITIES"),
        new(0x8000_0001, CpuidRegister.Ecx, 0, "LAHF", Mnemonic.Lahf),
        new(0x8000_0001, CpuidRegister.Ecx, 5, "LZCNT", Mnemonic.Lzcnt),
        new(0x8000_0001, CpuidRegister.Ecx, 8, "PREFETCHW", Mnemonic.Prefetchw),
        new(0x8000_0001, CpuidRegister.Edx, 11, "SYSCALL", Mnemonic.Syscall),
        new(0x8000_0001, CpuidRegister.Edx, 20, "NX"),
        new(0x8000_0001, CpuidRegister.Edx, 26, "PDPE1GB"),
        new(0x8000_0001, CpuidRegister.Edx, 27, "RDTSCP", Mnemonic.Rdtscp),
        new(0x8000_0001, CpuidRegister.Edx, 29, "LM"),
        new(0x8000_0007, CpuidRegister.Edx, 8, "INVARIANT_TSC"),
    ];

    private readonly X86Features _features;
    private readonly Dictionary<uint, CpuidResult> _features1;
    private readonly byte[] _vendor;
    private readonly byte[] _brand = new byte[BrandLength];

    public CpuIdentification(X86Features features)
    {
        _features = features;
        _vendor = Encoding.ASCII.GetBytes(features.Vendor.PadRight(12)[..12]);
        string brand = features.Brand[..Math.Min(features.Brand.Length, BrandLength - 1)];
        Encoding.ASCII.GetBytes(brand, _brand);
        var rows = InstructionTable.Rows.Select(static r => r.Mnemonic).ToHashSet();
        Names = [.. Features.Where(f => f.IsIn?.Invoke(features) != false && f.Instructions.All(rows.Contains))];
        _features1 = Names.GroupBy(static f => f.Leaf).ToDictionary(static g => g.Key, static g => new CpuidResult(
            0, Bits(g, CpuidRegister.Ebx), Bits(g, CpuidRegister.Ecx), Bits(g, CpuidRegister.Edx)));
    }

    /// <summary>The feature bits that are shown.</summary>
    public IReadOnlyList<FeatureBit> Names { get; }

    /// <summary>One leaf.</summary>
    public CpuidResult Query(uint leaf, uint subleaf, int processor)
    {
        const uint clflushUnits = 8 << 8;
        const uint oneProcessor = 1 << 16;
        if (leaf > LastExtended || (leaf > Hypervisor && leaf < Extended) || (leaf > LastBasic && leaf < Hypervisor)) leaf = LastBasic;
        CpuidResult bits = default;
        if (subleaf == 0 || leaf != 7) _features1.TryGetValue(leaf, out bits);
        return leaf switch
        {
            0 => new CpuidResult(LastBasic, Word(_vendor, 0), Word(_vendor, 8), Word(_vendor, 4)),
            1 => bits with { Eax = _features.Signature, Ebx = clflushUnits | oneProcessor | ((uint)processor << 24) },
            2 => new CpuidResult(1), // one query; no descriptors: there are no caches
            7 => bits,
            0xb => new CpuidResult(0, 0, subleaf & 0xff, (uint)processor),
            0x15 => new CpuidResult(1, X86Features.TimeStampFrequency / CrystalFrequency, CrystalFrequency),
            Hypervisor => new CpuidResult(Hypervisor, 0x6c756d45, 0x726f7461, 0x20363878), // "Emul" "ator" "x86 "
            Extended => new CpuidResult(LastExtended, Word(_vendor, 0), Word(_vendor, 8), Word(_vendor, 4)),
            0x8000_0001 or 0x8000_0007 => bits,
            >= 0x8000_0002 and <= 0x8000_0004 => BrandPart((int)(leaf - 0x8000_0002) * 16),
            0x8000_0008 => new CpuidResult((uint)_features.PhysicalAddressBits | (_features.HasFiveLevelPaging ? 57u : 48u) << 8),
            _ => default,
        };
    }

    private const uint CrystalFrequency = 1_000_000;

    private static uint Bits(IEnumerable<FeatureBit> features, CpuidRegister register) =>
        features.Where(f => f.Register == register).Aggregate(0u, static (bits, f) => bits | (1u << f.Bit));

    private CpuidResult BrandPart(int offset) =>
        new(Word(_brand, offset), Word(_brand, offset + 4), Word(_brand, offset + 8), Word(_brand, offset + 12));

    private static uint Word(byte[] text, int offset) => BitConverter.ToUInt32(text, offset);
}

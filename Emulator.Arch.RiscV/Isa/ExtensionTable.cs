using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Isa;

/// <summary>Which base a row of the tables applies to.</summary>
public enum BaseWidth
{
    /// <summary>RV32 and RV64.</summary>
    Any,

    /// <summary>RV32 alone.</summary>
    Rv32,

    /// <summary>RV64 alone.</summary>
    Rv64,
}

/// <summary>One row of the table of extensions.</summary>
/// <param name="Extension">The extension.</param>
/// <param name="Meaning">What it adds.</param>
/// <param name="Name">Its name as it stands in the row: to ask the enumeration takes reflection.</param>
public sealed record ExtensionInfo(RiscVExtension Extension, string Meaning, [CallerArgumentExpression(nameof(Extension))] string Name = "")
{
    /// <summary>Its name in ISA strings, in lower case.</summary>
    public string Name { get; } = Name.ToLowerInvariant();

    /// <summary>Extensions that it cannot be without.</summary>
    public ExtensionSet Implies { get; init; }

    /// <summary>True when it is no more than the name of those it implies: it is present whenever they are.</summary>
    public bool IsGroup { get; init; }

    /// <summary>The base it exists for.</summary>
    public BaseWidth Width { get; init; }

    /// <summary>False for features that ISA strings for operating systems do not name, such as the privilege modes.</summary>
    public bool IsListed { get; init; } = true;
}

/// <summary>The extensions that can be configured. ISA strings, the device tree and docs/extensions.md come from it.</summary>
public static class ExtensionTable
{
    /// <summary>All rows, in canonical order.</summary>
    public static ImmutableArray<ExtensionInfo> Rows { get; } =
    [
        new(I, "base integer instructions"),
        new(M, "multiplication and division"),
        new(A, "atomic instructions") { Implies = Set(Zaamo, Zalrsc), IsGroup = true },
        new(F, "single-precision floating point") { Implies = Zicsr },
        new(D, "double-precision floating point") { Implies = F },
        new(C, "compressed instructions: Zca, with D Zcd, on RV32 with F Zcf") { Implies = Zca, IsGroup = true },
        new(B, "bit manipulation") { Implies = Set(Zba, Zbb, Zbs), IsGroup = true },
        new(S, "supervisor mode") { Implies = Set(U, Zicsr), IsListed = false },
        new(U, "user mode") { Implies = Zicsr, IsListed = false },

        new(Zicbom, "cache-block management"),
        new(Zicbop, "cache-block prefetch hints"),
        new(Zicboz, "cache-block zeroing"),
        new(Zicntr, "cycle, time and instret counters") { Implies = Zicsr },
        new(Zicond, "conditional zeroing"),
        new(Zicsr, "control and status registers"),
        new(Zifencei, "fence.i"),
        new(Zihintntl, "non-temporal locality hints"),
        new(Zihintpause, "pause hint"),
        new(Zihpm, "hardware performance counters") { Implies = Zicsr },
        new(Zimop, "may-be-operations"),

        new(Zaamo, "atomic read-modify-write"),
        new(Zabha, "byte and halfword atomics") { Implies = Zaamo },
        new(Zacas, "atomic compare-and-swap") { Implies = Zaamo },
        new(Zalrsc, "load-reserved, store-conditional"),
        new(Zawrs, "wait on reservation set") { Implies = Zalrsc },

        new(Zfa, "additional floating-point instructions") { Implies = F },
        new(Zfh, "half-precision floating point") { Implies = Zfhmin },
        new(Zfhmin, "half-precision moves and conversions") { Implies = F },

        new(Zca, "compressed instructions without floating point"),
        new(Zcb, "further compressed instructions") { Implies = Zca },
        new(Zcd, "compressed double-precision loads and stores") { Implies = Set(Zca, D) },
        new(Zcf, "compressed single-precision loads and stores") { Implies = Set(Zca, F), Width = BaseWidth.Rv32 },
        new(Zcmop, "compressed may-be-operations") { Implies = Zca },

        new(Zba, "address generation"),
        new(Zbb, "basic bit manipulation"),
        new(Zbc, "carry-less multiplication"),
        new(Zbkb, "bit manipulation for cryptography"),
        new(Zbkc, "carry-less multiplication for cryptography"),
        new(Zbkx, "crossbar permutations"),
        new(Zbs, "single-bit instructions"),

        new(Zk, "standard scalar cryptography") { Implies = Set(Zkn, Zkr, Zkt), IsGroup = true },
        new(Zkn, "NIST algorithms") { Implies = Set(Zbkb, Zbkc, Zbkx, Zkne, Zknd, Zknh), IsGroup = true },
        new(Zknd, "AES decryption"),
        new(Zkne, "AES encryption"),
        new(Zknh, "SHA-2 hashes"),
        new(Zkr, "entropy source") { Implies = Zicsr },
        new(Zks, "ShangMi algorithms") { Implies = Set(Zbkb, Zbkc, Zbkx, Zksed, Zksh), IsGroup = true },
        new(Zksed, "SM4 block cipher"),
        new(Zksh, "SM3 hash"),
        new(Zkt, "data-independent execution latency (of guest-visible time)"),

        new(Ssstateen, "supervisor view of state enables") { Implies = S },
        new(Sstc, "supervisor timer comparison") { Implies = Set(S, Zicntr) },
        new(Sv32, "32-bit virtual addresses") { Implies = S, Width = BaseWidth.Rv32, IsListed = false },
        new(Sv39, "39-bit virtual addresses") { Implies = S, Width = BaseWidth.Rv64, IsListed = false },
        new(Sv48, "48-bit virtual addresses") { Implies = Sv39, Width = BaseWidth.Rv64, IsListed = false },
        new(Sv57, "57-bit virtual addresses") { Implies = Sv48, Width = BaseWidth.Rv64, IsListed = false },
        new(Svade, "page fault when an accessed or dirty bit must be set") { Implies = S },
        new(Svadu, "hardware updates of accessed and dirty bits") { Implies = S },
        new(Svinval, "fine-grained invalidation of translations") { Implies = S },
        new(Svnapot, "naturally aligned power-of-two translations") { Implies = Sv39, Width = BaseWidth.Rv64 },
        new(Svpbmt, "page-based memory types") { Implies = Sv39, Width = BaseWidth.Rv64 },
        new(Smstateen, "machine state enables") { Implies = Ssstateen },
    ];

    /// <summary>The row of an extension.</summary>
    public static ExtensionInfo Of(RiscVExtension extension) => Rows[(int)extension];

    /// <summary>The row with a lower-case name, or null.</summary>
    public static ExtensionInfo? Find(string name) => Rows.FirstOrDefault(row => row.Name == name);

    private static ExtensionSet Set(params ReadOnlySpan<RiscVExtension> extensions) => ExtensionSet.Of(extensions);
}

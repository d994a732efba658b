using Emulator.Arch.RiscV.Isa;

namespace Emulator.Arch.RiscV.Privileged;

/// <summary>A page-based virtual-memory system (Priv. spec 12.3 to 12.6).</summary>
/// <param name="Name">As the specification names it.</param>
/// <param name="SatpMode">Its number in satp.MODE.</param>
/// <param name="Levels">Levels of page tables.</param>
/// <param name="VpnBits">Virtual address bits that a level translates.</param>
/// <param name="PteSize">Bytes of a page-table entry.</param>
/// <param name="Requires">The extension that it is.</param>
internal sealed record SvFormat(string Name, int SatpMode, int Levels, int VpnBits, int PteSize, RiscVExtension Requires)
{
    public const int PageBits = 12;

    public static SvFormat Sv32 { get; } = new("Sv32", 1, 2, 10, 4, RiscVExtension.Sv32);

    public static SvFormat Sv39 { get; } = new("Sv39", 8, 3, 9, 8, RiscVExtension.Sv39);

    public static SvFormat Sv48 { get; } = new("Sv48", 9, 4, 9, 8, RiscVExtension.Sv48);

    public static SvFormat Sv57 { get; } = new("Sv57", 10, 5, 9, 8, RiscVExtension.Sv57);

    public static IReadOnlyList<SvFormat> All { get; } = [Sv32, Sv39, Sv48, Sv57];

    public int VirtualBits => PageBits + (Levels * VpnBits);

    /// <summary>Bits of an address inside a page that a leaf at a level maps.</summary>
    public int LeafBits(int level) => PageBits + (level * VpnBits);

    /// <summary>All bits above the topmost translated one equal it (Priv. spec 12.4.1); Sv32 translates all 32.</summary>
    public bool IsCanonical(ulong address)
    {
        if (VirtualBits == 32) return true;
        int spare = 64 - VirtualBits;
        return (ulong)((long)(address << spare) >> spare) == address;
    }
}

/// <summary>Fields of satp (Priv. spec 12.1.11).</summary>
internal static class Satp
{
    private const int ModeShift32 = 31;
    private const int ModeShift64 = 60;
    private const int AsidShift32 = 22;
    private const int AsidShift64 = 44;
    private const ulong PpnMask32 = 0x3f_ffff;
    private const ulong PpnMask64 = 0xfff_ffff_ffff;

    public static int ModeOf(ulong satp, bool is64) => (int)(satp >> (is64 ? ModeShift64 : ModeShift32));

    /// <summary>The bits of an address-space identifier.</summary>
    public static ulong AsidMask(bool is64) => is64 ? 0xfffful : 0x1fful;

    /// <summary>The address-space identifier.</summary>
    public static ulong AsidOf(ulong satp, bool is64) => (satp >> AsidShift(is64)) & AsidMask(is64);

    /// <summary>Where the address-space identifier stands.</summary>
    public static int AsidShift(bool is64) => is64 ? AsidShift64 : AsidShift32;

    /// <summary>Physical address of the root page table.</summary>
    public static ulong RootOf(ulong satp, bool is64) => (satp & (is64 ? PpnMask64 : PpnMask32)) << SvFormat.PageBits;
}

using Emulator.Arch.RiscV.Isa;

namespace Emulator.Arch.RiscV.Privileged;

/// <summary>What the hart says that it is (Priv. spec 3.1.1 to 3.1.4).</summary>
internal static class HartIdentity
{
    /// <summary>Not a commercial implementation.</summary>
    public const ulong VendorId = 0;

    /// <summary>No number was allocated.</summary>
    public const ulong ArchitectureId = 0;

    public const ulong ImplementationId = 1;

    private const int MxlShift32 = 30;
    private const int MxlShift64 = 62;

    private static readonly RiscVExtension[] Letters =
    [
        RiscVExtension.A, RiscVExtension.B, RiscVExtension.C, RiscVExtension.D, RiscVExtension.F, RiscVExtension.I,
        RiscVExtension.M, RiscVExtension.S, RiscVExtension.U,
    ];

    /// <summary>misa: the letters that are present; none can be switched off.</summary>
    public static ulong Misa(IsaConfiguration isa)
    {
        ulong value = isa.Is64 ? 2ul << MxlShift64 : 1ul << MxlShift32;
        foreach (var letter in Letters)
        {
            if (isa.Has(letter)) value |= 1ul << (letter.ToString()[0] - 'A');
        }

        return value;
    }
}

using Emulator.Arch.RiscV.Isa;

namespace Emulator.Arch.RiscV.Privileged;

/// <summary>Which part of a 64-bit register an RV32 CSR shows; on RV64 the low one is the whole.</summary>
internal enum CsrHalf : byte
{
    /// <summary>A register of XLEN bits.</summary>
    None,

    /// <summary>Bits 31:0.</summary>
    Low,

    /// <summary>Bits 63:32, on RV32 alone.</summary>
    High,
}

/// <summary>
/// One control and status register. Reading gives its value zero-extended (halves: the 64-bit register behind both); writing
/// takes the same and keeps what is legal (WARL).
/// </summary>
/// <param name="Number">Its number; bits 11:8 say who may access it and how (Priv. spec 2.1).</param>
/// <param name="Name">As the specification names it.</param>
/// <param name="Read">Gives its value.</param>
/// <param name="Write">Takes a value; null when writes have no effect.</param>
internal sealed record CsrDefinition(int Number, string Name, Func<RiscVHart, ulong> Read, Action<RiscVHart, ulong>? Write = null)
{
    private const int PrivilegeShift = 8;
    private const int ReadOnlyShift = 10;

    /// <summary>Extensions without which it is absent.</summary>
    public ExtensionSet Needs { get; init; }

    /// <summary>The base without which it is absent.</summary>
    public BaseWidth Width { get; init; }

    /// <summary>Which part it is of what <see cref="Read"/> gives.</summary>
    public CsrHalf Half { get; init; }

    /// <summary>Further conditions of an access by the current privilege; null when there are none.</summary>
    public Func<RiscVHart, bool>? Guard { get; init; }

    /// <summary>What a read-modify-write starts from, where it is not what is read.</summary>
    public Func<RiscVHart, ulong>? ReadForModify { get; init; }

    /// <summary>An instruction that does not write it is illegal.</summary>
    public bool IsWriteOnly { get; init; }

    /// <summary>The least privilege that may access it.</summary>
    public Privilege MinimumPrivilege => (Privilege)((Number >> PrivilegeShift) & 3);

    /// <summary>An instruction that writes it is illegal.</summary>
    public bool IsReadOnly => (Number >> ReadOnlyShift) == 3;
}

namespace Emulator.Arch.RiscV;

/// <summary>Privilege levels (Priv. spec 1.2).</summary>
public enum Privilege : byte
{
    /// <summary>User, U.</summary>
    User = 0,

    /// <summary>Supervisor, S.</summary>
    Supervisor = 1,

    /// <summary>Machine, M.</summary>
    Machine = 3,
}

/// <summary>State of an extension's registers as mstatus.FS and mstatus.VS give it (Priv. spec 3.1.6.6).</summary>
public enum ExtensionStatus : byte
{
    /// <summary>Every use is illegal.</summary>
    Off = 0,

    /// <summary>As after reset.</summary>
    Initial = 1,

    /// <summary>As last saved.</summary>
    Clean = 2,

    /// <summary>Changed since last saved.</summary>
    Dirty = 3,
}

/// <summary>Sets of data translations kept apart in the TLB.</summary>
public enum RiscVMmuIndex
{
    /// <summary>As U.</summary>
    User = 0,

    /// <summary>As S with mstatus.SUM clear.</summary>
    Supervisor = 1,

    /// <summary>As S with mstatus.SUM set.</summary>
    SupervisorUserAccess = 2,

    /// <summary>As M, untranslated.</summary>
    Machine = 3,
}

/// <summary>
/// Everything that lifted code assumes besides its bytes, packed into the mode word of the code cache's key.
/// Instructions that can change it are lifted to leave their block.
/// </summary>
/// <param name="Privilege">The current privilege.</param>
/// <param name="DataMmuIndex">Translations of data accesses (with mstatus.MPRV it differs from the privilege's own).</param>
/// <param name="IsFloatOn">mstatus.FS is not Off. Which of the others it is, code does not depend on: programs change it at each switch.</param>
/// <param name="RoundingMode">frm; dynamic rounding is lifted as this static mode; 5 to 7 are illegal to use.</param>
public readonly record struct RiscVMode(Privilege Privilege, RiscVMmuIndex DataMmuIndex, bool IsFloatOn, byte RoundingMode)
{
    /// <summary>As the mode word.</summary>
    public uint Pack() => (uint)Privilege | ((uint)DataMmuIndex << 2) | (IsFloatOn ? 1u << 5 : 0) | ((uint)RoundingMode << 6);

    /// <summary>From the mode word.</summary>
    public static RiscVMode Unpack(uint word) => new(
        (Privilege)(word & 3), (RiscVMmuIndex)((word >> 2) & 7), ((word >> 5) & 1) != 0, (byte)((word >> 6) & 7));
}

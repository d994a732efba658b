namespace Emulator.Devices;

/// <summary>What a snapshot carries of an <see cref="Aclint"/>.</summary>
public record struct AclintState
{
    /// <summary>The clock's time, in ticks, at which mtime was 0; wraps.</summary>
    internal ulong MtimeOrigin;

    /// <summary>Bit n: MSIP of hart n.</summary>
    internal ulong SoftwarePending;

    /// <summary>MTIMECMP of each hart.</summary>
    internal HartArray<ulong> MtimeCmp;
}

/// <summary>What a snapshot carries of an <see cref="AclintSswi"/>: nothing, SSIP lives in the hart.</summary>
public readonly record struct AclintSswiState;

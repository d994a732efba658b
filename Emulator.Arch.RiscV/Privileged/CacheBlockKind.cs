namespace Emulator.Arch.RiscV;

/// <summary>The operations on a cache block (Zicbom and Zicboz).</summary>
public enum CacheBlockKind
{
    /// <summary>CBO.INVAL.</summary>
    Invalidate,

    /// <summary>CBO.CLEAN.</summary>
    Clean,

    /// <summary>CBO.FLUSH.</summary>
    Flush,

    /// <summary>CBO.ZERO.</summary>
    Zero,
}

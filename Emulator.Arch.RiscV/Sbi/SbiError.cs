namespace Emulator.Arch.RiscV.Sbi;

/// <summary>Standard errors (SBI 2.0 chapter 3).</summary>
internal enum SbiError
{
    /// <summary>Completed.</summary>
    Success = 0,

    /// <summary>Failed for unknown reasons.</summary>
    Failed = -1,

    /// <summary>Not supported.</summary>
    NotSupported = -2,

    /// <summary>A parameter is invalid.</summary>
    InvalidParameter = -3,

    /// <summary>Denied or not allowed.</summary>
    Denied = -4,

    /// <summary>An address is invalid.</summary>
    InvalidAddress = -5,

    /// <summary>Already available: the hart runs.</summary>
    AlreadyAvailable = -6,
}

/// <summary>The two results of a call, which become a0 and a1.</summary>
/// <param name="Error">Whether it worked.</param>
/// <param name="Value">What it gives.</param>
internal readonly record struct SbiResult(SbiError Error, ulong Value = 0)
{
    /// <summary>The hart goes on elsewhere, and its registers are as they are to be there.</summary>
    public static SbiResult Elsewhere => new(SbiError.Success) { IsElsewhere = true };

    public bool IsElsewhere { get; private init; }

    public static SbiResult Success => new(SbiError.Success);

    public static implicit operator SbiResult(SbiError error) => new(error);

    public static SbiResult Of(ulong value) => new(SbiError.Success, value);
}

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>The fields of a decoded instruction; those that its format does not have are zero.</summary>
internal readonly record struct Operands
{
    /// <summary>Destination register.</summary>
    public byte Rd { get; init; }

    /// <summary>First source register.</summary>
    public byte Rs1 { get; init; }

    /// <summary>Second source register.</summary>
    public byte Rs2 { get; init; }

    /// <summary>Third source register.</summary>
    public byte Rs3 { get; init; }

    /// <summary>Rounding mode field of floating-point instructions; 7 is dynamic.</summary>
    public byte Rm { get; init; }

    /// <summary>Acquire ordering.</summary>
    public bool Aq { get; init; }

    /// <summary>Release ordering.</summary>
    public bool Rl { get; init; }

    /// <summary>Number of a control and status register.</summary>
    public ushort Csr { get; init; }

    /// <summary>The immediate, extended and scaled as the instruction uses it.</summary>
    public int Immediate { get; init; }
}

/// <summary>Where the value of a field goes in <see cref="Operands"/>.</summary>
[Flags]
internal enum OperandRole
{
    None = 0,
    Rd = 1,
    Rs1 = 2,
    Rs2 = 4,
    Rs3 = 8,
    Immediate = 16,
    Csr = 32,
    Rm = 64,
    Aq = 128,
    Rl = 256,
}

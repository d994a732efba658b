using System.Globalization;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>One operand of an instruction: its name in assembler syntax, where its bits are, and how it prints.</summary>
/// <param name="Name">Name in a format's syntax.</param>
/// <param name="Role">Where the value goes; a register may be source and destination.</param>
internal abstract record OperandField(string Name, OperandRole Role)
{
    /// <summary>The instruction bits it occupies.</summary>
    public abstract uint InstructionMask { get; }

    public abstract uint Insert(in Operands operands);

    /// <summary>Text for assembler syntax; null when it is left out together with the comma before it.</summary>
    public abstract string? Print(in Operands operands, ulong address);
}

/// <summary>A register number.</summary>
/// <param name="Name">Name in a format's syntax.</param>
/// <param name="Role">Where the number goes.</param>
/// <param name="IsFloat">f instead of x.</param>
/// <param name="Shift">Its lowest instruction bit.</param>
/// <param name="Bits">5; 3 for x8 to x15 of compressed formats; 0 for a register that the encoding implies.</param>
/// <param name="First">The register of number 0.</param>
internal sealed record RegisterField(string Name, OperandRole Role, bool IsFloat, int Shift, int Bits = 5, int First = 0)
    : OperandField(Name, Role)
{
    /// <summary>The number is even: a pattern fixes its lowest bit.</summary>
    public bool IsEven { get; init; }

    /// <summary>The bits of the number.</summary>
    public uint Mask => ((1u << Bits) - 1) & (IsEven ? ~1u : ~0u);

    public override uint InstructionMask => Mask << Shift;

    public override uint Insert(in Operands operands) => ((uint)(Number(operands) - First) << Shift) & InstructionMask;

    public override string Print(in Operands operands, ulong address) =>
        IsFloat ? RegisterNames.OfF(Number(operands)) : RegisterNames.OfX(Number(operands));

    private int Number(in Operands operands) =>
        Role.HasFlag(OperandRole.Rd) ? operands.Rd
        : Role.HasFlag(OperandRole.Rs1) ? operands.Rs1
        : Role.HasFlag(OperandRole.Rs2) ? operands.Rs2
        : operands.Rs3;
}

/// <summary>An immediate.</summary>
/// <param name="Name">Name in a format's syntax.</param>
/// <param name="Bits">Its layout.</param>
/// <param name="Writer">Text of the value at an address.</param>
internal sealed record ImmediateField(string Name, ScatteredBits Bits, Func<int, ulong, string?> Writer)
    : OperandField(Name, OperandRole.Immediate)
{
    public override uint InstructionMask => Bits.InstructionMask;

    public override uint Insert(in Operands operands) => Bits.Insert(operands.Immediate);

    public override string? Print(in Operands operands, ulong address) => Writer(operands.Immediate, address);
}

/// <summary>A CSR number, rounding mode or ordering bit at its one place.</summary>
/// <param name="Name">Name in a format's syntax.</param>
/// <param name="Role">Which.</param>
internal sealed record FixedPlaceField(string Name, OperandRole Role) : OperandField(Name, Role)
{
    public const int CsrShift = 20;
    public const int CsrMask = 0xfff;
    public const int RmShift = 12;
    public const int RmMask = 7;
    public const int DynamicRounding = 7;
    public const int AqShift = 26;
    public const int RlShift = 25;

    public override uint InstructionMask => Role switch
    {
        OperandRole.Csr => (uint)CsrMask << CsrShift,
        OperandRole.Rm => RmMask << RmShift,
        OperandRole.Aq => 1u << AqShift,
        _ => 1u << RlShift,
    };

    public override uint Insert(in Operands operands) => InstructionMask & Role switch
    {
        OperandRole.Csr => (uint)operands.Csr << CsrShift,
        OperandRole.Rm => (uint)operands.Rm << RmShift,
        OperandRole.Aq => operands.Aq ? 1u << AqShift : 0,
        _ => operands.Rl ? 1u << RlShift : 0,
    };

    public override string? Print(in Operands operands, ulong address) => Role switch
    {
        OperandRole.Csr => CsrNames.Of(operands.Csr),
        OperandRole.Rm => operands.Rm switch
        {
            0 => "rne",
            1 => "rtz",
            2 => "rdn",
            3 => "rup",
            4 => "rmm",
            DynamicRounding => null,
            _ => operands.Rm.ToString(CultureInfo.InvariantCulture),
        },
        _ => null,
    };
}

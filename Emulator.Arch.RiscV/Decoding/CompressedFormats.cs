using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>
/// Operands of 16-bit instructions (Unpriv. spec "C Extension"). A register that is source and destination fills both operands, an
/// implied one is filled in, so that the meaning of a row reads like that of the full-length instruction.
/// </summary>
internal static class CompressedFormats
{
    private const int FirstShort = 8;
    private const OperandRole Destination = OperandRole.Rd | OperandRole.Rs1;
    private const int Ra = 1;
    private const int Sp = 2;

    private static readonly RegisterField RdFull = new("rd", OperandRole.Rd, false, 7);
    private static readonly RegisterField Rs1Full = new("rs1", OperandRole.Rs1, false, 7);
    private static readonly RegisterField RdRs1Full = new("rd", Destination, false, 7);
    private static readonly RegisterField Rs2Full = new("rs2", OperandRole.Rs2, false, 2);
    private static readonly RegisterField RdLow = new("rd", OperandRole.Rd, false, 2, 3, FirstShort);
    private static readonly RegisterField Rs2Low = new("rs2", OperandRole.Rs2, false, 2, 3, FirstShort);
    private static readonly RegisterField Rs1High = new("rs1", OperandRole.Rs1, false, 7, 3, FirstShort);
    private static readonly RegisterField RdRs1High = new("rd", Destination, false, 7, 3, FirstShort);
    private static readonly RegisterField ImpliedRa = new("ra", OperandRole.Rd, false, 0, 0, Ra);
    private static readonly RegisterField ImpliedSp = new("sp", OperandRole.Rs1, false, 0, 0, Sp);
    private static readonly RegisterField ImpliedSpBoth = new("sp", Destination, false, 0, 0, Sp);
    private static readonly ImmediateField Word = Unsigned("5:3@12 2|6@6");
    private static readonly ImmediateField Double = Unsigned("5:3@12 7:6@6");
    private static readonly ImmediateField JumpTarget = Target("11|4|9:8|10|6|7|3:1|5@12");
    private static readonly ImmediateField ByteOffset = Unsigned("0|1@6");
    private static readonly ImmediateField HalfOffset = Unsigned("1@5");

    /// <summary>No operands.</summary>
    public static OperandFormat NoOperands { get; } = new("");

    /// <summary>C.NOP; its immediate is a hint, written when it is not 0.</summary>
    public static OperandFormat Nop { get; } = new(
        "imm", new ImmediateField("imm", new("5@12 4:0@6", true), static (value, _) => value == 0 ? null : Decimal(value)));

    /// <summary>C.ADDI4SPN.</summary>
    public static OperandFormat AddToSp { get; } = new("rd, sp, imm", RdLow, ImpliedSp, Unsigned("5:4|9:6|2|3@12"));

    /// <summary>C.ADDI16SP.</summary>
    public static OperandFormat AdjustSp { get; } = new("sp, imm", ImpliedSpBoth, Signed("9@12 4|6|8:7|5@6"));

    /// <summary>C.ADDI and C.ADDIW.</summary>
    public static OperandFormat AddImmediate { get; } = new("rd, imm", RdRs1Full, Signed("5@12 4:0@6"));

    /// <summary>C.LI.</summary>
    public static OperandFormat LoadImmediate { get; } = new("rd, imm", RdFull, Signed("5@12 4:0@6"));

    /// <summary>C.LUI.</summary>
    public static OperandFormat LoadUpper { get; } = new("rd, imm", RdFull, Upper("17@12 16:12@6"));

    /// <summary>C.SLLI.</summary>
    public static OperandFormat ShiftLeft { get; } = new("rd, imm", RdRs1Full, Hexadecimal("5@12 4:0@6"));

    /// <summary>C.SLLI of RV32.</summary>
    public static OperandFormat ShiftLeft32 { get; } = new("rd, imm", RdRs1Full, Hexadecimal("4:0@6"));

    /// <summary>C.SRLI and C.SRAI.</summary>
    public static OperandFormat ShiftRight { get; } = new("rd, imm", RdRs1High, Hexadecimal("5@12 4:0@6"));

    /// <summary>C.SRLI and C.SRAI of RV32.</summary>
    public static OperandFormat ShiftRight32 { get; } = new("rd, imm", RdRs1High, Hexadecimal("4:0@6"));

    /// <summary>C.ANDI.</summary>
    public static OperandFormat AndImmediate { get; } = new("rd, imm", RdRs1High, Signed("5@12 4:0@6"));

    /// <summary>C.SUB and its like, CA format.</summary>
    public static OperandFormat Arithmetic { get; } = new("rd, rs2", RdRs1High, Rs2Low);

    /// <summary>C.NOT and its like, CU format.</summary>
    public static OperandFormat Unary { get; } = new("rd", RdRs1High);

    /// <summary>C.MV.</summary>
    public static OperandFormat Move { get; } = new("rd, rs2", RdFull, Rs2Full);

    /// <summary>C.ADD.</summary>
    public static OperandFormat Add { get; } = new("rd, rs2", RdRs1Full, Rs2Full);

    /// <summary>C.J.</summary>
    public static OperandFormat Jump { get; } = new("imm", JumpTarget);

    /// <summary>C.JAL.</summary>
    public static OperandFormat JumpAndLink { get; } = new("imm", ImpliedRa, JumpTarget);

    /// <summary>C.JR.</summary>
    public static OperandFormat JumpRegister { get; } = new("rs1", Rs1Full);

    /// <summary>C.JALR.</summary>
    public static OperandFormat JumpAndLinkRegister { get; } = new("rs1", ImpliedRa, Rs1Full);

    /// <summary>C.BEQZ and C.BNEZ.</summary>
    public static OperandFormat Branch { get; } = new("rs1, imm", Rs1High, Target("8|4:3@12 7:6|2:1|5@6"));

    /// <summary>C.LW.</summary>
    public static OperandFormat LoadWord { get; } = new("rd, imm(rs1)", RdLow, Rs1High, Word);

    /// <summary>C.LD.</summary>
    public static OperandFormat LoadDouble { get; } = new("rd, imm(rs1)", RdLow, Rs1High, Double);

    /// <summary>C.SW.</summary>
    public static OperandFormat StoreWord { get; } = new("rs2, imm(rs1)", Rs2Low, Rs1High, Word);

    /// <summary>C.SD.</summary>
    public static OperandFormat StoreDouble { get; } = new("rs2, imm(rs1)", Rs2Low, Rs1High, Double);

    /// <summary>C.LWSP.</summary>
    public static OperandFormat LoadWordSp { get; } = new("rd, imm(sp)", RdFull, ImpliedSp, Unsigned("5@12 4:2|7:6@6"));

    /// <summary>C.LDSP.</summary>
    public static OperandFormat LoadDoubleSp { get; } = new("rd, imm(sp)", RdFull, ImpliedSp, Unsigned("5@12 4:3|8:6@6"));

    /// <summary>C.SWSP.</summary>
    public static OperandFormat StoreWordSp { get; } = new("rs2, imm(sp)", Rs2Full, ImpliedSp, Unsigned("5:2|7:6@12"));

    /// <summary>C.SDSP.</summary>
    public static OperandFormat StoreDoubleSp { get; } = new("rs2, imm(sp)", Rs2Full, ImpliedSp, Unsigned("5:3|8:6@12"));

    /// <summary>C.LBU.</summary>
    public static OperandFormat LoadByte { get; } = new("rd, imm(rs1)", RdLow, Rs1High, ByteOffset);

    /// <summary>C.LHU and C.LH.</summary>
    public static OperandFormat LoadHalf { get; } = new("rd, imm(rs1)", RdLow, Rs1High, HalfOffset);

    /// <summary>C.SB.</summary>
    public static OperandFormat StoreByte { get; } = new("rs2, imm(rs1)", Rs2Low, Rs1High, ByteOffset);

    /// <summary>C.SH.</summary>
    public static OperandFormat StoreHalf { get; } = new("rs2, imm(rs1)", Rs2Low, Rs1High, HalfOffset);

    /// <summary>The format with its rd or rs2 an f register.</summary>
    public static OperandFormat Float(OperandFormat format) => new(
        format.Syntax,
        [.. format.Fields.Select(field => field is RegisterField { Name: "rd" or "rs2" } register ? register with { IsFloat = true } : field)]);
}

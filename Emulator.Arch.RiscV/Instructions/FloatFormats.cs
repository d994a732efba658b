using Emulator.Arch.RiscV.Decoding;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>
/// Operand formats of floating-point instructions. The functions that make rows say what the instruction does to FP state and guard its
/// lifting accordingly: Reads does nothing to it, all others may write an f register or flags.
/// </summary>
internal static class FloatFormats
{
    private static readonly OperandFormat FormatLoad = new("rd, imm(rs1)", FloatRd, Rs1, ImmediateI);
    private static readonly OperandFormat FormatStore = new("rs2, imm(rs1)", Rs1, FloatRs2, ImmediateS);
    private static readonly OperandFormat FormatFused = new("rd, rs1, rs2, rs3, rm", FloatRd, FloatRs1, FloatRs2, FloatRs3, Rm);
    private static readonly OperandFormat FormatRounded = new("rd, rs1, rs2, rm", FloatRd, FloatRs1, FloatRs2, Rm);
    private static readonly OperandFormat FormatRounded1 = new("rd, rs1, rm", FloatRd, FloatRs1, Rm);
    private static readonly OperandFormat FormatExact = new("rd, rs1, rs2", FloatRd, FloatRs1, FloatRs2);
    private static readonly OperandFormat FormatExact1 = new("rd, rs1", FloatRd, FloatRs1);
    private static readonly OperandFormat FormatCompare = new("rd, rs1, rs2", Rd, FloatRs1, FloatRs2);
    private static readonly OperandFormat FormatToX = new("rd, rs1", Rd, FloatRs1);
    private static readonly OperandFormat FormatToXRounded = new("rd, rs1, rm", Rd, FloatRs1, Rm);
    private static readonly OperandFormat FormatFromX = new("rd, rs1", FloatRd, Rs1);
    private static readonly OperandFormat FormatFromXRounded = new("rd, rs1, rm", FloatRd, Rs1, Rm);
    private static readonly OperandFormat FormatFromPair = new("rd, rs1, rs2", FloatRd, Rs1, Rs2);

    /// <summary><c>fd, imm(rs1)</c>.</summary>
    public static InstructionDefinition LoadF(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatLoad, lift);

    /// <summary><c>fs2, imm(rs1)</c>.</summary>
    public static InstructionDefinition StoreF(string mnemonic, string pattern, Lift lift) => Reads(mnemonic, pattern, FormatStore, lift);

    /// <summary><c>fd, fs1, fs2, fs3, rm</c>.</summary>
    public static InstructionDefinition Fused(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatFused, lift);

    /// <summary><c>fd, fs1, fs2, rm</c>.</summary>
    public static InstructionDefinition Rounded(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatRounded, lift);

    /// <summary><c>fd, fs1, rm</c>.</summary>
    public static InstructionDefinition Rounded1(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatRounded1, lift);

    /// <summary><c>fd, fs1, fs2</c>.</summary>
    public static InstructionDefinition Exact(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatExact, lift);

    /// <summary><c>fd, fs1</c>.</summary>
    public static InstructionDefinition Exact1(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatExact1, lift);

    /// <summary><c>rd, fs1, fs2</c>; may write flags.</summary>
    public static InstructionDefinition Compare(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatCompare, lift);

    /// <summary><c>rd, fs1</c>; writes no FP state.</summary>
    public static InstructionDefinition ReadsToX(string mnemonic, string pattern, Lift lift) => Reads(mnemonic, pattern, FormatToX, lift);

    /// <summary><c>rd, fs1, rm</c>; may write flags.</summary>
    public static InstructionDefinition ToX(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatToXRounded, lift);

    /// <summary><c>rd, fs1, rtz</c>, no other mode being valid; may write flags.</summary>
    public static InstructionDefinition ToXTruncating(string mnemonic, string pattern, Lift lift) =>
        Writes(mnemonic, pattern, new OperandFormat("rd, rs1, rtz", Rd, FloatRs1), lift);

    /// <summary><c>fd, rs1</c>.</summary>
    public static InstructionDefinition FromX(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatFromX, lift);

    /// <summary><c>fd, rs1, rm</c>.</summary>
    public static InstructionDefinition FromXRounded(string mnemonic, string pattern, Lift lift) =>
        Writes(mnemonic, pattern, FormatFromXRounded, lift);

    /// <summary><c>fd, rs1, rs2</c>.</summary>
    public static InstructionDefinition FromPair(string mnemonic, string pattern, Lift lift) => Writes(mnemonic, pattern, FormatFromPair, lift);

    /// <summary>A row that may write an f register or flags.</summary>
    public static InstructionDefinition Writes(string mnemonic, string pattern, OperandFormat format, Lift lift) =>
        new(mnemonic, pattern, format, (l, i) =>
        {
            if (l.TryBeginFloat(i, true)) lift(l, i);
        });

    /// <summary>A row that writes no FP state.</summary>
    public static InstructionDefinition Reads(string mnemonic, string pattern, OperandFormat format, Lift lift) =>
        new(mnemonic, pattern, format, (l, i) =>
        {
            if (l.TryBeginFloat(i, false)) lift(l, i);
        });
}

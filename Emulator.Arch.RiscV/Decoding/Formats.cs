using System.Globalization;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>
/// Operand formats of 32-bit instructions (Unpriv. spec 2.2), each with the function that makes a row of it. Families with formats
/// of their own compose them from the fields here.
/// </summary>
internal static class Formats
{
    public static readonly RegisterField Rd = new("rd", OperandRole.Rd, false, 7);
    public static readonly RegisterField Rs1 = new("rs1", OperandRole.Rs1, false, 15);
    public static readonly RegisterField Rs2 = new("rs2", OperandRole.Rs2, false, 20);
    public static readonly RegisterField FloatRd = new("rd", OperandRole.Rd, true, 7);
    public static readonly RegisterField FloatRs1 = new("rs1", OperandRole.Rs1, true, 15);
    public static readonly RegisterField FloatRs2 = new("rs2", OperandRole.Rs2, true, 20);
    public static readonly RegisterField FloatRs3 = new("rs3", OperandRole.Rs3, true, 27);
    public static readonly FixedPlaceField Rm = new("rm", OperandRole.Rm);
    public static readonly FixedPlaceField Csr = new("csr", OperandRole.Csr);
    public static readonly FixedPlaceField Aq = new("aq", OperandRole.Aq);
    public static readonly FixedPlaceField Rl = new("rl", OperandRole.Rl);

    public static readonly ImmediateField ImmediateI = Signed("11:0@31");
    public static readonly ImmediateField ImmediateS = Signed("11:5@31 4:0@11");

    private static readonly OperandFormat FormatNone = new("");
    private static readonly OperandFormat FormatR = new("rd, rs1, rs2", Rd, Rs1, Rs2);
    private static readonly OperandFormat FormatR1 = new("rd, rs1", Rd, Rs1);
    private static readonly OperandFormat FormatSources = new("rs1, rs2", Rs1, Rs2);
    private static readonly OperandFormat FormatI = new("rd, rs1, imm", Rd, Rs1, ImmediateI);
    private static readonly OperandFormat FormatLoad = new("rd, imm(rs1)", Rd, Rs1, ImmediateI);
    private static readonly OperandFormat FormatStore = new("rs2, imm(rs1)", Rs1, Rs2, ImmediateS);
    private static readonly OperandFormat FormatBranch = new("rs1, rs2, imm", Rs1, Rs2, Target("12|10:5@31 4:1|11@11"));
    private static readonly OperandFormat FormatJump = new("rd, imm", Rd, Target("20|10:1|11|19:12@31"));
    private static readonly OperandFormat FormatUpper = new("rd, imm", Rd, Upper("31:12@31"));
    private static readonly OperandFormat FormatShift5 = new("rd, rs1, imm", Rd, Rs1, Hexadecimal("4:0@24"));
    private static readonly OperandFormat FormatShift6 = new("rd, rs1, imm", Rd, Rs1, Hexadecimal("5:0@25"));
    private static readonly OperandFormat FormatAtomic = new("rd, rs2, (rs1)", Rd, Rs1, Rs2, Aq, Rl);
    private static readonly OperandFormat FormatLoadReserved = new("rd, (rs1)", Rd, Rs1, Aq, Rl);
    private static readonly OperandFormat FormatAddress = new("(rs1)", Rs1);
    private static readonly OperandFormat FormatCsr = new("rd, csr, rs1", Rd, Rs1, Csr);
    private static readonly OperandFormat FormatCsrImmediate = new("rd, csr, imm", Rd, Csr, Unsigned("4:0@19"));

    /// <summary>No operands.</summary>
    public static InstructionDefinition None(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatNone, lift);

    /// <summary><c>rd, rs1, rs2</c>.</summary>
    public static InstructionDefinition R(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatR, lift);

    /// <summary><c>rd, rs1</c>.</summary>
    public static InstructionDefinition R1(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatR1, lift);

    /// <summary><c>rs1, rs2</c>.</summary>
    public static InstructionDefinition Sources(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatSources, lift);

    /// <summary><c>rd, rs1, imm</c>, 12 bits signed.</summary>
    public static InstructionDefinition I(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatI, lift);

    /// <summary><c>rd, imm(rs1)</c>.</summary>
    public static InstructionDefinition Load(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatLoad, lift);

    /// <summary><c>rs2, imm(rs1)</c>.</summary>
    public static InstructionDefinition Store(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatStore, lift);

    /// <summary><c>rs1, rs2, target</c>.</summary>
    public static InstructionDefinition Branch(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatBranch, lift);

    /// <summary><c>rd, target</c>.</summary>
    public static InstructionDefinition Jump(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatJump, lift);

    /// <summary><c>rd, imm</c>; the immediate is already shifted.</summary>
    public static InstructionDefinition Upper(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatUpper, lift);

    /// <summary><c>rd, rs1, shamt</c>, 5 bits.</summary>
    public static InstructionDefinition Shift5(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatShift5, lift);

    /// <summary><c>rd, rs1, shamt</c>, 6 bits.</summary>
    public static InstructionDefinition Shift6(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatShift6, lift);

    /// <summary><c>rd, rs2, (rs1)</c> with aq and rl.</summary>
    public static InstructionDefinition Atomic(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatAtomic, lift);

    /// <summary><c>rd, (rs1)</c> with aq and rl.</summary>
    public static InstructionDefinition LoadReserved(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatLoadReserved, lift);

    /// <summary><c>(rs1)</c>.</summary>
    public static InstructionDefinition Address(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatAddress, lift);

    /// <summary><c>rd, csr, rs1</c>.</summary>
    public static InstructionDefinition CsrRegister(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatCsr, lift);

    /// <summary><c>rd, csr, uimm</c>.</summary>
    public static InstructionDefinition CsrImmediate(string mnemonic, string pattern, Lift lift) => new(mnemonic, pattern, FormatCsrImmediate, lift);

    /// <summary>An immediate that prints as signed decimal.</summary>
    public static ImmediateField Signed(string layout) => new("imm", new(layout, true), static (value, _) => Decimal(value));

    /// <summary>An unsigned immediate that prints as decimal.</summary>
    public static ImmediateField Unsigned(string layout) => new("imm", new(layout, false), static (value, _) => Decimal(value));

    /// <summary>An unsigned immediate that prints as hexadecimal.</summary>
    public static ImmediateField Hexadecimal(string layout) => new("imm", new(layout, false), static (value, _) => $"0x{value:x}");

    /// <summary>The upper 20 bits of a signed 32-bit immediate; prints as those 20 bits.</summary>
    public static ImmediateField Upper(string layout) => new("imm", new(layout, true), static (value, _) => $"0x{(uint)value >> 12:x}");

    /// <summary>A distance from the instruction; prints as the address.</summary>
    public static ImmediateField Target(string layout) =>
        new("imm", new(layout, true), static (value, address) => $"0x{unchecked(address + (ulong)(long)value):x}");

    /// <summary>A value in decimal.</summary>
    public static string Decimal(int value) => value.ToString(CultureInfo.InvariantCulture);
}

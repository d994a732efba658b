using System.Text;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>
/// Which operands an instruction has, where their bits are, and how it reads in assembler. Decoding is branch-free on a plan
/// made from the fields.
/// </summary>
internal sealed class OperandFormat
{
    private readonly record struct RegisterPlan(byte Shift, byte Mask, byte First)
    {
        public byte Extract(uint bits) => (byte)(((bits >> Shift) & Mask) + First);
    }

    private readonly RegisterPlan _rd;
    private readonly RegisterPlan _rs1;
    private readonly RegisterPlan _rs2;
    private readonly RegisterPlan _rs3;
    private readonly ScatteredBits? _immediate;
    private readonly uint _csrMask;
    private readonly uint _rmMask;
    private readonly uint _aqMask;
    private readonly uint _rlMask;

    /// <summary>Describes a format.</summary>
    /// <param name="syntax">Operands in assembler order; a name stands for its field, all else for itself.</param>
    /// <param name="fields">The fields, also those that are not written.</param>
    public OperandFormat(string syntax, params OperandField[] fields)
    {
        Syntax = syntax;
        Fields = fields;
        foreach (var field in fields)
        {
            InstructionMask |= field.InstructionMask;
            switch (field)
            {
                case RegisterField register:
                    var plan = new RegisterPlan((byte)register.Shift, (byte)register.Mask, (byte)register.First);
                    if (register.Role.HasFlag(OperandRole.Rd)) _rd = plan;
                    if (register.Role.HasFlag(OperandRole.Rs1)) _rs1 = plan;
                    if (register.Role.HasFlag(OperandRole.Rs2)) _rs2 = plan;
                    if (register.Role.HasFlag(OperandRole.Rs3)) _rs3 = plan;
                    break;
                case ImmediateField immediate:
                    _immediate = immediate.Bits;
                    break;
                case { Role: OperandRole.Csr }:
                    _csrMask = FixedPlaceField.CsrMask;
                    break;
                case { Role: OperandRole.Rm }:
                    _rmMask = FixedPlaceField.RmMask;
                    break;
                case { Role: OperandRole.Aq }:
                    _aqMask = field.InstructionMask;
                    break;
                default:
                    _rlMask = field.InstructionMask;
                    break;
            }
        }
    }

    /// <summary>Operands in assembler order.</summary>
    public string Syntax { get; }

    public IReadOnlyList<OperandField> Fields { get; }

    /// <summary>The instruction bits that its fields occupy.</summary>
    public uint InstructionMask { get; }

    public Operands Decode(uint bits) => new()
    {
        Rd = _rd.Extract(bits),
        Rs1 = _rs1.Extract(bits),
        Rs2 = _rs2.Extract(bits),
        Rs3 = _rs3.Extract(bits),
        Rm = (byte)((bits >> FixedPlaceField.RmShift) & _rmMask),
        Aq = (bits & _aqMask) != 0,
        Rl = (bits & _rlMask) != 0,
        Csr = (ushort)((bits >> FixedPlaceField.CsrShift) & _csrMask),
        Immediate = _immediate?.Extract(bits) ?? 0,
    };

    public uint Encode(in Operands operands)
    {
        uint bits = 0;
        foreach (var field in Fields) bits |= field.Insert(operands);
        return bits;
    }

    /// <summary>What follows the mnemonic: operands, and before them the ordering suffix of atomics.</summary>
    public string Print(in Operands operands, ulong address)
    {
        var text = new StringBuilder();
        if (operands.Aq || operands.Rl) text.Append('.').Append(operands.Aq ? "aq" : "").Append(operands.Rl ? "rl" : "");
        string separator = " ";
        for (int i = 0; i < Syntax.Length;)
        {
            if (!char.IsAsciiLetterLower(Syntax[i]))
            {
                separator += Syntax[i++];
                continue;
            }

            int end = i;
            while (end < Syntax.Length && char.IsAsciiLetterOrDigit(Syntax[end])) end++;
            string name = Syntax[i..end];
            i = end;
            string? operand = Fields.FirstOrDefault(field => field.Name == name) is { } field ? field.Print(operands, address) : name;
            if (operand is not null) text.Append(separator).Append(operand);
            separator = "";
        }

        return text.Append(separator is " " ? "" : separator).ToString();
    }
}

using System.Buffers.Binary;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>A place in a program that is known when it was reached.</summary>
internal sealed class Label
{
    public int Position { get; set; } = -1;
}

/// <summary>Writes instructions by name into a buffer, from the rows of an instruction set.</summary>
internal sealed class Assembler(RiscVArchitecture architecture)
{
    private const int ImmediateBits = 12;
    private const int UpperRounding = 0x800;

    private readonly Dictionary<string, InstructionDefinition> _rows =
        architecture.Decoder.Rows.GroupBy(row => row.Mnemonic).ToDictionary(g => g.Key, g => g.First());
    private readonly List<byte> _code = [];
    private readonly List<Action> _fixups = [];

    public int Position => _code.Count;

    public bool Is64 => architecture.Isa.Is64;

    public bool IsCompressed => architecture.Isa.Has(RiscVExtension.Zca);

    /// <summary>The load or store of a whole x register.</summary>
    public string LoadX => Is64 ? "ld" : "lw";

    public string StoreX => Is64 ? "sd" : "sw";

    public byte[] Finish()
    {
        foreach (var fixup in _fixups) fixup();
        return [.. _code];
    }

    public InstructionDefinition Row(string mnemonic) => _rows[mnemonic];

    public void Place(Label label) => label.Position = Position;

    public Label Here() => new() { Position = Position };

    public void Raw(uint bits, int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, bits);
        _code.AddRange(bytes[..length]);
    }

    public void Emit(string mnemonic, int rd = 0, int rs1 = 0, int rs2 = 0, int imm = 0, int csr = 0)
    {
        var row = _rows[mnemonic];
        Raw(row.Encode(OperandsOf(rd, rs1, rs2, imm, csr)), row.Encoding.Length);
    }

    /// <summary>A branch or direct jump to a label.</summary>
    public void To(Label target, string mnemonic, int rd = 0, int rs1 = 0, int rs2 = 0) =>
        Later(mnemonic, at => OperandsOf(rd, rs1, rs2, target.Position - at, 0));

    /// <summary>An instruction whose operands are known when all labels are placed; given its position.</summary>
    public void Later(string mnemonic, Func<int, Operands> operands)
    {
        var row = _rows[mnemonic];
        int at = Position;
        Raw(row.Encoding.Value, row.Encoding.Length);
        _fixups.Add(() => Patch(at, row.Encode(operands(at)), row.Encoding.Length));
    }

    /// <summary>The address of a label, wherever the program runs.</summary>
    public void AddressOf(int rd, Label target)
    {
        int at = Position;
        Later("auipc", _ => OperandsOf(rd, 0, 0, Upper(target.Position - at), 0));
        Later("addi", _ => OperandsOf(rd, rd, 0, target.Position - at - Upper(target.Position - at), 0));
    }

    /// <summary>A constant; on RV32 its low half.</summary>
    public void Constant(int rd, ulong value)
    {
        long wide = (long)value;
        if (!Is64 || wide == (int)wide)
        {
            int upper = Upper((int)wide);
            int rest = (int)wide - upper;
            if (upper != 0) Emit("lui", rd, imm: upper);
            if (upper == 0 || rest != 0) Emit(Is64 && upper != 0 ? "addiw" : "addi", rd, upper != 0 ? rd : 0, imm: rest);
            return;
        }

        int low = (int)(wide << (64 - ImmediateBits) >> (64 - ImmediateBits));
        Constant(rd, (ulong)((wide - low) >> ImmediateBits));
        Emit("slli", rd, rd, imm: ImmediateBits);
        if (low != 0) Emit("addi", rd, rd, imm: low);
    }

    public void ReadCsr(int rd, int csr) => Emit("csrrs", rd, csr: csr);

    public void WriteCsr(int csr, int rs1) => Emit("csrrw", 0, rs1, csr: csr);

    private static Operands OperandsOf(int rd, int rs1, int rs2, int imm, int csr) =>
        new() { Rd = (byte)rd, Rs1 = (byte)rs1, Rs2 = (byte)rs2, Immediate = imm, Csr = (ushort)csr };

    private static int Upper(int value) => unchecked(value + UpperRounding) & -(1 << ImmediateBits);

    private void Patch(int at, uint bits, int length)
    {
        for (int i = 0; i < length; i++) _code[at + i] = (byte)(bits >> (8 * i));
    }
}

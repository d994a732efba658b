using Emulator.Arch.RiscV.Decoding;

namespace Emulator.Tests.RiscV.Engines;

/// <summary>Instructions of four bytes, one after another.</summary>
internal sealed class ProgramText
{
    private readonly List<byte> _bytes = [];

    public int Length => _bytes.Count;

    public byte[] Bytes => [.. _bytes];

    public void Append(string mnemonic, byte rd = 0, byte rs1 = 0, byte rs2 = 0, int immediate = 0, ushort csr = 0) =>
        _bytes.AddRange(Encode(mnemonic, rd, rs1, rs2, immediate, csr));

    public int Reserve()
    {
        int place = Length;
        Append("addi");
        return place;
    }

    public void Patch(int place, string mnemonic, byte rd = 0, byte rs1 = 0, byte rs2 = 0, int immediate = 0)
    {
        byte[] bytes = Encode(mnemonic, rd, rs1, rs2, immediate, 0);
        for (int i = 0; i < bytes.Length; i++) _bytes[place + i] = bytes[i];
    }

    public void Fill(int end) => _bytes.AddRange(new byte[end - Length]);

    private static byte[] Encode(string mnemonic, byte rd, byte rs1, byte rs2, int immediate, ushort csr) => BitConverter.GetBytes(
        InstructionTable.Rows.First(row => row.Mnemonic == mnemonic && row.Encoding.Length == 4)
            .Encode(new Operands { Rd = rd, Rs1 = rs1, Rs2 = rs2, Immediate = immediate, Csr = csr }));
}

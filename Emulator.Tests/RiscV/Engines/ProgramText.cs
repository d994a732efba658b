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

    /// <summary>
    /// A handler of traps that goes on behind what faulted: it keeps mcause, the registers below <paramref name="log"/> and mepc where that
    /// points, and moves it on.
    /// </summary>
    public void AppendFaultLog(byte log, byte scratch, int entrySize)
    {
        const ushort Mepc = 0x341;
        const ushort Mcause = 0x342;
        for (byte r = 1; r < log; r++) Append("sd", rs1: log, rs2: r, immediate: r * 8);
        Append("csrrs", scratch, csr: Mcause);
        Append("sd", rs1: log, rs2: scratch);
        Append("csrrs", scratch, csr: Mepc);
        Append("sd", rs1: log, rs2: scratch, immediate: log * 8);
        Append("addi", scratch, scratch, immediate: 4);
        Append("csrrw", rs1: scratch, csr: Mepc);
        Append("addi", log, log, immediate: entrySize);
        Append("mret");
    }
}

using System.Buffers.Binary;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Assembles a small program, instruction by instruction, from the table of instructions.</summary>
internal sealed class GuestProgram(RiscVArchitecture architecture, ulong start)
{
    public const byte T0 = 5;
    public const byte T1 = 6;
    public const byte S0 = 8;
    public const byte S1 = 9;
    public const byte A0 = 10;
    public const byte A1 = 11;
    public const byte A2 = 12;
    public const byte A3 = 13;
    public const byte A4 = 14;
    public const byte A6 = 16;
    public const byte A7 = 17;

    private const uint FinisherPass = 0x5555;

    private readonly List<uint> _words = [];

    /// <summary>The address of the next instruction.</summary>
    public ulong Here => start + (4 * (ulong)_words.Count);

    public IReadOnlyList<uint> Words => _words;

    public byte[] Bytes
    {
        get
        {
            byte[] bytes = new byte[4 * _words.Count];
            for (int i = 0; i < _words.Count; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * i), _words[i]);
            return bytes;
        }
    }

    public GuestProgram Emit(string mnemonic, byte rd = 0, byte rs1 = 0, byte rs2 = 0, int immediate = 0, ushort csr = 0)
    {
        var row = architecture.Decoder.Rows.Single(row => row.Mnemonic == mnemonic);
        var operands = new Operands { Rd = rd, Rs1 = rs1, Rs2 = rs2, Immediate = immediate, Csr = csr };
        _words.Add(row.Encode(operands));
        return this;
    }

    /// <summary>Loads an unsigned constant of 32 bits.</summary>
    public GuestProgram Load(byte rd, uint value)
    {
        uint upper = (value + 0x800) & 0xffff_f000;
        Emit("lui", rd, immediate: (int)upper);
        Emit("addi", rd, rd, immediate: (int)(value - upper));
        if (architecture.Isa.Is64) Emit("slli", rd, rd, immediate: 32).Emit("srli", rd, rd, immediate: 32);
        return this;
    }

    /// <summary>Reports success to the board's test finisher.</summary>
    public GuestProgram Finish() => Load(T0, (uint)RiscVVirtMap.Finisher).Load(T1, FinisherPass).Emit("sw", rs1: T0, rs2: T1).Emit("jal");

    /// <summary>An SBI call whose arguments are in place.</summary>
    public GuestProgram Call(uint extension, int function) =>
        Load(A7, extension).Emit("addi", A6, 0, immediate: function).Emit("ecall");

    public GuestProgram Branch(string mnemonic, byte rs1, byte rs2, ulong target) =>
        Emit(mnemonic, rs1: rs1, rs2: rs2, immediate: (int)(long)(target - Here));
}

using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;

namespace Emulator.Tests.RiscV.Oracle;

/// <summary>Instructions by name, executed one at a time as functions of their operands.</summary>
internal sealed class AssemblyLine(string isa) : IDisposable
{
    private const byte Destination = 10;

    private readonly SingleInstruction _engine = new(new RiscVArchitecture(IsaConfiguration.Parse(isa)));

    /// <summary>The encoding with destination 10 and sources 11 to 13, as far as the instruction has them.</summary>
    public uint Encode(string mnemonic, int immediate = 0, int rm = 0)
    {
        var row = _engine.Architecture.Decoder.Rows.Single(row => row.Mnemonic == mnemonic);
        var operands = default(Operands);
        foreach (var field in row.Format.Fields)
        {
            operands = field.Role switch
            {
                OperandRole.Rd => operands with { Rd = Destination },
                OperandRole.Rs1 => operands with { Rs1 = Destination + 1 },
                OperandRole.Rs2 => operands with { Rs2 = Destination + 2 },
                OperandRole.Rs3 => operands with { Rs3 = Destination + 3 },
                OperandRole.Immediate => operands with { Immediate = immediate },
                OperandRole.Rm => operands with { Rm = (byte)rm },
                _ => operands,
            };
        }

        return row.Encode(operands);
    }

    /// <summary>An instruction on integer registers.</summary>
    public ulong X(string mnemonic, ulong rs1, ulong rs2 = 0, int immediate = 0)
    {
        var request = new InstructionRequest { Instruction = Encode(mnemonic, immediate) };
        (request.X[1], request.X[2]) = (rs1, rs2);
        return _engine.Execute(request).X;
    }

    /// <summary>An instruction on floating-point registers, with no flags set before.</summary>
    public InstructionAnswer F(string mnemonic, ulong rs1, ulong rs2 = 0, int rm = 0, int immediate = 0)
    {
        var request = new InstructionRequest { Instruction = Encode(mnemonic, immediate, rm) };
        (request.F[1], request.F[2]) = (rs1, rs2);
        (request.X[1], request.X[2]) = (rs1, rs2);
        return _engine.Execute(request);
    }

    public SingleInstruction Engine => _engine;

    public void Dispose() => _engine.Dispose();
}

using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Jumps and branches of RV32I and RV64I (Unpriv. spec 2.5).</summary>
internal static class ControlTransfer
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } = InstructionSet.Of(RiscVExtension.I,
        Jump("jal",    ".................... ..... 1101111", static (l, i) => l.Jump(i.Rd, i.Immediate)),
        Load("jalr",   "............ ..... 000 ..... 1100111", static (l, i) => l.JumpIndirect(i.Rd, i.Rs1, i.Immediate)),
        Branch("beq",  "....... ..... ..... 000 ..... 1100011", static (l, i) => l.Branch(Opcode.BranchEq, i.Rs1, i.Rs2, i.Immediate)),
        Branch("bne",  "....... ..... ..... 001 ..... 1100011", static (l, i) => l.Branch(Opcode.BranchNe, i.Rs1, i.Rs2, i.Immediate)),
        Branch("blt",  "....... ..... ..... 100 ..... 1100011", static (l, i) => l.Branch(Opcode.BranchLtS, i.Rs1, i.Rs2, i.Immediate)),
        Branch("bge",  "....... ..... ..... 101 ..... 1100011", static (l, i) => l.Branch(Opcode.BranchGeS, i.Rs1, i.Rs2, i.Immediate)),
        Branch("bltu", "....... ..... ..... 110 ..... 1100011", static (l, i) => l.Branch(Opcode.BranchLtU, i.Rs1, i.Rs2, i.Immediate)),
        Branch("bgeu", "....... ..... ..... 111 ..... 1100011", static (l, i) => l.Branch(Opcode.BranchGeU, i.Rs1, i.Rs2, i.Immediate)));
}

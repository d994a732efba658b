using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Loads and stores of RV32I and RV64I (Unpriv. spec 2.6, 4.3). They may be misaligned.</summary>
internal static class BaseMemory
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.I,

            // mnemonic imm[11:0]  rs1   f3  rd    opcode
            Load("lb",  "............ ..... 000 ..... 0000011", static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load8S, i.Rs1, i.Immediate))),
            Load("lh",  "............ ..... 001 ..... 0000011", static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load16S, i.Rs1, i.Immediate))),
            Load("lw",  "............ ..... 010 ..... 0000011", static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load32S, i.Rs1, i.Immediate))),
            Load("lbu", "............ ..... 100 ..... 0000011", static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load8U, i.Rs1, i.Immediate))),
            Load("lhu", "............ ..... 101 ..... 0000011", static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load16U, i.Rs1, i.Immediate))),

            // mnemonic im[11:5] rs2 rs1   f3  im4:0 opcode
            Store("sb", "....... ..... ..... 000 ..... 0100011", static (l, i) => l.Store(Opcode.Store8, i.Rs1, i.Immediate, l.X(i.Rs2))),
            Store("sh", "....... ..... ..... 001 ..... 0100011", static (l, i) => l.Store(Opcode.Store16, i.Rs1, i.Immediate, l.X(i.Rs2))),
            Store("sw", "....... ..... ..... 010 ..... 0100011", static (l, i) => l.Store(Opcode.Store32, i.Rs1, i.Immediate, l.X(i.Rs2)))),

        .. InstructionSet.Of(RiscVExtension.I, BaseWidth.Rv64,
            Load("lwu", "............ ..... 110 ..... 0000011", static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load32U, i.Rs1, i.Immediate))),
            Load("ld",  "............ ..... 011 ..... 0000011", static (l, i) => l.SetX(i.Rd, l.Load(Opcode.Load64, i.Rs1, i.Immediate))),
            Store("sd", "....... ..... ..... 011 ..... 0100011", static (l, i) => l.Store(Opcode.Store64, i.Rs1, i.Immediate, l.X(i.Rs2)))),
    ];
}

using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Conditional zeroing, Zicond.</summary>
internal static class Conditional
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } = InstructionSet.Of(RiscVExtension.Zicond,
        R("czero.eqz", "0000111 ..... ..... 101 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.Select(l.X(i.Rs2), l.X(i.Rs1), 0))),
        R("czero.nez", "0000111 ..... ..... 111 ..... 0110011", static (l, i) => l.SetX(i.Rd, l.Ir.Select(l.X(i.Rs2), 0, l.X(i.Rs1)))));
}

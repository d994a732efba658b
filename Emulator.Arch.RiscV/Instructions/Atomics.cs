using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>
/// Atomic memory operations, Zaamo and Zabha, and load-reserved and store-conditional, Zalrsc. The IR's read-modify-write operations
/// are sequentially consistent, so aq and rl add nothing to them.
/// </summary>
internal static class Atomics
{
    private static readonly (string Name, string Funct5, Opcode Opcode)[] Operations =
    [
        ("amoadd", "00000", Opcode.AtomicAdd),
        ("amoswap", "00001", Opcode.AtomicSwap),
        ("amoxor", "00100", Opcode.AtomicXor),
        ("amoor", "01000", Opcode.AtomicOr),
        ("amoand", "01100", Opcode.AtomicAnd),
        ("amomin", "10000", Opcode.AtomicMinS),
        ("amomax", "10100", Opcode.AtomicMaxS),
        ("amominu", "11000", Opcode.AtomicMinU),
        ("amomaxu", "11100", Opcode.AtomicMaxU),
    ];

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.Zabha, [.. ReadModifyWrite("b", "000", 1), .. ReadModifyWrite("h", "001", 2)]),
        .. InstructionSet.Of(RiscVExtension.Zaamo, [.. ReadModifyWrite("w", "010", 4)]),
        .. InstructionSet.Of(RiscVExtension.Zaamo, BaseWidth.Rv64, [.. ReadModifyWrite("d", "011", 8)]),

        .. InstructionSet.Of(RiscVExtension.Zalrsc,
            LoadReserved("lr.w", "00010 . . 00000 ..... 010 ..... 0101111", static (l, i) => ReserveAndLoad(l, i, 4)),
            Atomic("sc.w", "00011 . . ..... ..... 010 ..... 0101111", static (l, i) => StoreConditional(l, i, 4))),

        .. InstructionSet.Of(RiscVExtension.Zalrsc, BaseWidth.Rv64,
            LoadReserved("lr.d", "00010 . . 00000 ..... 011 ..... 0101111", static (l, i) => ReserveAndLoad(l, i, 8)),
            Atomic("sc.d", "00011 . . ..... ..... 011 ..... 0101111", static (l, i) => StoreConditional(l, i, 8))),
    ];

    private static InstructionDefinition[] ReadModifyWrite(string suffix, string funct3, int bytes) =>
        Numbered.Rows(Operations.Length, n => ReadModifyWrite(Operations[n], suffix, funct3, bytes));

    private static InstructionDefinition ReadModifyWrite((string Name, string Funct5, Opcode Opcode) operation, string suffix, string funct3, int bytes) =>
        Atomic(
            $"{operation.Name}.{suffix}",
            $"{operation.Funct5} . . ..... ..... {funct3} ..... 0101111",
            (l, i) => l.SetX(i.Rd, l.Ir.Atomic(operation.Opcode, bytes, l.X(i.Rs1), l.X(i.Rs2), l.Is32)));

    // With rl, earlier stores come before the load, which no other part of a load gives (Unpriv. spec, "RVWMO").
    private static void ReserveAndLoad(RiscVLifter l, Operands i, int bytes)
    {
        if (i.Rl) l.Ir.Fence();
        l.SetX(i.Rd, l.Ir.LoadExclusive(bytes, l.X(i.Rs1), l.Is32));
    }

    private static void StoreConditional(RiscVLifter l, Operands i, int bytes) =>
        l.SetX(i.Rd, l.Ir.Atomic(Opcode.StoreExclusive, bytes, l.X(i.Rs1), l.X(i.Rs2), l.Is32));
}

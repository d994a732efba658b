using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using static Emulator.Arch.RiscV.Decoding.CompressedFormats;
using static Emulator.Arch.RiscV.Instructions.FloatFormats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Compressed floating-point loads and stores, Zcf (RV32 alone) and Zcd (Unpriv. spec "C Extension").</summary>
internal static class CompressedFloat
{
    private static readonly FloatWidth S = FloatWidth.Single;
    private static readonly FloatWidth D = FloatWidth.Double;

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.Zcd,
            Writes("c.fld",   "001 ... ... .. ... 00", Float(LoadDouble), static (l, i) => l.LoadF(D, i.Rd, i.Rs1, i.Immediate)),
            Reads("c.fsd",    "101 ... ... .. ... 00", Float(StoreDouble), static (l, i) => l.StoreF(D, i.Rs1, i.Immediate, i.Rs2)),
            Writes("c.fldsp", "001 . ..... ..... 10",  Float(LoadDoubleSp), static (l, i) => l.LoadF(D, i.Rd, i.Rs1, i.Immediate)),
            Reads("c.fsdsp",  "101 ...... ..... 10",   Float(StoreDoubleSp), static (l, i) => l.StoreF(D, i.Rs1, i.Immediate, i.Rs2))),

        .. InstructionSet.Of(RiscVExtension.Zcf, BaseWidth.Rv32,
            Writes("c.flw",   "011 ... ... .. ... 00", Float(LoadWord), static (l, i) => l.LoadF(S, i.Rd, i.Rs1, i.Immediate)),
            Reads("c.fsw",    "111 ... ... .. ... 00", Float(StoreWord), static (l, i) => l.StoreF(S, i.Rs1, i.Immediate, i.Rs2)),
            Writes("c.flwsp", "011 . ..... ..... 10",  Float(LoadWordSp), static (l, i) => l.LoadF(S, i.Rd, i.Rs1, i.Immediate)),
            Reads("c.fswsp",  "111 ...... ..... 10",   Float(StoreWordSp), static (l, i) => l.StoreF(S, i.Rs1, i.Immediate, i.Rs2))),
    ];
}

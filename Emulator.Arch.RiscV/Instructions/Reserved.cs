using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Encodings set aside for later: may-be-operations (Zimop, Zcmop), and hints of locality (Zihintntl).</summary>
internal static class Reserved
{
    private const int RegisterOperations = 32;
    private const int RegisterPairOperations = 8;
    private const int CompressedOperations = 8;

    private static readonly OperandFormat NoOperands = new("");

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.Zimop,
        [
            .. Numbered.Rows(RegisterOperations, static n => RegisterOperation(n, Binary(n, 5))),
            .. Numbered.Rows(RegisterPairOperations, static n => RegisterPairOperation(n, Binary(n, 3))),
        ]),

        // C.LUI with an immediate of 0 and an odd register up to x15
        .. InstructionSet.Of(RiscVExtension.Zcmop,
        [
            .. Numbered.Rows(CompressedOperations, static n => Hint($"c.mop.{(2 * n) + 1}", $"011 0 0 {Binary(n, 3)} 1 00000 01")),
        ]),

        // ADD to x0
        .. InstructionSet.Of(RiscVExtension.Zihintntl,
            Hint("ntl.p1",   "0000000 00010 00000 000 00000 0110011"),
            Hint("ntl.pall", "0000000 00011 00000 000 00000 0110011"),
            Hint("ntl.s1",   "0000000 00100 00000 000 00000 0110011"),
            Hint("ntl.all",  "0000000 00101 00000 000 00000 0110011")),
        .. InstructionSet.Of(Requirement.AllOf(RiscVExtension.Zihintntl, RiscVExtension.Zca),
            Hint("c.ntl.p1",   "100 1 00000 00010 10"),
            Hint("c.ntl.pall", "100 1 00000 00011 10"),
            Hint("c.ntl.s1",   "100 1 00000 00100 10"),
            Hint("c.ntl.all",  "100 1 00000 00101 10")),
    ];

    private static InstructionDefinition RegisterOperation(int n, string b) =>
        R1($"mop.r.{n}", $"1 {b[0]} 00 {b[1..3]} 0111 {b[3..]} ..... 100 ..... 1110011", static (l, i) => l.SetX(i.Rd, 0));

    private static InstructionDefinition RegisterPairOperation(int n, string b) =>
        R($"mop.rr.{n}", $"1 {b[0]} 00 {b[1..]} 1 ..... ..... 100 ..... 1110011", static (l, i) => l.SetX(i.Rd, 0));

    private static InstructionDefinition Hint(string mnemonic, string pattern) => new(mnemonic, pattern, NoOperands, static (l, i) => { });

    // By hand: the framework's formatting brings in what it knows of cultures, at every start.
    private static string Binary(int value, int digits)
    {
        var text = new char[digits];
        for (int i = digits; i > 0; value >>= 1) text[--i] = (value & 1) == 0 ? '0' : '1';
        return new string(text);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Packed shifts, by an immediate byte or by the low 64 bits of a vector.</summary>
internal static class PackedShifts
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private const int Word = 16;
    private const int Doubleword = 32;
    private const int Quadword = 64;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        Shift(Mnemonic.Psllw, LeftWords, LeftWordsBy),
        Shift(Mnemonic.Pslld, LeftDoublewords, LeftDoublewordsBy),
        Shift(Mnemonic.Psllq, LeftQuadwords, LeftQuadwordsBy),
        Shift(Mnemonic.Psrlw, RightWords, RightWordsBy),
        Shift(Mnemonic.Psrld, RightDoublewords, RightDoublewordsBy),
        Shift(Mnemonic.Psrlq, RightQuadwords, RightQuadwordsBy),
        Shift(Mnemonic.Psraw, ArithmeticWords, ArithmeticWordsBy),
        Shift(Mnemonic.Psrad, ArithmeticDoublewords, ArithmeticDoublewordsBy),
        ByBytes(Mnemonic.Pslldq, LeftBytes),
        ByBytes(Mnemonic.Psrldq, RightBytes),
    ];

    private static InstructionRow Shift(Mnemonic mnemonic, VectorHelper byImmediate, VectorHelper byVector)
    {
        var immediate = X86Helpers.Register(byImmediate);
        var vector = X86Helpers.Register(byVector);
        return SseRow.Of(mnemonic, l =>
        {
            var operand = IrBuilder.ReadVector(l.XmmSlot(0));
            var result = l.Instruction.Op1Kind == OpKind.Immediate8
                ? l.Ir.Call(immediate, operand, operand, l.Instruction.Immediate8)
                : l.Ir.Call(vector, operand, l.ReadVector(1));
            l.Ir.WriteVector(l.XmmSlot(0), result);
        });
    }

    private static InstructionRow ByBytes(Mnemonic mnemonic, VectorHelper method)
    {
        var helper = X86Helpers.Register(method);
        return SseRow.Of(mnemonic, l =>
        {
            var operand = IrBuilder.ReadVector(l.XmmSlot(0));
            l.Ir.WriteVector(l.XmmSlot(0), l.Ir.Call(helper, operand, operand, l.Instruction.Immediate8));
        });
    }

    // .NET takes counts modulo the width, x86 does not
    [MethodImpl(Inline)]
    private static int Count(Vector128<byte> counts, int width) => (int)Math.Min(counts.AsUInt64().ToScalar(), (ulong)width);

    [MethodImpl(Inline)]
    private static Vector128<byte> LeftWords(Vector128<byte> a, Vector128<byte> b, int c) =>
        c < Word ? (a.AsUInt16() << c).AsByte() : Vector128<byte>.Zero;

    [MethodImpl(Inline)]
    private static Vector128<byte> LeftDoublewords(Vector128<byte> a, Vector128<byte> b, int c) =>
        c < Doubleword ? (a.AsUInt32() << c).AsByte() : Vector128<byte>.Zero;

    [MethodImpl(Inline)]
    private static Vector128<byte> LeftQuadwords(Vector128<byte> a, Vector128<byte> b, int c) =>
        c < Quadword ? (a.AsUInt64() << c).AsByte() : Vector128<byte>.Zero;

    [MethodImpl(Inline)]
    private static Vector128<byte> RightWords(Vector128<byte> a, Vector128<byte> b, int c) =>
        c < Word ? (a.AsUInt16() >>> c).AsByte() : Vector128<byte>.Zero;

    [MethodImpl(Inline)]
    private static Vector128<byte> RightDoublewords(Vector128<byte> a, Vector128<byte> b, int c) =>
        c < Doubleword ? (a.AsUInt32() >>> c).AsByte() : Vector128<byte>.Zero;

    [MethodImpl(Inline)]
    private static Vector128<byte> RightQuadwords(Vector128<byte> a, Vector128<byte> b, int c) =>
        c < Quadword ? (a.AsUInt64() >>> c).AsByte() : Vector128<byte>.Zero;

    [MethodImpl(Inline)]
    private static Vector128<byte> ArithmeticWords(Vector128<byte> a, Vector128<byte> b, int c) =>
        (a.AsInt16() >> Math.Min(c, Word - 1)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> ArithmeticDoublewords(Vector128<byte> a, Vector128<byte> b, int c) =>
        (a.AsInt32() >> Math.Min(c, Doubleword - 1)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> LeftWordsBy(Vector128<byte> a, Vector128<byte> b, int c) => LeftWords(a, b, Count(b, Word));

    [MethodImpl(Inline)]
    private static Vector128<byte> LeftDoublewordsBy(Vector128<byte> a, Vector128<byte> b, int c) => LeftDoublewords(a, b, Count(b, Doubleword));

    [MethodImpl(Inline)]
    private static Vector128<byte> LeftQuadwordsBy(Vector128<byte> a, Vector128<byte> b, int c) => LeftQuadwords(a, b, Count(b, Quadword));

    [MethodImpl(Inline)]
    private static Vector128<byte> RightWordsBy(Vector128<byte> a, Vector128<byte> b, int c) => RightWords(a, b, Count(b, Word));

    [MethodImpl(Inline)]
    private static Vector128<byte> RightDoublewordsBy(Vector128<byte> a, Vector128<byte> b, int c) => RightDoublewords(a, b, Count(b, Doubleword));

    [MethodImpl(Inline)]
    private static Vector128<byte> RightQuadwordsBy(Vector128<byte> a, Vector128<byte> b, int c) => RightQuadwords(a, b, Count(b, Quadword));

    [MethodImpl(Inline)]
    private static Vector128<byte> ArithmeticWordsBy(Vector128<byte> a, Vector128<byte> b, int c) => ArithmeticWords(a, b, Count(b, Word));

    [MethodImpl(Inline)]
    private static Vector128<byte> ArithmeticDoublewordsBy(Vector128<byte> a, Vector128<byte> b, int c) =>
        ArithmeticDoublewords(a, b, Count(b, Doubleword));

    // an index outside of the vector gives zero
    [MethodImpl(Inline)]
    private static Vector128<byte> LeftBytes(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.Shuffle(a, Vector128<byte>.Indices - Vector128.Create((byte)Math.Min(c, X86Lifter.VectorBytes)));

    [MethodImpl(Inline)]
    private static Vector128<byte> RightBytes(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.Shuffle(a, Vector128<byte>.Indices + Vector128.Create((byte)Math.Min(c, X86Lifter.VectorBytes)));
}

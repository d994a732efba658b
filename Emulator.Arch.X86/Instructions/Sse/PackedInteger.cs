using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Emulator.Arch.X86.Lifting;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Packed integer arithmetic, comparison and logic; logic also under its floating-point names.</summary>
internal static class PackedInteger
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        SseRow.Binary(Mnemonic.Paddb, AddBytes),
        SseRow.Binary(Mnemonic.Paddw, AddWords),
        SseRow.Binary(Mnemonic.Paddd, AddDoublewords),
        SseRow.Binary(Mnemonic.Paddq, AddQuadwords),
        SseRow.Binary(Mnemonic.Paddsb, AddSignedBytes),
        SseRow.Binary(Mnemonic.Paddsw, AddSignedWords),
        SseRow.Binary(Mnemonic.Paddusb, AddUnsignedBytes),
        SseRow.Binary(Mnemonic.Paddusw, AddUnsignedWords),
        SseRow.Binary(Mnemonic.Psubb, SubtractBytes),
        SseRow.Binary(Mnemonic.Psubw, SubtractWords),
        SseRow.Binary(Mnemonic.Psubd, SubtractDoublewords),
        SseRow.Binary(Mnemonic.Psubq, SubtractQuadwords),
        SseRow.Binary(Mnemonic.Psubsb, SubtractSignedBytes),
        SseRow.Binary(Mnemonic.Psubsw, SubtractSignedWords),
        SseRow.Binary(Mnemonic.Psubusb, SubtractUnsignedBytes),
        SseRow.Binary(Mnemonic.Psubusw, SubtractUnsignedWords),
        SseRow.Binary(Mnemonic.Pmullw, MultiplyLow),
        SseRow.Binary(Mnemonic.Pmulhw, MultiplyHigh),
        SseRow.Binary(Mnemonic.Pmulhuw, MultiplyHighUnsigned),
        SseRow.Binary(Mnemonic.Pmuludq, MultiplyDoublewords),
        SseRow.Binary(Mnemonic.Pmaddwd, MultiplyAdd),
        SseRow.Binary(Mnemonic.Psadbw, SumAbsoluteDifferences),
        SseRow.Binary(Mnemonic.Pavgb, AverageBytes),
        SseRow.Binary(Mnemonic.Pavgw, AverageWords),
        SseRow.Binary(Mnemonic.Pminub, MinimumBytes),
        SseRow.Binary(Mnemonic.Pmaxub, MaximumBytes),
        SseRow.Binary(Mnemonic.Pminsw, MinimumWords),
        SseRow.Binary(Mnemonic.Pmaxsw, MaximumWords),
        SseRow.Binary(Mnemonic.Pcmpeqb, EqualBytes),
        SseRow.Binary(Mnemonic.Pcmpeqw, EqualWords),
        SseRow.Binary(Mnemonic.Pcmpeqd, EqualDoublewords),
        SseRow.Binary(Mnemonic.Pcmpgtb, GreaterBytes),
        SseRow.Binary(Mnemonic.Pcmpgtw, GreaterWords),
        SseRow.Binary(Mnemonic.Pcmpgtd, GreaterDoublewords),
        .. Logic(And, Mnemonic.Pand, Mnemonic.Andps, Mnemonic.Andpd),
        .. Logic(NotAnd, Mnemonic.Pandn, Mnemonic.Andnps, Mnemonic.Andnpd),
        .. Logic(Or, Mnemonic.Por, Mnemonic.Orps, Mnemonic.Orpd),
        .. Logic(ExclusiveOr, Mnemonic.Pxor, Mnemonic.Xorps, Mnemonic.Xorpd),
    ];

    private static IEnumerable<InstructionRow> Logic(Emulator.Core.Ir.VectorHelper method, params Mnemonic[] mnemonics) =>
        mnemonics.Select(mnemonic => SseRow.Binary(mnemonic, method));

    [MethodImpl(Inline)]
    private static Vector128<byte> AddBytes(Vector128<byte> a, Vector128<byte> b, int c) => a + b;

    [MethodImpl(Inline)]
    private static Vector128<byte> AddWords(Vector128<byte> a, Vector128<byte> b, int c) => (a.AsInt16() + b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> AddDoublewords(Vector128<byte> a, Vector128<byte> b, int c) => (a.AsInt32() + b.AsInt32()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> AddQuadwords(Vector128<byte> a, Vector128<byte> b, int c) => (a.AsInt64() + b.AsInt64()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> AddSignedBytes(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.AddSaturate(a.AsSByte(), b.AsSByte()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> AddSignedWords(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.AddSaturate(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> AddUnsignedBytes(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.AddSaturate(a, b);

    [MethodImpl(Inline)]
    private static Vector128<byte> AddUnsignedWords(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.AddSaturate(a.AsUInt16(), b.AsUInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> SubtractBytes(Vector128<byte> a, Vector128<byte> b, int c) => a - b;

    [MethodImpl(Inline)]
    private static Vector128<byte> SubtractWords(Vector128<byte> a, Vector128<byte> b, int c) => (a.AsInt16() - b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> SubtractDoublewords(Vector128<byte> a, Vector128<byte> b, int c) => (a.AsInt32() - b.AsInt32()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> SubtractQuadwords(Vector128<byte> a, Vector128<byte> b, int c) => (a.AsInt64() - b.AsInt64()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> SubtractSignedBytes(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.SubtractSaturate(a.AsSByte(), b.AsSByte()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> SubtractSignedWords(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.SubtractSaturate(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> SubtractUnsignedBytes(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.SubtractSaturate(a, b);

    [MethodImpl(Inline)]
    private static Vector128<byte> SubtractUnsignedWords(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.SubtractSaturate(a.AsUInt16(), b.AsUInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> MultiplyLow(Vector128<byte> a, Vector128<byte> b, int c) => (a.AsInt16() * b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> MultiplyHigh(Vector128<byte> a, Vector128<byte> b, int c)
    {
        if (Sse2.IsSupported) return Sse2.MultiplyHigh(a.AsInt16(), b.AsInt16()).AsByte();
        var (lowA, highA) = Vector128.Widen(a.AsInt16());
        var (lowB, highB) = Vector128.Widen(b.AsInt16());
        return Vector128.Narrow((lowA * lowB) >> 16, (highA * highB) >> 16).AsByte();
    }

    [MethodImpl(Inline)]
    private static Vector128<byte> MultiplyHighUnsigned(Vector128<byte> a, Vector128<byte> b, int c)
    {
        if (Sse2.IsSupported) return Sse2.MultiplyHigh(a.AsUInt16(), b.AsUInt16()).AsByte();
        var (lowA, highA) = Vector128.Widen(a.AsUInt16());
        var (lowB, highB) = Vector128.Widen(b.AsUInt16());
        return Vector128.Narrow((lowA * lowB) >> 16, (highA * highB) >> 16).AsByte();
    }

    [MethodImpl(Inline)]
    private static Vector128<byte> MultiplyDoublewords(Vector128<byte> a, Vector128<byte> b, int c)
    {
        if (Sse2.IsSupported) return Sse2.Multiply(a.AsUInt32(), b.AsUInt32()).AsByte();
        var low = Vector128.Create((ulong)uint.MaxValue);
        return ((a.AsUInt64() & low) * (b.AsUInt64() & low)).AsByte();
    }

    // only the sum of four products of -32768 wraps
    [MethodImpl(Inline)]
    private static Vector128<byte> MultiplyAdd(Vector128<byte> a, Vector128<byte> b, int c)
    {
        if (Sse2.IsSupported) return Sse2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()).AsByte();
        var (pairsA, pairsB) = (a.AsInt32(), b.AsInt32());
        return ((((pairsA << 16) >> 16) * ((pairsB << 16) >> 16)) + ((pairsA >> 16) * (pairsB >> 16))).AsByte();
    }

    [MethodImpl(Inline)]
    private static Vector128<byte> SumAbsoluteDifferences(Vector128<byte> a, Vector128<byte> b, int c)
    {
        if (Sse2.IsSupported) return Sse2.SumAbsoluteDifferences(a, b).AsByte();
        var differences = Vector128.Max(a, b) - Vector128.Min(a, b);
        var (low, high) = Vector128.Widen(differences);
        return Vector128.Create((ulong)Vector128.Sum(low), Vector128.Sum(high)).AsByte();
    }

    // (a + b + 1) >> 1 without the carry that does not fit: a | b is half the sum and half the difference, rounded up
    [MethodImpl(Inline)]
    private static Vector128<byte> AverageBytes(Vector128<byte> a, Vector128<byte> b, int c) =>
        Sse2.IsSupported ? Sse2.Average(a, b) : (a | b) - ((a ^ b) >>> 1);

    [MethodImpl(Inline)]
    private static Vector128<byte> AverageWords(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.Average(a.AsUInt16(), b.AsUInt16()).AsByte()
        : ((a | b).AsUInt16() - ((a ^ b).AsUInt16() >>> 1)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> MinimumBytes(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Min(a, b);

    [MethodImpl(Inline)]
    private static Vector128<byte> MaximumBytes(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Max(a, b);

    [MethodImpl(Inline)]
    private static Vector128<byte> MinimumWords(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Min(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> MaximumWords(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Max(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> EqualBytes(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Equals(a, b);

    [MethodImpl(Inline)]
    private static Vector128<byte> EqualWords(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Equals(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> EqualDoublewords(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.Equals(a.AsInt32(), b.AsInt32()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> GreaterBytes(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.GreaterThan(a.AsSByte(), b.AsSByte()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> GreaterWords(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.GreaterThan(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> GreaterDoublewords(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.GreaterThan(a.AsInt32(), b.AsInt32()).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> And(Vector128<byte> a, Vector128<byte> b, int c) => a & b;

    [MethodImpl(Inline)]
    private static Vector128<byte> NotAnd(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.AndNot(b, a);

    [MethodImpl(Inline)]
    private static Vector128<byte> Or(Vector128<byte> a, Vector128<byte> b, int c) => a | b;

    [MethodImpl(Inline)]
    private static Vector128<byte> ExclusiveOr(Vector128<byte> a, Vector128<byte> b, int c) => a ^ b;
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;
using HostSse = System.Runtime.Intrinsics.X86.Sse;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Shuffles, interleaving, narrowing, single words and sign masks.</summary>
internal static class Shuffles
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private const int WordMask = 7;
    private static readonly Helper Insert = X86Helpers.Register(InsertWord);

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        SseRow.UnaryImmediate(Mnemonic.Pshufd, ShuffleDoublewords),
        SseRow.UnaryImmediate(Mnemonic.Pshuflw, ShuffleLowWords),
        SseRow.UnaryImmediate(Mnemonic.Pshufhw, ShuffleHighWords),
        SseRow.BinaryImmediate(Mnemonic.Shufps, ShuffleSingles),
        SseRow.BinaryImmediate(Mnemonic.Shufpd, ShuffleDoubles),
        SseRow.Binary(Mnemonic.Punpcklbw, InterleaveLowBytes),
        SseRow.Binary(Mnemonic.Punpcklwd, InterleaveLowWords),
        SseRow.Binary(Mnemonic.Punpckldq, InterleaveLowDoublewords),
        SseRow.Binary(Mnemonic.Punpcklqdq, LowHalves),
        SseRow.Binary(Mnemonic.Punpckhbw, InterleaveHighBytes),
        SseRow.Binary(Mnemonic.Punpckhwd, InterleaveHighWords),
        SseRow.Binary(Mnemonic.Punpckhdq, InterleaveHighDoublewords),
        SseRow.Binary(Mnemonic.Punpckhqdq, HighHalves),
        SseRow.Binary(Mnemonic.Unpcklps, InterleaveLowDoublewords),
        SseRow.Binary(Mnemonic.Unpcklpd, LowHalves),
        SseRow.Binary(Mnemonic.Unpckhps, InterleaveHighDoublewords),
        SseRow.Binary(Mnemonic.Unpckhpd, HighHalves),
        SseRow.Binary(Mnemonic.Packsswb, NarrowWords),
        SseRow.Binary(Mnemonic.Packssdw, NarrowDoublewords),
        SseRow.Binary(Mnemonic.Packuswb, NarrowWordsUnsigned),
        SseRow.ToGeneral(Mnemonic.Pmovmskb, SignsOfBytes),
        SseRow.ToGeneral(Mnemonic.Movmskps, SignsOfSingles),
        SseRow.ToGeneral(Mnemonic.Movmskpd, SignsOfDoubles),
        SseRow.Of(Mnemonic.Pinsrw, static l =>
        {
            var word = l.Ir.VectorPack(l.Read(1), 0);
            l.Ir.WriteVector(l.XmmSlot(0), l.Ir.Call(Insert, IrBuilder.ReadVector(l.XmmSlot(0)), word, l.Instruction.Immediate8 & WordMask));
        }),
        SseRow.Of(Code.Pextrw_r32_xmm_imm8, ExtractWord),
        SseRow.Of(Code.Pextrw_r64_xmm_imm8, ExtractWord),
    ];

    private static void ExtractWord(X86Lifter l)
    {
        int index = l.Instruction.Immediate8 & WordMask;
        var vector = IrBuilder.ReadVector(l.XmmSlot(1));
        var half = index < 4 ? l.Ir.VectorLow(vector) : l.Ir.VectorHigh(vector);
        l.Write(0, l.Ir.ZeroExtend16(l.Ir.ShrU(half, (index & 3) * 16)));
    }

    [MethodImpl(Inline)]
    private static Vector128<byte> ShuffleDoublewords(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.Shuffle(a.AsInt32(), Vector128.Create(c & 3, (c >> 2) & 3, (c >> 4) & 3, (c >> 6) & 3)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> ShuffleLowWords(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Shuffle(
        a.AsInt16(), Vector128.Create((short)(c & 3), (short)((c >> 2) & 3), (short)((c >> 4) & 3), (short)((c >> 6) & 3), 4, 5, 6, 7)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> ShuffleHighWords(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Shuffle(
        a.AsInt16(),
        Vector128.Create(0, 1, 2, 3, (short)(4 + (c & 3)), (short)(4 + ((c >> 2) & 3)), (short)(4 + ((c >> 4) & 3)), (short)(4 + ((c >> 6) & 3)))).AsByte();

    // the low half of each is where the result wants it, when both are shuffled alike
    [MethodImpl(Inline)]
    private static Vector128<byte> ShuffleSingles(Vector128<byte> a, Vector128<byte> b, int c)
    {
#pragma warning disable CA1857 // a constant where this is inlined
        if (HostSse.IsSupported) return HostSse.Shuffle(a.AsSingle(), b.AsSingle(), (byte)c).AsByte();
#pragma warning restore CA1857
        return LowHalves(ShuffleDoublewords(a, a, c), ShuffleDoublewords(b, b, c >> 4), 0);
    }

    [MethodImpl(Inline)]
    private static Vector128<byte> ShuffleDoubles(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.Create(a.AsUInt64().GetElement(c & 1), b.AsUInt64().GetElement((c >> 1) & 1)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> InterleaveLowBytes(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.UnpackLow(a, b)
        : (Vector128.WidenLower(a) | (Vector128.WidenLower(b) << 8)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> InterleaveLowWords(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.UnpackLow(a.AsInt16(), b.AsInt16()).AsByte()
        : (Vector128.WidenLower(a.AsUInt16()) | (Vector128.WidenLower(b.AsUInt16()) << 16)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> InterleaveLowDoublewords(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.UnpackLow(a.AsInt32(), b.AsInt32()).AsByte()
        : (Vector128.WidenLower(a.AsUInt32()) | (Vector128.WidenLower(b.AsUInt32()) << 32)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> LowHalves(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Create(a.GetLower(), b.GetLower());

    [MethodImpl(Inline)]
    private static Vector128<byte> InterleaveHighBytes(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.UnpackHigh(a, b)
        : (Vector128.WidenUpper(a) | (Vector128.WidenUpper(b) << 8)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> InterleaveHighWords(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.UnpackHigh(a.AsInt16(), b.AsInt16()).AsByte()
        : (Vector128.WidenUpper(a.AsUInt16()) | (Vector128.WidenUpper(b.AsUInt16()) << 16)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> InterleaveHighDoublewords(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsByte()
        : (Vector128.WidenUpper(a.AsUInt32()) | (Vector128.WidenUpper(b.AsUInt32()) << 32)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> HighHalves(Vector128<byte> a, Vector128<byte> b, int c) => Vector128.Create(a.GetUpper(), b.GetUpper());

    [MethodImpl(Inline)]
    private static Vector128<byte> NarrowWords(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.PackSignedSaturate(a.AsInt16(), b.AsInt16()).AsByte()
        : Vector128.Narrow(Clamp(a.AsInt16(), sbyte.MinValue, sbyte.MaxValue), Clamp(b.AsInt16(), sbyte.MinValue, sbyte.MaxValue)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> NarrowDoublewords(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.PackSignedSaturate(a.AsInt32(), b.AsInt32()).AsByte()
        : Vector128.Narrow(Clamp(a.AsInt32(), short.MinValue, short.MaxValue), Clamp(b.AsInt32(), short.MinValue, short.MaxValue)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> NarrowWordsUnsigned(Vector128<byte> a, Vector128<byte> b, int c) => Sse2.IsSupported
        ? Sse2.PackUnsignedSaturate(a.AsInt16(), b.AsInt16())
        : Vector128.Narrow(Clamp(a.AsInt16(), byte.MinValue, byte.MaxValue), Clamp(b.AsInt16(), byte.MinValue, byte.MaxValue)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<T> Clamp<T>(Vector128<T> values, T least, T greatest) =>
        Vector128.Min(Vector128.Max(values, Vector128.Create(least)), Vector128.Create(greatest));

    [MethodImpl(Inline)]
    private static Vector128<byte> SignsOfBytes(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.CreateScalar((ulong)Vector128.ExtractMostSignificantBits(a)).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> SignsOfSingles(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.CreateScalar((ulong)Vector128.ExtractMostSignificantBits(a.AsInt32())).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> SignsOfDoubles(Vector128<byte> a, Vector128<byte> b, int c) =>
        Vector128.CreateScalar((ulong)Vector128.ExtractMostSignificantBits(a.AsInt64())).AsByte();

    [MethodImpl(Inline)]
    private static Vector128<byte> InsertWord(Vector128<byte> a, Vector128<byte> b, int c) =>
        a.AsUInt16().WithElement(c, b.AsUInt16().ToScalar()).AsByte();
}

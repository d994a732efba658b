using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Conversions between numbers of both formats, and from integers.</summary>
internal static class SseConversion
{
    private static readonly Helper DoubleFromWord = X86Helpers.Register(DoubleFromInt32);
    private static readonly Helper DoublesFromWords = X86Helpers.Register(DoublesFromInt32);

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        SseFloatRow.Of(Mnemonic.Cvtps2pd, 8, WidenPacked, WidenPackedLanes),
        SseFloatRow.Of(Mnemonic.Cvtss2sd, 4, WidenScalar, WidenScalarLane),
        SseFloatRow.Of(Mnemonic.Cvtpd2ps, 16, NarrowPacked, NarrowPackedLanes),
        SseFloatRow.Of(Mnemonic.Cvtsd2ss, 8, NarrowScalar, NarrowScalarLane),
        SseFloatRow.Of(Mnemonic.Cvtdq2ps, 16, SinglesFromInt32, SinglesFromInt32Lanes),
        SseFloatRow.FromGeneral(Code.Cvtsi2ss_xmm_rm32, SingleFromInteger, SingleFromIntegerLane),
        SseFloatRow.FromGeneral(Code.Cvtsi2ss_xmm_rm64, SingleFromInteger, SingleFromIntegerLane),
        SseFloatRow.FromGeneral(Code.Cvtsi2sd_xmm_rm64, DoubleFromInteger, DoubleFromIntegerLane),

        // these are exact
        SseRow.Of(Code.Cvtsi2sd_xmm_rm32, static l =>
        {
            var integer = l.Ir.VectorPack(l.Read(1), 0);
            l.Ir.WriteVector(l.XmmSlot(0), l.Ir.Call(DoubleFromWord, IrBuilder.ReadVector(l.XmmSlot(0)), integer));
        }),
        SseRow.Of(Mnemonic.Cvtdq2pd, static l =>
        {
            var integers = l.ReadLowLane(1, 8);
            l.Ir.WriteVector(l.XmmSlot(0), l.Ir.Call(DoublesFromWords, integers, integers));
        }),
    ];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> DoubleFromInt32(Vector128<byte> a, Vector128<byte> b, int constant) =>
        a.AsDouble().WithElement(0, b.AsInt32().ToScalar()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> DoublesFromInt32(Vector128<byte> a, Vector128<byte> b, int constant) =>
        Vector128.Create((double)a.AsInt32().ToScalar(), a.AsInt32().GetElement(1)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> WidenPacked(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        var x = Vector128.Create(b.GetLower(), Vector64<byte>.Zero).AsSingle();
        return Settled.All(Settled.Ordinary(x))
            ? Vector128.WidenLower(b.AsSingle()).AsByte()
            : Default(WidenPackedLanes, a, b, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> WidenScalar(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        float x = b.AsSingle().ToScalar();
        return !float.IsNaN(x) && Settled.IsOrdinary(x)
            ? a.AsDouble().WithElement(0, x).AsByte()
            : Default(WidenScalarLane, a, b, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> NarrowPacked(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        var x = b.AsDouble();
        var (low, high) = ((float)x.ToScalar(), (float)x.GetElement(1));
        return Settled.IsInexact(flags) && Settled.IsPlain(low, false) && Settled.IsPlain(high, false)
            ? Vector128.Create(low, high, 0, 0).AsByte()
            : Default(NarrowPackedLanes, a, b, ref flags);
    }

    // a result that is not tiny had no denormal operand
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> NarrowScalar(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        float result = (float)b.AsDouble().ToScalar();
        return Settled.IsInexact(flags) && Settled.IsPlain(result, false)
            ? a.AsSingle().WithElement(0, result).AsByte()
            : Default(NarrowScalarLane, a, b, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> SinglesFromInt32(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags) =>
        Settled.IsInexact(flags) ? Vector128.ConvertToSingle(b.AsInt32()).AsByte() : Default(SinglesFromInt32Lanes, a, b, ref flags);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> SingleFromInteger(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags) => Settled.IsInexact(flags)
        ? a.AsSingle().WithElement(0, b.AsInt64().ToScalar()).AsByte()
        : Default(SingleFromIntegerLane, a, b, ref flags);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> DoubleFromInteger(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags) => Settled.IsInexact(flags)
        ? a.AsDouble().WithElement(0, b.AsInt64().ToScalar()).AsByte()
        : Default(DoubleFromIntegerLane, a, b, ref flags);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> Default(SseOperation operation, Vector128<byte> a, Vector128<byte> b, ref ulong flags)
    {
        var control = SseControl.Of(MxcsrBits.Default, flags);
        var result = operation(a, b, 0, ref control);
        flags |= (ulong)control.Finish().Flags;
        return result;
    }

    private static Vector128<byte> WidenPackedLanes(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control) =>
        Vector128.Create(Widen(b.AsUInt32().ToScalar(), ref control), Widen(b.AsUInt32().GetElement(1), ref control)).AsByte();

    private static Vector128<byte> WidenScalarLane(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control) =>
        a.AsUInt64().WithElement(0, Widen(b.AsUInt32().ToScalar(), ref control)).AsByte();

    private static Vector128<byte> NarrowPackedLanes(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control) =>
        Vector128.Create(Narrow(b.AsUInt64().ToScalar(), ref control), Narrow(b.AsUInt64().GetElement(1), ref control), 0, 0).AsByte();

    private static Vector128<byte> NarrowScalarLane(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control) =>
        a.AsUInt32().WithElement(0, Narrow(b.AsUInt64().ToScalar(), ref control)).AsByte();

    private static Vector128<byte> SinglesFromInt32Lanes(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control)
    {
        var lanes = b.AsUInt32();
        for (int i = 0; i < Vector128<uint>.Count; i++)
        {
            lanes = lanes.WithElement(i, (uint)FromInteger<Binary32>((ulong)(int)lanes.GetElement(i), ref control));
        }

        return lanes.AsByte();
    }

    private static Vector128<byte> SingleFromIntegerLane(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control) =>
        a.AsUInt32().WithElement(0, (uint)FromInteger<Binary32>(b.AsUInt64().ToScalar(), ref control)).AsByte();

    private static Vector128<byte> DoubleFromIntegerLane(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control) =>
        a.AsUInt64().WithElement(0, FromInteger<Binary64>(b.AsUInt64().ToScalar(), ref control)).AsByte();

    private static ulong Widen(uint bits, ref SseControl control)
    {
        var context = control.Begin();
        ulong result = HostConversion.Widen(control.Operand<Binary32>(bits), ref context);
        control.End(context);
        return result;
    }

    private static uint Narrow(ulong bits, ref SseControl control)
    {
        var context = control.Begin();
        ulong result = HostConversion.Narrow(control.Operand<Binary64>(bits), ref context);
        return (uint)control.End<Binary32>(result, context);
    }

    private static ulong FromInteger<T>(ulong value, ref SseControl control)
        where T : struct, IFloatFormat
    {
        var context = control.Begin();
        ulong result = HostConversion.FromInt64<T>(value, ref context);
        control.End(context);
        return result;
    }
}

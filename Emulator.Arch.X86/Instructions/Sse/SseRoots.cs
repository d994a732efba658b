using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Square roots, and the approximations RCP and RSQRT.</summary>
internal static class SseRoots
{
    private static readonly Helper ReciprocalLow = X86Helpers.Register(ReciprocalScalar);
    private static readonly Helper ReciprocalRootLow = X86Helpers.Register(ReciprocalRootScalar);

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        SseFloatRow.Of(Mnemonic.Sqrtps, 16, PackedSingle, SseLanes.Packed<SquareRoot, Binary32>),
        SseFloatRow.Of(Mnemonic.Sqrtpd, 16, PackedDouble, SseLanes.Packed<SquareRoot, Binary64>),
        SseFloatRow.Of(Mnemonic.Sqrtss, 4, ScalarSingle, SseLanes.Scalar<SquareRoot, Binary32>),
        SseFloatRow.Of(Mnemonic.Sqrtsd, 8, ScalarDouble, SseLanes.Scalar<SquareRoot, Binary64>),
        SseRow.Binary(Mnemonic.Rcpps, ReciprocalPacked),
        SseRow.Binary(Mnemonic.Rsqrtps, ReciprocalRootPacked),
        SseRow.Of(Mnemonic.Rcpss, static l => Scalar(l, ReciprocalLow)),
        SseRow.Of(Mnemonic.Rsqrtss, static l => Scalar(l, ReciprocalRootLow)),
    ];

    private static void Scalar(X86Lifter l, Helper helper) =>
        l.Ir.WriteVector(l.XmmSlot(0), l.Ir.Call(helper, IrBuilder.ReadVector(l.XmmSlot(0)), l.ReadLowLane(1, 4)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> PackedSingle(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        var x = b.AsSingle();
        var result = Vector128.Sqrt(x);
        return Settled.IsInexact(flags) && Settled.All(Settled.Ordinary(x) & Settled.Finite(result))
            ? result.AsByte()
            : SseLanes.PackedDefault<SquareRoot, Binary32>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> PackedDouble(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        var x = b.AsDouble();
        var result = Vector128.Sqrt(x);
        return Settled.IsInexact(flags) && Settled.All(Settled.Ordinary(x) & Settled.Finite(result))
            ? result.AsByte()
            : SseLanes.PackedDefault<SquareRoot, Binary64>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ScalarSingle(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        float x = b.AsSingle().ToScalar();
        float result = MathF.Sqrt(x);
        return Settled.IsInexact(flags) && Settled.IsPlain(result, true) && Settled.IsOrdinary(x)
            ? a.AsSingle().WithElement(0, result).AsByte()
            : SseLanes.ScalarDefault<SquareRoot, Binary32>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ScalarDouble(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        double x = b.AsDouble().ToScalar();
        double result = Math.Sqrt(x);
        return Settled.IsInexact(flags) && Settled.IsPlain(result, true) && Settled.IsOrdinary(x)
            ? a.AsDouble().WithElement(0, result).AsByte()
            : SseLanes.ScalarDefault<SquareRoot, Binary64>(a, b, constant, ref flags);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> ReciprocalPacked(Vector128<byte> a, Vector128<byte> b, int constant)
    {
        var lanes = b.AsUInt32();
        for (int i = 0; i < Vector128<uint>.Count; i++) lanes = lanes.WithElement(i, Reciprocal(lanes.GetElement(i)));
        return lanes.AsByte();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> ReciprocalRootPacked(Vector128<byte> a, Vector128<byte> b, int constant)
    {
        var lanes = b.AsUInt32();
        for (int i = 0; i < Vector128<uint>.Count; i++) lanes = lanes.WithElement(i, ReciprocalRoot(lanes.GetElement(i)));
        return lanes.AsByte();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> ReciprocalScalar(Vector128<byte> a, Vector128<byte> b, int constant) =>
        a.AsUInt32().WithElement(0, Reciprocal(b.AsUInt32().ToScalar())).AsByte();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> ReciprocalRootScalar(Vector128<byte> a, Vector128<byte> b, int constant) =>
        a.AsUInt32().WithElement(0, ReciprocalRoot(b.AsUInt32().ToScalar())).AsByte();

    // The approximations know no denormal numbers and signal nothing; a processor's error may be up to 1.5 * 2^-12, this one rounds.
    private static uint Reciprocal(uint bits) => FlushDenormal(BitConverter.SingleToUInt32Bits(1 / BitConverter.UInt32BitsToSingle(FlushDenormal(Quieted(bits)))));

    private static uint ReciprocalRoot(uint bits)
    {
        uint operand = FlushDenormal(Quieted(bits));
        bool isNegative = (operand & (uint)SseFormat<Binary32>.Sign) != 0 && (operand & (uint)SseFormat<Binary32>.Magnitude) != 0;
        if (SseFormat<Binary32>.IsNan(operand)) return operand;
        if (isNegative) return (uint)SseFormat<Binary32>.DefaultNan;
        return BitConverter.SingleToUInt32Bits((float)(1 / Math.Sqrt(BitConverter.UInt32BitsToSingle(operand))));
    }

    private static uint Quieted(uint bits) => SseFormat<Binary32>.IsNan(bits) ? bits | (uint)SseFormat<Binary32>.Quiet : bits;

    private static uint FlushDenormal(uint bits) => SseFormat<Binary32>.IsDenormal(bits) ? bits & (uint)SseFormat<Binary32>.Sign : bits;

    private readonly struct SquareRoot : ILaneOperation
    {
        public static ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
            where T : struct, IFloatFormat
        {
            var context = control.Begin();
            b = control.Operand<T>(b);
            ulong result = typeof(T) == typeof(Binary64) ? HostFloat64.SquareRoot(b, ref context) : HostFloat32.SquareRoot(b, ref context);
            control.End(context);
            return result;
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Processor;
using Emulator.Core.FloatingPoint;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>An instruction on vectors under any MXCSR.</summary>
internal delegate Vector128<byte> SseOperation(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control);

/// <summary>What one lane computes; operands and result as encodings in the low bits.</summary>
internal interface ILaneOperation
{
    static abstract ulong Compute<T>(ulong a, ulong b, int constant, ref SseControl control)
        where T : struct, IFloatFormat;
}

/// <summary>The exact way to every result, lane by lane, for whatever the host does not answer.</summary>
internal static class SseLanes
{
    /// <summary>All lanes.</summary>
    public static Vector128<byte> Packed<TOperation, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control)
        where TOperation : struct, ILaneOperation
        where T : struct, IFloatFormat
    {
        if (typeof(T) == typeof(Binary64))
        {
            var (a64, b64) = (a.AsUInt64(), b.AsUInt64());
            ulong low = TOperation.Compute<Binary64>(a64.ToScalar(), b64.ToScalar(), constant, ref control);
            ulong high = TOperation.Compute<Binary64>(a64.GetElement(1), b64.GetElement(1), constant, ref control);
            return Vector128.Create(low, high).AsByte();
        }

        var (a32, b32) = (a.AsUInt32(), b.AsUInt32());
        for (int i = 0; i < Vector128<uint>.Count; i++)
        {
            a32 = a32.WithElement(i, (uint)TOperation.Compute<Binary32>(a32.GetElement(i), b32.GetElement(i), constant, ref control));
        }

        return a32.AsByte();
    }

    /// <summary>The lowest lane; the others are a's.</summary>
    public static Vector128<byte> Scalar<TOperation, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref SseControl control)
        where TOperation : struct, ILaneOperation
        where T : struct, IFloatFormat => typeof(T) == typeof(Binary64)
            ? a.AsUInt64().WithElement(0, TOperation.Compute<T>(a.AsUInt64().ToScalar(), b.AsUInt64().ToScalar(), constant, ref control)).AsByte()
            : a.AsUInt32().WithElement(0, (uint)TOperation.Compute<T>(a.AsUInt32().ToScalar(), b.AsUInt32().ToScalar(), constant, ref control)).AsByte();

    /// <summary>All lanes, rounding to nearest with everything masked.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<byte> PackedDefault<TOperation, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where TOperation : struct, ILaneOperation
        where T : struct, IFloatFormat
    {
        var control = SseControl.Of(MxcsrBits.Default, flags);
        var result = Packed<TOperation, T>(a, b, constant, ref control);
        flags |= (ulong)control.Finish().Flags;
        return result;
    }

    /// <summary>The lowest lane, rounding to nearest with everything masked.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<byte> ScalarDefault<TOperation, T>(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
        where TOperation : struct, ILaneOperation
        where T : struct, IFloatFormat
    {
        var control = SseControl.Of(MxcsrBits.Default, flags);
        var result = Scalar<TOperation, T>(a, b, constant, ref control);
        flags |= (ulong)control.Finish().Flags;
        return result;
    }
}

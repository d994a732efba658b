using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Emulator.Core.FloatingPoint;

/// <summary>
/// When the host's own arithmetic may stand in for the bit-exact one. Every .NET host computes binary32 and binary64 as
/// IEEE 754 says, rounding to nearest even, with subnormals; it only does not tell what was signalled. So: other
/// directions, NaN and infinite results, and results that might be tiny go to the bit-exact path, and what remains can
/// signal nothing but inexact, which is looked up only while it is not set yet.
/// </summary>
internal static class HostGate
{
    /// <summary>
    /// Least magnitude at which the rounding error of a binary64 product, quotient or root is itself a binary64 number:
    /// an error is a multiple of 2^-104 of what it belongs to, and 2^-1074 is the least number. 2^-960 has room to spare.
    /// </summary>
    public const ulong LeastWithExactError = (ulong)(1023 - 960) << 52;

    /// <summary>Whether a fused multiply-add is one host instruction; a library's replacement is neither fast nor trusted.</summary>
    // A field: methods that ask the runtime themselves cannot be compiled ahead of time.
    public static bool HasFusedMultiplyAdd { get; } = Fma.IsSupported || AdvSimd.Arm64.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Allows(in FloatContext context)
        => context.Rounding == RoundingMode.NearestEven && !context.Has(FloatBehavior.ReportSubnormalOperands);

    /// <summary>The same for one operand; a guest that wants to hear of subnormals still gets the host for the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Allows<T>(ulong a, in FloatContext context)
        where T : struct, IFloatFormat
        => Allows(context) || (context.Rounding == RoundingMode.NearestEven && !Format<T>.IsSubnormal(a));

    /// <inheritdoc cref="Allows{T}(ulong, in FloatContext)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Allows<T>(ulong a, ulong b, in FloatContext context)
        where T : struct, IFloatFormat
        => Allows(context)
            || (context.Rounding == RoundingMode.NearestEven && !Format<T>.IsSubnormal(a) && !Format<T>.IsSubnormal(b));

    /// <summary>Whether a result is finite and above the least normal number, so that it neither overflowed nor was tiny.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPlain<T>(ulong result)
        where T : struct, IFloatFormat
        => (result & Format<T>.MagnitudeMask) - (Format<T>.HiddenBit + 1) < Format<T>.Infinity - (Format<T>.HiddenBit + 1);

    /// <summary>Whether a result is finite, subnormal and zero ones included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsFinite<T>(ulong result)
        where T : struct, IFloatFormat
        => (result & Format<T>.MagnitudeMask) < Format<T>.Infinity;

    /// <summary>Whether a binary64 value is large enough for its rounding error to be exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasExactError(ulong value) => (value & Format<Binary64>.MagnitudeMask) >= LeastWithExactError;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsInexactSet(in FloatContext context) => (context.Flags & FloatFlags.Inexact) != 0;

    /// <summary>
    /// The exact difference between x + y and its rounded <paramref name="sum"/> (Knuth, TAOCP 2, 4.2.2, theorem B). Near
    /// the overflow threshold an intermediate may overflow; the answer then is infinite or a NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double SumError(double x, double y, double sum)
    {
        var fromY = sum - x;
        var fromX = sum - fromY;
        return (x - fromX) + (y - fromY);
    }
}

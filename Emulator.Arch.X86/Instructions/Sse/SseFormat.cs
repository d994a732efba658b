using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Core.FloatingPoint;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Masks of a format of lanes.</summary>
internal static class SseFormat<T>
    where T : struct, IFloatFormat
{
    public static ulong Sign => 1ul << (T.ExponentBits + T.FractionBits);

    public static ulong Magnitude => Sign - 1;

    public static ulong Infinity => ((1ul << T.ExponentBits) - 1) << T.FractionBits;

    public static ulong LeastNormal => 1ul << T.FractionBits;

    public static ulong Quiet => LeastNormal >> 1;

    public static ulong DefaultNan => Sign | Infinity | Quiet;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsDenormal(ulong bits) => (bits & Magnitude) - 1 < LeastNormal - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsNan(ulong bits) => (bits & Magnitude) > Infinity;
}

/// <summary>
/// When the host's result is the guest's, flags included: rounding to nearest with every exception masked, Inexact signalled already,
/// no operand denormal or NaN, and the result neither infinite nor, where that could be inexact, tiny. Every .NET host computes as
/// IEEE 754 says and only does not tell what was signalled.
/// </summary>
internal static class Settled
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    [MethodImpl(Inline)]
    public static bool IsInexact(ulong flags) => (flags & (ulong)FloatFlags.Inexact) != 0;

    /// <summary>A number that is not denormal, or infinite; zero is one.</summary>
    [MethodImpl(Inline)]
    public static bool IsOrdinary(double x)
    {
        ulong magnitude = BitConverter.DoubleToUInt64Bits(x) & SseFormat<Binary64>.Magnitude;
        return magnitude - 1 >= SseFormat<Binary64>.LeastNormal - 1;
    }

    /// <inheritdoc cref="IsOrdinary(double)"/>
    [MethodImpl(Inline)]
    public static bool IsOrdinary(float x)
    {
        uint magnitude = BitConverter.SingleToUInt32Bits(x) & (uint)SseFormat<Binary32>.Magnitude;
        return magnitude - 1 >= (uint)SseFormat<Binary32>.LeastNormal - 1;
    }

    /// <summary>All ones where a lane is a number that is not denormal, or infinite.</summary>
    [MethodImpl(Inline)]
    public static Vector128<double> Ordinary(Vector128<double> x) =>
        Vector128.GreaterThanOrEqual(Vector128.Abs(x), Least64) | Vector128.Equals(x, Vector128<double>.Zero);

    /// <inheritdoc cref="Ordinary(Vector128{double})"/>
    [MethodImpl(Inline)]
    public static Vector128<float> Ordinary(Vector128<float> x) =>
        Vector128.GreaterThanOrEqual(Vector128.Abs(x), Least32) | Vector128.Equals(x, Vector128<float>.Zero);

    /// <summary>All ones where a lane is finite.</summary>
    [MethodImpl(Inline)]
    public static Vector128<double> Finite(Vector128<double> x) =>
        Vector128.LessThan(Vector128.Abs(x), Vector128.Create(double.PositiveInfinity));

    /// <inheritdoc cref="Finite(Vector128{double})"/>
    [MethodImpl(Inline)]
    public static Vector128<float> Finite(Vector128<float> x) =>
        Vector128.LessThan(Vector128.Abs(x), Vector128.Create(float.PositiveInfinity));

    /// <summary>All ones where a lane is finite and greater than the least normal number: what is rounded to that may have been tiny.</summary>
    [MethodImpl(Inline)]
    public static Vector128<double> Plain(Vector128<double> x) => Finite(x) & Vector128.GreaterThan(Vector128.Abs(x), Least64);

    /// <inheritdoc cref="Plain(Vector128{double})"/>
    [MethodImpl(Inline)]
    public static Vector128<float> Plain(Vector128<float> x) => Finite(x) & Vector128.GreaterThan(Vector128.Abs(x), Least32);

    [MethodImpl(Inline)]
    public static bool All(Vector128<double> mask) => Vector128.EqualsAll(mask.AsUInt64(), Vector128<ulong>.AllBitsSet);

    [MethodImpl(Inline)]
    public static bool All(Vector128<float> mask) => Vector128.EqualsAll(mask.AsUInt32(), Vector128<uint>.AllBitsSet);

    /// <summary>Whether a result is finite, and greater than the least normal number unless it may be tiny.</summary>
    [MethodImpl(Inline)]
    public static bool IsPlain(double x, bool mayBeTiny)
    {
        ulong magnitude = BitConverter.DoubleToUInt64Bits(x) & SseFormat<Binary64>.Magnitude;
        ulong least = mayBeTiny ? 0 : SseFormat<Binary64>.LeastNormal + 1;
        return magnitude - least < SseFormat<Binary64>.Infinity - least;
    }

    /// <inheritdoc cref="IsPlain(double, bool)"/>
    [MethodImpl(Inline)]
    public static bool IsPlain(float x, bool mayBeTiny)
    {
        uint magnitude = BitConverter.SingleToUInt32Bits(x) & (uint)SseFormat<Binary32>.Magnitude;
        uint least = mayBeTiny ? 0 : (uint)SseFormat<Binary32>.LeastNormal + 1;
        return magnitude - least < (uint)SseFormat<Binary32>.Infinity - least;
    }

    private static Vector128<double> Least64 => Vector128.Create(SseFormat<Binary64>.LeastNormal).AsDouble();

    private static Vector128<float> Least32 => Vector128.Create((uint)SseFormat<Binary32>.LeastNormal).AsSingle();
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Core.FloatingPoint;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Masks of a format of lanes.</summary>
internal static class SseFormat<T>
    where T : struct, IFloatFormat
{
    public static ulong Sign
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1ul << (T.ExponentBits + T.FractionBits);
    }

    public static ulong Magnitude
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Sign - 1;
    }

    public static ulong Infinity
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ((1ul << T.ExponentBits) - 1) << T.FractionBits;
    }

    public static ulong LeastNormal
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1ul << T.FractionBits;
    }

    public static ulong Quiet
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => LeastNormal >> 1;
    }

    public static ulong DefaultNan
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Sign | Infinity | Quiet;
    }

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
    private const ulong Magnitude64 = long.MaxValue;
    private const ulong LeastNormal64 = 1ul << 52;
    private const ulong Infinity64 = 0x7fful << 52;
    private const uint Magnitude32 = int.MaxValue;
    private const uint LeastNormal32 = 1u << 23;
    private const uint Infinity32 = 0xffu << 23;

    [MethodImpl(Inline)]
    public static bool IsInexact(ulong flags) => (flags & (ulong)FloatFlags.Inexact) != 0;

    /// <summary>A number that is not denormal, or infinite; zero is one.</summary>
    [MethodImpl(Inline)]
    public static bool IsOrdinary(double x)
    {
        ulong magnitude = BitConverter.DoubleToUInt64Bits(x) & Magnitude64;
        return magnitude - 1 >= LeastNormal64 - 1;
    }

    /// <inheritdoc cref="IsOrdinary(double)"/>
    [MethodImpl(Inline)]
    public static bool IsOrdinary(float x)
    {
        uint magnitude = BitConverter.SingleToUInt32Bits(x) & Magnitude32;
        return magnitude - 1 >= LeastNormal32 - 1;
    }

    /// <summary>All ones where a lane is a number that is not denormal, or infinite.</summary>
    [MethodImpl(Inline)]
    public static Vector128<double> Ordinary(Vector128<double> x) =>
        Vector128.GreaterThanOrEqual(Vector128.Abs(x), Vector128.Create(LeastNormal64).AsDouble()) | Vector128.Equals(x, Vector128<double>.Zero);

    /// <inheritdoc cref="Ordinary(Vector128{double})"/>
    [MethodImpl(Inline)]
    public static Vector128<float> Ordinary(Vector128<float> x) =>
        Vector128.GreaterThanOrEqual(Vector128.Abs(x), Vector128.Create(LeastNormal32).AsSingle()) | Vector128.Equals(x, Vector128<float>.Zero);

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
    public static Vector128<double> Plain(Vector128<double> x) => Finite(x) & Vector128.GreaterThan(Vector128.Abs(x), Vector128.Create(LeastNormal64).AsDouble());

    /// <inheritdoc cref="Plain(Vector128{double})"/>
    [MethodImpl(Inline)]
    public static Vector128<float> Plain(Vector128<float> x) => Finite(x) & Vector128.GreaterThan(Vector128.Abs(x), Vector128.Create(LeastNormal32).AsSingle());

    [MethodImpl(Inline)]
    public static bool All(Vector128<double> mask) => Vector128.EqualsAll(mask.AsUInt64(), Vector128<ulong>.AllBitsSet);

    [MethodImpl(Inline)]
    public static bool All(Vector128<float> mask) => Vector128.EqualsAll(mask.AsUInt32(), Vector128<uint>.AllBitsSet);

    /// <summary>Whether a result is finite, and greater than the least normal number unless it may be tiny.</summary>
    [MethodImpl(Inline)]
    public static bool IsPlain(double x, bool mayBeTiny)
    {
        ulong magnitude = BitConverter.DoubleToUInt64Bits(x) & Magnitude64;
        ulong least = mayBeTiny ? 0 : LeastNormal64 + 1;
        return magnitude - least < Infinity64 - least;
    }

    /// <inheritdoc cref="IsPlain(double, bool)"/>
    [MethodImpl(Inline)]
    public static bool IsPlain(float x, bool mayBeTiny)
    {
        uint magnitude = BitConverter.SingleToUInt32Bits(x) & Magnitude32;
        uint least = mayBeTiny ? 0 : LeastNormal32 + 1;
        return magnitude - least < Infinity32 - least;
    }
}

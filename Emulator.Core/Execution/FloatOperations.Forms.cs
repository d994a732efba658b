using System.Runtime.CompilerServices;
using Emulator.Core.FloatingPoint;

namespace Emulator.Core.Execution;

/// <content>How a number lies in a slot that is wider than it.</content>
internal static partial class FloatOperations
{
    private interface IRegisterForm
    {
        static abstract ulong Read<T>(ulong slot)
            where T : struct, IFloatFormat;

        static abstract ulong Write<T>(ulong value)
            where T : struct, IFloatFormat;
    }

    /// <summary>Low bits; the rest is ignored when read and zero when written.</summary>
    private readonly struct Raw : IRegisterForm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Read<T>(ulong slot)
            where T : struct, IFloatFormat => slot & ValueMask<T>();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Write<T>(ulong value)
            where T : struct, IFloatFormat => value;
    }

    /// <summary>NaN-boxed: the rest is all ones, and what is not so boxed reads as the default NaN.</summary>
    private readonly struct Boxed : IRegisterForm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Read<T>(ulong slot)
            where T : struct, IFloatFormat
        {
            ulong box = ~ValueMask<T>();
            return slot >= box ? slot & ValueMask<T>() : DefaultNan<T>();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Write<T>(ulong value)
            where T : struct, IFloatFormat => value | ~ValueMask<T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ValueMask<T>()
        where T : struct, IFloatFormat => Format<T>.SignMask | Format<T>.MagnitudeMask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong DefaultNan<T>()
        where T : struct, IFloatFormat => Format<T>.Infinity | Format<T>.QuietBit;
}

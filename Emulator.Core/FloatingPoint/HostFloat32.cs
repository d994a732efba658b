using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>
/// binary32 arithmetic on the host's hardware wherever that is provably the same, flags included (see HostGate); the
/// bit-exact path otherwise. A drop-in for <see cref="FloatArithmetic"/> and <see cref="FusedArithmetic"/>. Products of
/// two binary32 numbers are exact in binary64, which makes every check a comparison there.
/// </summary>
public static class HostFloat32
{
    /// <summary>a + b.</summary>
    public static ulong Add(ulong a, ulong b, ref FloatContext context)
    {
        if (HostGate.Allows<Binary32>(a, b, context) && TryAdd(a, b, ref context, out var result))
        {
            return result;
        }

        return FloatArithmetic.Add<Binary32>(a, b, ref context);
    }

    /// <summary>a − b.</summary>
    public static ulong Subtract(ulong a, ulong b, ref FloatContext context)
    {
        if (HostGate.Allows<Binary32>(a, b, context) && TryAdd(a, b ^ Format<Binary32>.SignMask, ref context, out var result))
        {
            return result;
        }

        return FloatArithmetic.Subtract<Binary32>(a, b, ref context);
    }

    /// <summary>a × b.</summary>
    public static ulong Multiply(ulong a, ulong b, ref FloatContext context)
    {
        if (HostGate.Allows<Binary32>(a, b, context))
        {
            var (x, y) = (Value(a), Value(b));
            var product = x * y;
            var result = Bits(product);
            if (HostGate.IsPlain<Binary32>(result))
            {
                if (!HostGate.IsInexactSet(context))
                {
                    NoteDifference((double)x * y, product, ref context);
                }

                return result;
            }
        }

        return FloatArithmetic.Multiply<Binary32>(a, b, ref context);
    }

    /// <summary>a ÷ b.</summary>
    public static ulong Divide(ulong a, ulong b, ref FloatContext context)
    {
        if (HostGate.Allows<Binary32>(a, b, context))
        {
            var (x, y) = (Value(a), Value(b));
            var quotient = x / y;
            var result = Bits(quotient);
            if (HostGate.IsPlain<Binary32>(result))
            {
                if (!HostGate.IsInexactSet(context))
                {
                    NoteDifference((double)quotient * y, x, ref context);
                }

                return result;
            }
        }

        return FloatArithmetic.Divide<Binary32>(a, b, ref context);
    }

    /// <summary>√a.</summary>
    public static ulong SquareRoot(ulong a, ref FloatContext context)
    {
        if (HostGate.Allows<Binary32>(a, context))
        {
            var x = Value(a);
            var root = MathF.Sqrt(x);
            var result = Bits(root);
            if (HostGate.IsPlain<Binary32>(result))
            {
                if (!HostGate.IsInexactSet(context))
                {
                    NoteDifference((double)root * root, x, ref context);
                }

                return result;
            }
        }

        return FloatArithmetic.SquareRoot<Binary32>(a, ref context);
    }

    /// <summary>a × b + c.</summary>
    public static ulong MultiplyAdd(ulong a, ulong b, ulong c, ref FloatContext context)
        => TryFused(a, b, c, ref context, out var result) ? result : FusedArithmetic.MultiplyAdd<Binary32>(a, b, c, ref context);

    /// <summary>a × b − c.</summary>
    public static ulong MultiplySubtract(ulong a, ulong b, ulong c, ref FloatContext context)
        => TryFused(a, b, c ^ Format<Binary32>.SignMask, ref context, out var result)
            ? result
            : FusedArithmetic.MultiplySubtract<Binary32>(a, b, c, ref context);

    /// <summary>−(a × b) + c.</summary>
    public static ulong NegatedMultiplyAdd(ulong a, ulong b, ulong c, ref FloatContext context)
        => TryFused(a ^ Format<Binary32>.SignMask, b, c, ref context, out var result)
            ? result
            : FusedArithmetic.NegatedMultiplyAdd<Binary32>(a, b, c, ref context);

    /// <summary>−(a × b) − c.</summary>
    public static ulong NegatedMultiplySubtract(ulong a, ulong b, ulong c, ref FloatContext context)
        => TryFused(a ^ Format<Binary32>.SignMask, b, c ^ Format<Binary32>.SignMask, ref context, out var result)
            ? result
            : FusedArithmetic.NegatedMultiplySubtract<Binary32>(a, b, c, ref context);

    /// <summary>A finite sum never underflows: where it is tiny it is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAdd(ulong a, ulong b, ref FloatContext context, out ulong result)
    {
        var (x, y) = (Value(a), Value(b));
        var sum = x + y;
        result = Bits(sum);
        if (!HostGate.IsFinite<Binary32>(result))
        {
            return false;
        }

        if (!HostGate.IsInexactSet(context))
        {
            NoteSum(x, y, sum, ref context);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFused(ulong a, ulong b, ulong c, ref FloatContext context, out ulong result)
    {
        result = 0;
        if (!HostGate.HasFusedMultiplyAdd || !HostGate.Allows<Binary32>(a, b, context) || !HostGate.Allows<Binary32>(c, context))
        {
            return false;
        }

        var (x, y, z) = (Value(a), Value(b), Value(c));
        var sum = MathF.FusedMultiplyAdd(x, y, z);
        result = Bits(sum);
        if (!HostGate.IsPlain<Binary32>(result))
        {
            return false;
        }

        if (!HostGate.IsInexactSet(context))
        {
            NoteSum((double)x * y, z, sum, ref context);
        }

        return true;
    }

    /// <summary>
    /// Compares x + y with what it was rounded to. A sum that is not exact in binary64 is not exact in binary32 either;
    /// neither it nor its error can overflow there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NoteSum(double x, double y, float rounded, ref FloatContext context)
    {
        var sum = x + y;
        if (sum != rounded || HostGate.SumError(x, y, sum) != 0)
        {
            context.Flags |= FloatFlags.Inexact;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NoteDifference(double exact, double rounded, ref FloatContext context)
    {
        if (exact != rounded)
        {
            context.Flags |= FloatFlags.Inexact;
        }
    }

    private static float Value(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);
}

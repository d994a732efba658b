using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>
/// binary64 arithmetic on the host's hardware wherever that is provably the same, flags included (see HostGate); the
/// bit-exact path otherwise. A drop-in for <see cref="FloatArithmetic"/> and <see cref="FusedArithmetic"/>.
/// </summary>
public static class HostFloat64
{
    /// <summary>a + b.</summary>
    public static ulong Add(ulong a, ulong b, ref FloatContext context)
    {
        if (HostGate.Allows<Binary64>(a, b, context) && TryAdd(a, b, ref context, out var result))
        {
            return result;
        }

        return FloatArithmetic.Add<Binary64>(a, b, ref context);
    }

    /// <summary>a − b.</summary>
    public static ulong Subtract(ulong a, ulong b, ref FloatContext context)
    {
        if (HostGate.Allows<Binary64>(a, b, context) && TryAdd(a, b ^ Format<Binary64>.SignMask, ref context, out var result))
        {
            return result;
        }

        return FloatArithmetic.Subtract<Binary64>(a, b, ref context);
    }

    /// <summary>a × b.</summary>
    public static ulong Multiply(ulong a, ulong b, ref FloatContext context)
    {
        if (HostGate.Allows<Binary64>(a, b, context))
        {
            var (x, y) = (Value(a), Value(b));
            var product = x * y;
            var result = Bits(product);
            if (HostGate.IsPlain<Binary64>(result))
            {
                if (HostGate.IsInexactSet(context))
                {
                    return result;
                }

                if (HostGate.HasFusedMultiplyAdd && HostGate.HasExactError(result))
                {
                    NoteError(Math.FusedMultiplyAdd(x, y, -product), ref context);
                    return result;
                }
            }
        }

        return FloatArithmetic.Multiply<Binary64>(a, b, ref context);
    }

    /// <summary>a ÷ b.</summary>
    public static ulong Divide(ulong a, ulong b, ref FloatContext context)
    {
        if (HostGate.Allows<Binary64>(a, b, context))
        {
            var (x, y) = (Value(a), Value(b));
            var quotient = x / y;
            var result = Bits(quotient);
            if (HostGate.IsPlain<Binary64>(result))
            {
                if (HostGate.IsInexactSet(context))
                {
                    return result;
                }

                if (HostGate.HasFusedMultiplyAdd && HostGate.HasExactError(a))
                {
                    NoteError(Math.FusedMultiplyAdd(-quotient, y, x), ref context);
                    return result;
                }
            }
        }

        return FloatArithmetic.Divide<Binary64>(a, b, ref context);
    }

    /// <summary>√a.</summary>
    public static ulong SquareRoot(ulong a, ref FloatContext context)
    {
        if (HostGate.Allows<Binary64>(a, context))
        {
            var x = Value(a);
            var root = Math.Sqrt(x);
            var result = Bits(root);
            if (HostGate.IsPlain<Binary64>(result))
            {
                if (HostGate.IsInexactSet(context))
                {
                    return result;
                }

                if (HostGate.HasFusedMultiplyAdd && HostGate.HasExactError(a))
                {
                    NoteError(Math.FusedMultiplyAdd(-root, root, x), ref context);
                    return result;
                }
            }
        }

        return FloatArithmetic.SquareRoot<Binary64>(a, ref context);
    }

    /// <summary>a × b + c.</summary>
    public static ulong MultiplyAdd(ulong a, ulong b, ulong c, ref FloatContext context)
        => TryFused(a, b, c, ref context, out var result) ? result : FusedArithmetic.MultiplyAdd<Binary64>(a, b, c, ref context);

    /// <summary>a × b − c.</summary>
    public static ulong MultiplySubtract(ulong a, ulong b, ulong c, ref FloatContext context)
        => TryFused(a, b, c ^ Format<Binary64>.SignMask, ref context, out var result)
            ? result
            : FusedArithmetic.MultiplySubtract<Binary64>(a, b, c, ref context);

    /// <summary>−(a × b) + c.</summary>
    public static ulong NegatedMultiplyAdd(ulong a, ulong b, ulong c, ref FloatContext context)
        => TryFused(a ^ Format<Binary64>.SignMask, b, c, ref context, out var result)
            ? result
            : FusedArithmetic.NegatedMultiplyAdd<Binary64>(a, b, c, ref context);

    /// <summary>−(a × b) − c.</summary>
    public static ulong NegatedMultiplySubtract(ulong a, ulong b, ulong c, ref FloatContext context)
        => TryFused(a ^ Format<Binary64>.SignMask, b, c ^ Format<Binary64>.SignMask, ref context, out var result)
            ? result
            : FusedArithmetic.NegatedMultiplySubtract<Binary64>(a, b, c, ref context);

    /// <summary>A finite sum never underflows: where it is tiny it is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAdd(ulong a, ulong b, ref FloatContext context, out ulong result)
    {
        var (x, y) = (Value(a), Value(b));
        var sum = x + y;
        result = Bits(sum);
        if (!HostGate.IsFinite<Binary64>(result))
        {
            return false;
        }

        return HostGate.IsInexactSet(context) || TryNoteSumError(x, y, sum, ref context);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFused(ulong a, ulong b, ulong c, ref FloatContext context, out ulong result)
    {
        result = 0;
        if (!HostGate.HasFusedMultiplyAdd || !HostGate.Allows<Binary64>(a, b, context) || !HostGate.Allows<Binary64>(c, context))
        {
            return false;
        }

        var (x, y, z) = (Value(a), Value(b), Value(c));
        var sum = Math.FusedMultiplyAdd(x, y, z);
        result = Bits(sum);
        return HostGate.IsPlain<Binary64>(result) && (HostGate.IsInexactSet(context) || TryNoteFusedError(x, y, z, sum, ref context));
    }

    /// <summary>
    /// Compares x × y + z with what it was rounded to: the product is p + e exactly, p + z is s + t, and t + e is u + w. If
    /// w is zero, s + u is all of it, and the error of that sum tells. If not, the sum is inexact: t is not zero then, so p
    /// and z did not cancel (Sterbenz's lemma) and |p| ≤ 2|s|, which keeps |u + w| below a few units in the last place of
    /// s. Were the total representable, u + w would be a multiple of half that unit, and so few of those fit into u.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryNoteFusedError(double x, double y, double z, double rounded, ref FloatContext context)
    {
        var product = x * y;
        if (!HostGate.HasExactError(Bits(product)))
        {
            return false;
        }

        var productError = Math.FusedMultiplyAdd(x, y, -product);
        var sum = product + z;
        var sumError = HostGate.SumError(product, z, sum);
        var errors = sumError + productError;
        var rest = HostGate.SumError(sumError, productError, errors);
        var error = HostGate.SumError(sum, errors, rounded);
        if (!double.IsFinite(rest) || (rest == 0 && !double.IsFinite(error)))
        {
            return false; // something overflowed on the way
        }

        NoteError(rest != 0 ? rest : error, ref context);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryNoteSumError(double x, double y, double sum, ref FloatContext context)
    {
        var error = HostGate.SumError(x, y, sum);
        if (!double.IsFinite(error))
        {
            return false;
        }

        NoteError(error, ref context);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NoteError(double error, ref FloatContext context)
    {
        if (error != 0)
        {
            context.Flags |= FloatFlags.Inexact;
        }
    }

    private static double Value(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);
}

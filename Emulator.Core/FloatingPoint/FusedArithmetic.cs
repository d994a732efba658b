using System.Numerics;
using System.Runtime.CompilerServices;

namespace Emulator.Core.FloatingPoint;

/// <summary>Multiply and add with a single rounding (IEEE 754-2019, 5.4.1 fusedMultiplyAdd), in its four sign variants.</summary>
public static class FusedArithmetic
{
    /// <summary>a × b + c.</summary>
    public static ulong MultiplyAdd<T>(ulong a, ulong b, ulong c, ref FloatContext context)
        where T : struct, IFloatFormat
        => Fused<T>(a, b, c, 0, 0, ref context);

    /// <summary>a × b − c.</summary>
    public static ulong MultiplySubtract<T>(ulong a, ulong b, ulong c, ref FloatContext context)
        where T : struct, IFloatFormat
        => Fused<T>(a, b, c, 0, Format<T>.SignMask, ref context);

    /// <summary>−(a × b) + c.</summary>
    public static ulong NegatedMultiplyAdd<T>(ulong a, ulong b, ulong c, ref FloatContext context)
        where T : struct, IFloatFormat
        => Fused<T>(a, b, c, Format<T>.SignMask, 0, ref context);

    /// <summary>−(a × b) − c.</summary>
    public static ulong NegatedMultiplySubtract<T>(ulong a, ulong b, ulong c, ref FloatContext context)
        where T : struct, IFloatFormat
        => Fused<T>(a, b, c, Format<T>.SignMask, Format<T>.SignMask, ref context);

    private static ulong Fused<T>(ulong a, ulong b, ulong c, ulong flipProduct, ulong flipAddend, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var x = Unpacked.From<T>(a);
        var y = Unpacked.From<T>(b);
        var z = Unpacked.From<T>(c);
        var kinds = x.Kind | y.Kind | z.Kind;
        var productSign = x.Sign ^ y.Sign ^ flipProduct;
        var addendSign = z.Sign ^ flipAddend;
        if ((kinds & (FloatKind.Infinity | Specials.AnyNan)) != 0)
        {
            return FusedSpecial<T>(a, b, c, x.Kind | y.Kind, z.Kind, productSign, addendSign, ref context);
        }

        Specials.NoteSubnormal(kinds, ref context);
        if (((x.Kind | y.Kind) & FloatKind.Zero) != 0)
        {
            return z.Kind != FloatKind.Zero ? c & Format<T>.MagnitudeMask | addendSign
                : productSign == addendSign ? productSign
                : Specials.ZeroSum<T>(context);
        }

        // The exact product, leading bit at 127.
        var product = Wide.Product(x.Significand, y.Significand);
        var exponent = x.Exponent + y.Exponent + 1;
        if ((long)product.High >= 0)
        {
            product = product.ShiftLeft(1);
            exponent--;
        }

        return z.Kind == FloatKind.Zero
            ? Rounding.Pack<T>(productSign, exponent, product.Sticky, ref context)
            : AddWide<T>(product, exponent, productSign, z, addendSign, ref context);
    }

    /// <summary>Adds two values with their leading bits at 127 and at least 20 zero bits below what they say.</summary>
    private static ulong AddWide<T>(
        Wide product, int productExponent, ulong productSign, in Unpacked addend, ulong addendSign, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var (large, small) = (product, new Wide(addend.Significand, 0));
        var (exponent, distance) = (productExponent, productExponent - addend.Exponent);
        var sign = productSign;
        if (distance < 0 || (distance == 0 && large.High < small.High))
        {
            (large, small) = (small, large);
            exponent = addend.Exponent;
            distance = -distance;
            sign = addendSign;
        }

        // One bit of headroom, as in addition: what falls off the smaller one is too far down to be rounded upon.
        large = large.ShiftRightSticky(1);
        small = small.ShiftRightSticky(distance + 1);
        var sum = productSign == addendSign ? large.Plus(small) : large.Minus(small);
        if ((sum.High | sum.Low) == 0)
        {
            return Specials.ZeroSum<T>(context);
        }

        if (sum.High == 0)
        {
            sum = new(sum.Low, 0);
            exponent -= 64;
        }

        var shift = BitOperations.LeadingZeroCount(sum.High);
        return Rounding.Pack<T>(sign, exponent + 1 - shift, sum.ShiftLeft(shift).Sticky, ref context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong FusedSpecial<T>(
        ulong a, ulong b, ulong c, FloatKind product, FloatKind addend, ulong productSign, ulong addendSign, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        var invalidProduct = (product & (Specials.NotArithmetic | FloatKind.Subnormal)) == (FloatKind.Infinity | FloatKind.Zero);
        if (((product | addend) & Specials.AnyNan) != 0)
        {
            return FusedNan<T>(a, b, c, invalidProduct, ref context);
        }

        if (invalidProduct)
        {
            return Specials.Invalid<T>(ref context);
        }

        if (product < FloatKind.Infinity)
        {
            Specials.NoteSubnormal(product | addend, ref context);
            return addendSign | Format<T>.Infinity;
        }

        if (addend == FloatKind.Infinity && productSign != addendSign)
        {
            return Specials.Invalid<T>(ref context);
        }

        Specials.NoteSubnormal(product | addend, ref context);
        return productSign | Format<T>.Infinity;
    }

    /// <summary>Some operand is a NaN. The sign variants negate results, not NaN operands: those are passed on as they are.</summary>
    private static ulong FusedNan<T>(ulong a, ulong b, ulong c, bool invalidProduct, ref FloatContext context)
        where T : struct, IFloatFormat
    {
        // 7.2 c: with a quiet NaN as addend, 0 × ∞ may or may not be invalid.
        if (Format<T>.IsSignalingNan(c) || (invalidProduct && !context.Has(FloatBehavior.QuietNanHidesInvalidProduct)))
        {
            context.Flags |= FloatFlags.Invalid;
        }

        return Format<T>.IsNan(a) || Format<T>.IsNan(b)
            ? Specials.Nan<T>(a, b, ref context)
            : Specials.Nan<T>(c, ref context);
    }
}

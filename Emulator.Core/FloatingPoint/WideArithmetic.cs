namespace Emulator.Core.FloatingPoint;

/// <summary>Exact integer division and square root on significands, 128 bits into 64.</summary>
internal static class WideArithmetic
{
    private const int DigitBits = 32;
    private const ulong DigitMask = (1UL << DigitBits) - 1;

    /// <summary>
    /// <paramref name="dividend"/> × 2^64 ÷ <paramref name="divisor"/>, whose top bit is set and which is the greater.
    /// </summary>
    public static ulong Divide(ulong dividend, ulong divisor, out ulong remainder)
    {
        if ((divisor & DigitMask) == 0 && (dividend & DigitMask) == 0)
        {
            // Both fit one digit (always so in the narrow formats): two hardware divisions without estimates.
            var digit = divisor >> DigitBits;
            var (first, rest) = Math.DivRem(dividend, digit);
            var (second, last) = Math.DivRem(rest << DigitBits, digit);
            remainder = last << DigitBits;
            return first << DigitBits | second;
        }

        var high = NextDigit(dividend, divisor, out var middle);
        var low = NextDigit(middle, divisor, out remainder);
        return high << DigitBits | low;
    }

    /// <summary>⌊√(<paramref name="high"/> × 2^64)⌋ for a <paramref name="high"/> of at least 2^62; its top bit is set.</summary>
    public static ulong SquareRoot(ulong high, out bool exact)
    {
        // The host's root is right in its first 50 bits or so; one Newton step on the exact remainder gives the other
        // 14 (a quotient of 13 bits, for which half the digits will do), and the loops settle the last unit whatever
        // the estimate was.
        var root = (ulong)(Math.Sqrt(high) * (1UL << DigitBits));
        var (above, below) = Remainder(high, root);
        root += (ulong)((long)(above << DigitBits | below >> DigitBits) / (long)(root >> DigitBits - 1));
        (above, below) = Remainder(high, root);
        while ((long)above < 0)
        {
            (above, below) = Remainder(high, --root);
        }

        // (r + 1)² fits as well while the remainder exceeds 2r, which has 65 bits.
        while (above > 1 || (above == 1 && below > root << 1))
        {
            (above, below) = Remainder(high, ++root);
        }

        exact = (above | below) == 0;
        return root;
    }

    /// <summary><paramref name="high"/> × 2^64 − <paramref name="root"/>², in 128 bits.</summary>
    private static (ulong Above, ulong Below) Remainder(ulong high, ulong root)
    {
        var squareHigh = Math.BigMul(root, root, out var squareLow);
        return unchecked((high - squareHigh - (squareLow != 0 ? 1UL : 0), 0 - squareLow));
    }

    /// <summary>One digit of schoolbook division: <paramref name="rest"/> × 2^32 ÷ <paramref name="divisor"/> (Knuth, TAOCP 2, 4.3.1 D).</summary>
    private static ulong NextDigit(ulong rest, ulong divisor, out ulong remainder)
    {
        var high = divisor >> DigitBits;
        var low = divisor & DigitMask;

        // Too large by two at most, since the divisor is normalised; the next dividend digit is always zero here.
        var (digit, part) = Math.DivRem(rest, high);
        while (digit > DigitMask || digit * low > part << DigitBits)
        {
            digit--;
            part += high;
            if (part > DigitMask)
            {
                break;
            }
        }

        remainder = unchecked((rest << DigitBits) - digit * divisor);
        return digit;
    }
}

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
        // 14, and the loops settle the last unit whatever the estimate was.
        var radicand = new UInt128(high, 0);
        var root = (ulong)(Math.Sqrt(high) * (1UL << DigitBits));
        var remainder = (Int128)(radicand - (UInt128)root * root);
        root += (ulong)(long)((double)remainder / (2.0 * root));
        var square = (UInt128)root * root;
        while (square > radicand)
        {
            root--;
            square = (UInt128)root * root;
        }

        while (radicand - square > (UInt128)root << 1)
        {
            root++;
            square = (UInt128)root * root;
        }

        exact = square == radicand;
        return root;
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

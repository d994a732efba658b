namespace Emulator.Arch.RiscV.Decoding;

/// <summary>
/// The fixed bits of an encoding, written as the manuals draw it: most significant bit left, <c>0</c> and <c>1</c> fixed, <c>.</c>
/// a bit of a field, spaces between fields.
/// </summary>
/// <param name="Mask">One for every fixed bit.</param>
/// <param name="Value">The fixed bits.</param>
/// <param name="Length">Bytes: 2 or 4.</param>
internal readonly record struct BitPattern(uint Mask, uint Value, int Length)
{
    public static BitPattern Parse(string text)
    {
        uint mask = 0;
        uint value = 0;
        int bits = 0;
        foreach (char c in text)
        {
            if (c == ' ') continue;
            if (c is not ('0' or '1' or '.')) throw new FormatException($"pattern '{text}': '{c}'; expected 0, 1, . or space");
            mask = (mask << 1) | (c == '.' ? 0u : 1u);
            value = (value << 1) | (c == '1' ? 1u : 0u);
            bits++;
        }

        if (bits is not (16 or 32)) throw new FormatException($"pattern '{text}' has {bits} bits; expected 16 or 32");
        bool isLong = (value & mask & 3) == 3;
        if ((mask & 3) != 3 || isLong != (bits == 32)) throw new FormatException($"pattern '{text}': the low two bits do not fit its length");
        return new(mask, value, bits / 8);
    }

    public bool Matches(uint bits) => (bits & Mask) == Value;

    /// <summary>True when some bits match both.</summary>
    public bool Overlaps(BitPattern other) => Length == other.Length && ((Value ^ other.Value) & Mask & other.Mask) == 0;

    /// <summary>True when everything that matches this matches <paramref name="other"/> too.</summary>
    public bool IsWithin(BitPattern other) => Overlaps(other) && (Mask & other.Mask) == other.Mask;
}

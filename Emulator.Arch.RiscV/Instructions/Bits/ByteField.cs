namespace Emulator.Arch.RiscV.Instructions.Bits;

/// <summary>Arithmetic in GF(2^8), from which the S-boxes of AES and SM4 are made.</summary>
internal static class ByteField
{
    private const int FieldSize = 256;

    /// <summary>The product modulo a polynomial of degree 8.</summary>
    public static byte Multiply(int a, int b, int polynomial)
    {
        int product = 0;
        for (; b != 0; b >>= 1)
        {
            if ((b & 1) != 0) product ^= a;
            a <<= 1;
            if (a >= FieldSize) a ^= polynomial;
        }

        return (byte)product;
    }

    /// <summary>The multiplicative inverse of each element; 0 for 0.</summary>
    public static byte[] Inverses(int polynomial)
    {
        var inverses = new byte[FieldSize];
        for (int a = 1; a < FieldSize; a++)
        {
            int b = 1;
            while (Multiply(a, b, polynomial) != 1) b++;
            inverses[a] = (byte)b;
        }

        return inverses;
    }

    /// <summary>The inverse of a permutation of bytes.</summary>
    public static byte[] Invert(byte[] permutation)
    {
        var inverse = new byte[FieldSize];
        for (int i = 0; i < FieldSize; i++) inverse[permutation[i]] = (byte)i;
        return inverse;
    }
}

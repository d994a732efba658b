namespace Emulator.Arch.RiscV.Instructions.Bits;

/// <summary>The byte substitution of AES (FIPS 197, 5.1.1) and the column mixing of one byte (5.1.3, 5.3.3).</summary>
internal static class AesBox
{
    private const int Polynomial = 0x11b;
    private const int AffineConstant = 0x63;

    /// <summary>SubBytes.</summary>
    public static byte[] Forward { get; } = Build();

    /// <summary>InvSubBytes.</summary>
    public static byte[] Inverse { get; } = ByteField.Invert(Forward);

    /// <summary>SubBytes of a byte in row 0 and what MixColumns makes of it in its column.</summary>
    public static uint[] ForwardColumn { get; } = BuildColumns(Forward, 0x03_01_01_02);

    /// <summary>InvSubBytes of a byte in row 0 and what InvMixColumns makes of it in its column.</summary>
    public static uint[] InverseColumn { get; } = BuildColumns(Inverse, 0x0b_0d_09_0e);

    /// <summary>The coefficients of MixColumns and InvMixColumns for a byte in row 0, multiplied with it.</summary>
    public static uint Mix(byte value, uint coefficients) =>
        (uint)ByteField.Multiply((int)(coefficients >> 24), value, Polynomial) << 24
        | (uint)ByteField.Multiply((byte)(coefficients >> 16), value, Polynomial) << 16
        | (uint)ByteField.Multiply((byte)(coefficients >> 8), value, Polynomial) << 8
        | ByteField.Multiply((byte)coefficients, value, Polynomial);

    /// <summary>SubBytes of each byte of a word: SubWord.</summary>
    public static uint SubWord(uint word) =>
        (uint)Forward[word >> 24] << 24 | (uint)Forward[(byte)(word >> 16)] << 16 | (uint)Forward[(byte)(word >> 8)] << 8 | Forward[(byte)word];

    private static byte[] Build()
    {
        byte[] box = ByteField.Inverses(Polynomial);
        for (int i = 0; i < box.Length; i++)
        {
            uint b = box[i] * 0x0101u; // a rotation of the byte is a shift of two copies
            box[i] = (byte)(b ^ (b >> 4) ^ (b >> 5) ^ (b >> 6) ^ (b >> 7) ^ AffineConstant);
        }

        return box;
    }

    private static uint[] BuildColumns(byte[] box, uint coefficients) => Array.ConvertAll(box, value => Mix(value, coefficients));
}

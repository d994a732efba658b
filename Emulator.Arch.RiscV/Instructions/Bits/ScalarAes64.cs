using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Emulator.Arch.RiscV.Instructions.Bits;

/// <summary>
/// The AES instructions of RV64 (Zkne, Zknd): half a round of the state rs2:rs1. x86's instructions do a whole round with the same
/// layout, so with a round key of zero their low half is the result.
/// </summary>
internal static class ScalarAes64
{
    /// <summary>The greatest round number of AES64KS1I, which only substitutes.</summary>
    public const int LastRound = 10;

    private const uint ForwardCoefficients = 0x03_01_01_02;
    private const uint InverseCoefficients = 0x0b_0d_09_0e;

    /// <summary>FIPS 197, table 5: the powers of two in GF(2^8).</summary>
    private static ReadOnlySpan<byte> RoundConstants => [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36];

    /// <summary>AES64ES: ShiftRows and SubBytes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes64Es(ulong a, ulong b, ulong unused) =>
        Aes.IsSupported ? Aes.EncryptLast(State(a, b), default).AsUInt64().ToScalar() : PortableEs(a, b);

    /// <summary>AES64ESM: ShiftRows, SubBytes and MixColumns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes64Esm(ulong a, ulong b, ulong unused) =>
        Aes.IsSupported ? Aes.Encrypt(State(a, b), default).AsUInt64().ToScalar() : PortableEsm(a, b);

    /// <summary>AES64DS: InvShiftRows and InvSubBytes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes64Ds(ulong a, ulong b, ulong unused) =>
        Aes.IsSupported ? Aes.DecryptLast(State(a, b), default).AsUInt64().ToScalar() : PortableDs(a, b);

    /// <summary>AES64DSM: InvShiftRows, InvSubBytes and InvMixColumns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes64Dsm(ulong a, ulong b, ulong unused) =>
        Aes.IsSupported ? Aes.Decrypt(State(a, b), default).AsUInt64().ToScalar() : PortableDsm(a, b);

    /// <summary>AES64IM: InvMixColumns of two columns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes64Im(ulong a, ulong unused1, ulong unused2) =>
        Aes.IsSupported ? Aes.InverseMixColumns(State(a, 0)).AsUInt64().ToScalar() : PortableIm(a);

    /// <summary>AES64KS1I: the word of the key schedule that depends on the round, twice.</summary>
    /// <param name="a">The last two words; the upper one is used.</param>
    /// <param name="unused">Nothing.</param>
    /// <param name="round">Round number, 0 to <see cref="LastRound"/>.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes64Ks1i(ulong a, ulong unused, ulong round)
    {
        uint word = AesBox.SubWord((uint)(a >> 32));
        if (round < LastRound) word = BitOperations.RotateRight(word, 8) ^ RoundConstants[(int)round];
        return (ulong)word << 32 | word;
    }

    internal static ulong PortableEs(ulong a, ulong b) => Substitute(AesBox.Forward, a, b, 1);

    internal static ulong PortableEsm(ulong a, ulong b) => MixColumns(PortableEs(a, b), ForwardCoefficients);

    internal static ulong PortableDs(ulong a, ulong b) => Substitute(AesBox.Inverse, a, b, -1);

    internal static ulong PortableDsm(ulong a, ulong b) => MixColumns(PortableDs(a, b), InverseCoefficients);

    internal static ulong PortableIm(ulong a) => MixColumns(a, InverseCoefficients);

    private static Vector128<byte> State(ulong a, ulong b) => Vector128.Create(a, b).AsByte();

    // Row r of the state (byte r of each column) is rotated by r columns; only the first two columns of the result are wanted.
    private static ulong Substitute(byte[] box, ulong a, ulong b, int direction)
    {
        ulong result = 0;
        for (int i = 0; i < sizeof(ulong); i++)
        {
            int row = i & 3;
            int column = ((i >> 2) + (direction * row)) & 3;
            ulong half = column < 2 ? a : b;
            byte value = (byte)(half >> (8 * (((column & 1) * 4) + row)));
            result |= (ulong)box[value] << (8 * i);
        }

        return result;
    }

    private static ulong MixColumns(ulong columns, uint coefficients)
    {
        uint low = 0;
        uint high = 0;
        for (int row = 0; row < 4; row++)
        {
            low ^= BitOperations.RotateLeft(AesBox.Mix((byte)(columns >> (8 * row)), coefficients), 8 * row);
            high ^= BitOperations.RotateLeft(AesBox.Mix((byte)(columns >> (32 + (8 * row))), coefficients), 8 * row);
        }

        return (ulong)high << 32 | low;
    }
}

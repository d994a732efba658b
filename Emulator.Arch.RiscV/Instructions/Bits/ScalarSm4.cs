using System.Numerics;
using System.Runtime.CompilerServices;

namespace Emulator.Arch.RiscV.Instructions.Bits;

/// <summary>
/// The SM4 instructions (Zksed): one byte of rs2 through the S-box and the linear transformation, into rs1. The third argument is the
/// byte's position in bits, 0 to 24. Words are little-endian here and big-endian in GB/T 32907, hence the split rotations.
/// </summary>
internal static class ScalarSm4
{
    private const int Polynomial = 0x1f5;
    private const uint AffineRow = 0xa7;
    private const byte AffineConstant = 0xd3;

    private static readonly byte[] Box = BuildBox();
    private static readonly uint[] EncryptTable = Array.ConvertAll(Box, value => EncryptTransform(value));
    private static readonly uint[] KeyTable = Array.ConvertAll(Box, value => KeyTransform(value));

    /// <summary>SM4ED: a round of encryption or decryption.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Sm4Ed(ulong a, ulong b, ulong shift) => Insert(a, EncryptTable[(byte)(b >> (int)shift)], shift);

    /// <summary>SM4KS: a round of the key schedule.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Sm4Ks(ulong a, ulong b, ulong shift) => Insert(a, KeyTable[(byte)(b >> (int)shift)], shift);

    // GB/T 32907, 6.2: x ^ (x <<< 2) ^ (x <<< 10) ^ (x <<< 18) ^ (x <<< 24)
    private static uint EncryptTransform(uint x) => x ^ (x << 8) ^ (x << 2) ^ (x << 18) ^ ((x & 0x3f) << 26) ^ ((x & 0xc0) << 10);

    // GB/T 32907, 6.3: x ^ (x <<< 13) ^ (x <<< 23)
    private static uint KeyTransform(uint x) => x ^ ((x & 0x07) << 29) ^ ((x & 0xfe) << 7) ^ ((x & 0x01) << 23) ^ ((x & 0xf8) << 13);

    private static ulong Insert(ulong accumulator, uint value, ulong shift) =>
        (ulong)(int)((uint)accumulator ^ BitOperations.RotateLeft(value, (int)shift));

    // The inverse in the field between two equal affine maps.
    private static byte[] BuildBox()
    {
        byte[] inverses = ByteField.Inverses(Polynomial);
        var box = new byte[inverses.Length];
        for (int i = 0; i < box.Length; i++) box[i] = Affine(inverses[Affine((byte)i)]);
        return box;
    }

    // A cyclic matrix: each row is the one before, rotated by one bit.
    private static byte Affine(byte x)
    {
        int result = 0;
        for (int row = 0; row < 8; row++)
        {
            uint rotated = (AffineRow << row | AffineRow >> (8 - row)) & 0xff;
            result |= (BitOperations.PopCount(rotated & x) & 1) << row;
        }

        return (byte)(result ^ AffineConstant);
    }
}

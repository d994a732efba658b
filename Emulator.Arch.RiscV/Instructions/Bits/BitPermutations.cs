using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Emulator.Arch.RiscV.Instructions.Bits;

/// <summary>Permutations of bits, nibbles and bytes (Zbkb, Zbkx) that the IR would need many operations for.</summary>
internal static class BitPermutations
{
    private const ulong OddBits = 0xaaaa_aaaa_aaaa_aaaa;
    private const ulong OddPairs = 0xcccc_cccc_cccc_cccc;
    private const ulong OddNibbles = 0xf0f0_f0f0_f0f0_f0f0;
    private const int NibbleBits = 4;
    private const int NibbleMask = 15;

    /// <summary>BREV8: the bits of each byte reversed.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Brev8(ulong a, ulong unused1, ulong unused2)
    {
        a = ((a & OddBits) >> 1) | ((a << 1) & OddBits);
        a = ((a & OddPairs) >> 2) | ((a << 2) & OddPairs);
        return ((a & OddNibbles) >> 4) | ((a << 4) & OddNibbles);
    }

    /// <summary>BREV8 on RV32.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Brev8Of32(ulong a, ulong unused1, ulong unused2) => (ulong)(int)Brev8(a, 0, 0);

    /// <summary>ZIP (RV32): the low half goes to the even bits, the high half to the odd ones.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Zip(ulong a, ulong unused1, ulong unused2)
    {
        uint x = (uint)a;
        x = Exchange(x, 0x0000_ff00, 8);
        x = Exchange(x, 0x00f0_00f0, 4);
        x = Exchange(x, 0x0c0c_0c0c, 2);
        return (ulong)(int)Exchange(x, 0x2222_2222, 1);
    }

    /// <summary>UNZIP (RV32), the inverse of ZIP.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Unzip(ulong a, ulong unused1, ulong unused2)
    {
        uint x = (uint)a;
        x = Exchange(x, 0x2222_2222, 1);
        x = Exchange(x, 0x0c0c_0c0c, 2);
        x = Exchange(x, 0x00f0_00f0, 4);
        return (ulong)(int)Exchange(x, 0x0000_ff00, 8);
    }

    /// <summary>XPERM8 on RV64: each byte of <paramref name="b"/> picks one of <paramref name="a"/>; out of range gives 0.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Xperm8(ulong a, ulong b, ulong unused) =>
        Vector128.Shuffle(Vector128.CreateScalar(a).AsByte(), Vector128.CreateScalar(b).AsByte()).AsUInt64().ToScalar();

    /// <summary>XPERM8 on RV32.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Xperm8Of32(ulong a, ulong b, ulong unused) => (ulong)(int)Xperm8((uint)a, b, 0);

    /// <summary>XPERM4 on RV64: each nibble of <paramref name="b"/> picks one of <paramref name="a"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Xperm4(ulong a, ulong b, ulong unused)
    {
        ulong result = 0;
        for (int shift = 0; shift < 64; shift += NibbleBits)
        {
            int index = (int)(b >> shift) & NibbleMask;
            result |= ((a >> (index * NibbleBits)) & NibbleMask) << shift;
        }

        return result;
    }

    /// <summary>XPERM4 on RV32: nibbles from 8 on do not exist and give 0.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Xperm4Of32(ulong a, ulong b, ulong unused) => (ulong)(int)Xperm4((uint)a, b, 0);

    // swaps the bits of the mask with those a distance above
    private static uint Exchange(uint x, uint mask, int distance)
    {
        uint difference = (x ^ (x >> distance)) & mask;
        return x ^ difference ^ (difference << distance);
    }
}

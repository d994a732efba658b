using Emulator.Arch.RiscV.Instructions.Bits;

namespace Emulator.Tests.RiscV.Instructions;

/// <summary>Carry-less products and permutations against definitions bit by bit.</summary>
public class BitHelperTests
{
    private const int Seed = 41;
    private static readonly ulong[] Edges = [0, 1, 2, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1ul << 32, 1ul << 63, ulong.MaxValue, 0x8000_0001];

    [Test]
    public void Portable_products_agree_with_the_host_instruction() => ForPairs((a, b) =>
    {
        var (low, high) = CarrylessMultiply.PortableProduct(a, b);
        Assert.That((CarrylessMultiply.Clmul(a, b, 0), CarrylessMultiply.Clmulh(a, b, 0)), Is.EqualTo((low, high)));
    });

    [Test]
    public void Reversed_product_is_the_product_of_reversed_operands() => ForPairs((a, b) =>
    {
        Assert.That(CarrylessMultiply.Clmulr(a, b, 0), Is.EqualTo(Reverse(CarrylessMultiply.Clmul(Reverse(a, 64), Reverse(b, 64), 0), 64)));
        ulong expected = Reverse(CarrylessMultiply.Clmul32(Reverse(a, 32), Reverse(b, 32), 0), 32);
        Assert.That(CarrylessMultiply.Clmulr32(a, b, 0), Is.EqualTo((ulong)(int)expected));
    });

    [Test]
    public void Products_of_32_bits_are_halves_of_the_wide_one() => ForPairs((a, b) =>
    {
        ulong product = CarrylessMultiply.Clmul((uint)a, (uint)b, 0);
        Assert.That(CarrylessMultiply.Clmul32(a, b, 0), Is.EqualTo((ulong)(int)product));
        Assert.That(CarrylessMultiply.Clmulh32(a, b, 0), Is.EqualTo((ulong)(int)(product >> 32)));
    });

    [Test]
    public void Brev8_reverses_each_byte() => ForPairs((a, _) =>
    {
        ulong expected = 0;
        for (int i = 0; i < 64; i++) expected |= ((a >> i) & 1) << ((i & ~7) | (7 - (i & 7)));
        Assert.That(BitPermutations.Brev8(a, 0, 0), Is.EqualTo(expected));
        Assert.That(BitPermutations.Brev8Of32(a, 0, 0), Is.EqualTo((ulong)(int)expected));
    });

    [Test]
    public void Zip_interleaves_and_unzip_undoes_it() => ForPairs((a, _) =>
    {
        uint expected = 0;
        for (int i = 0; i < 16; i++) expected |= (uint)((a >> i) & 1) << (2 * i) | (uint)((a >> (i + 16)) & 1) << ((2 * i) + 1);
        Assert.That(BitPermutations.Zip(a, 0, 0), Is.EqualTo((ulong)(int)expected));
        Assert.That(BitPermutations.Unzip(expected, 0, 0), Is.EqualTo((ulong)(int)a));
    });

    [Test]
    public void Crossbar_permutations_pick_or_give_zero() => ForPairs((a, b) =>
    {
        Assert.That(BitPermutations.Xperm4(a, b, 0), Is.EqualTo(Crossbar(a, b, 4, 64)));
        Assert.That(BitPermutations.Xperm8(a, b, 0), Is.EqualTo(Crossbar(a, b, 8, 64)));
        Assert.That(BitPermutations.Xperm8(a, b & 0x0707_0f07_0707_0407, 0), Is.EqualTo(Crossbar(a, b & 0x0707_0f07_0707_0407, 8, 64)));
        Assert.That(BitPermutations.Xperm4Of32(a, b, 0), Is.EqualTo((ulong)(int)Crossbar(a, b, 4, 32)));
        Assert.That(BitPermutations.Xperm8Of32(a, b, 0), Is.EqualTo((ulong)(int)Crossbar(a, b, 8, 32)));
        Assert.That(BitPermutations.Xperm8Of32(a, b & 0x0403_0201, 0), Is.EqualTo((ulong)(int)Crossbar(a, b & 0x0403_0201, 8, 32)));
    });

    private static ulong Crossbar(ulong a, ulong b, int width, int xlen)
    {
        ulong mask = (1ul << width) - 1;
        ulong result = 0;
        for (int i = 0; i < xlen; i += width)
        {
            ulong index = (b >> i) & mask;
            if (index < (ulong)(xlen / width)) result |= ((a >> (int)(index * (ulong)width)) & mask) << i;
        }

        return result;
    }

    private static ulong Reverse(ulong value, int bits)
    {
        ulong result = 0;
        for (int i = 0; i < bits; i++) result |= ((value >> i) & 1) << (bits - 1 - i);
        return result;
    }

    private static void ForPairs(Action<ulong, ulong> check)
    {
        foreach (ulong a in Edges)
        {
            foreach (ulong b in Edges) check(a, b);
        }

        var random = new Random(Seed);
        for (int i = 0; i < 300; i++) check((ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64(long.MinValue, long.MaxValue));
    }
}

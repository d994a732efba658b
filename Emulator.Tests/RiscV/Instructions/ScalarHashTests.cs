using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Emulator.Tests.RiscV.Oracle;

namespace Emulator.Tests.RiscV.Instructions;

/// <summary>SHA-256, SHA-512 and SM3 composed from the lifted instructions, against .NET and the examples of GB/T 32905-2016.</summary>
public sealed class ScalarHashTests
{
    private const string TwoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

    [Test]
    public void Sha256_is_that_of_the_host([Values("rv64max", "rv32max")] string isa, [Values("abc", TwoBlocks)] string text)
    {
        using var line = new AssemblyLine(isa);
        uint Run(string mnemonic, uint x) => SignExtended(line.X(mnemonic, (ulong)(int)x));

        uint[] state = [.. Primes(8).Select(p => (uint)Fraction(p, 2, 32))];
        uint[] constants = [.. Primes(64).Select(p => (uint)Fraction(p, 3, 32))];
        foreach (byte[] block in Pad(text, 64, 8))
        {
            var w = new uint[64];
            for (int t = 0; t < 16; t++) w[t] = BinaryPrimitives.ReadUInt32BigEndian(block.AsSpan(4 * t));
            for (int t = 16; t < 64; t++) w[t] = Run("sha256sig1", w[t - 2]) + w[t - 7] + Run("sha256sig0", w[t - 15]) + w[t - 16];
            uint[] v = [.. state];
            for (int t = 0; t < 64; t++)
            {
                uint first = v[7] + Run("sha256sum1", v[4]) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[t] + w[t];
                uint second = Run("sha256sum0", v[0]) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
                v = [first + second, v[0], v[1], v[2], v[3] + first, v[4], v[5], v[6]];
            }

            for (int i = 0; i < 8; i++) state[i] += v[i];
        }

        Assert.That(string.Concat(state.Select(x => x.ToString("X8"))), Is.EqualTo(Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(text)))));
    }

    [Test]
    public void Sha512_is_that_of_the_host([Values("rv64max", "rv32max")] string isa, [Values("abc", TwoBlocks + TwoBlocks)] string text)
    {
        using var line = new AssemblyLine(isa);
        var run = isa.StartsWith("rv64", StringComparison.Ordinal) ? (Func<string, ulong, ulong>)Wide : Halves;

        ulong[] state = [.. Primes(8).Select(p => Fraction(p, 2, 64))];
        ulong[] constants = [.. Primes(80).Select(p => Fraction(p, 3, 64))];
        foreach (byte[] block in Pad(text, 128, 16))
        {
            var w = new ulong[80];
            for (int t = 0; t < 16; t++) w[t] = BinaryPrimitives.ReadUInt64BigEndian(block.AsSpan(8 * t));
            for (int t = 16; t < 80; t++) w[t] = run("sig1", w[t - 2]) + w[t - 7] + run("sig0", w[t - 15]) + w[t - 16];
            ulong[] v = [.. state];
            for (int t = 0; t < 80; t++)
            {
                ulong first = v[7] + run("sum1", v[4]) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[t] + w[t];
                ulong second = run("sum0", v[0]) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
                v = [first + second, v[0], v[1], v[2], v[3] + first, v[4], v[5], v[6]];
            }

            for (int i = 0; i < 8; i++) state[i] += v[i];
        }

        Assert.That(string.Concat(state.Select(x => x.ToString("X16"))), Is.EqualTo(Convert.ToHexString(SHA512.HashData(Encoding.ASCII.GetBytes(text)))));

        ulong Wide(string name, ulong x) => line.X($"sha512{name}", x);

        ulong Halves(string name, ulong x)
        {
            (ulong low, ulong high) = ((ulong)(int)x, (ulong)((long)x >> 32));
            bool isSum = name.StartsWith("sum", StringComparison.Ordinal);
            uint resultLow = SignExtended(line.X($"sha512{name}{(isSum ? "r" : "l")}", low, high));
            uint resultHigh = SignExtended(line.X($"sha512{name}{(isSum ? "r" : "h")}", high, low));
            return (ulong)resultHigh << 32 | resultLow;
        }
    }

    // GB/T 32905-2016, appendix A
    [TestCase("abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")]
    [TestCase("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd", "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")]
    public void Sm3_gives_the_examples_of_the_standard(string text, string expected)
    {
        foreach (string isa in (string[])["rv64max", "rv32max"])
        {
            using var line = new AssemblyLine(isa);
            uint Run(string mnemonic, uint x) => SignExtended(line.X(mnemonic, (ulong)(int)x));

            uint[] state = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
            foreach (byte[] block in Pad(text, 64, 8))
            {
                var w = new uint[68];
                for (int t = 0; t < 16; t++) w[t] = BinaryPrimitives.ReadUInt32BigEndian(block.AsSpan(4 * t));
                for (int t = 16; t < 68; t++)
                {
                    w[t] = Run("sm3p1", w[t - 16] ^ w[t - 9] ^ uint.RotateLeft(w[t - 3], 15)) ^ uint.RotateLeft(w[t - 13], 7) ^ w[t - 6];
                }

                uint[] v = [.. state];
                for (int t = 0; t < 64; t++)
                {
                    uint sum = uint.RotateLeft(v[0], 12) + v[4] + uint.RotateLeft(t < 16 ? 0x79cc4519u : 0x7a879d8au, t);
                    uint first = uint.RotateLeft(sum, 7);
                    uint second = first ^ uint.RotateLeft(v[0], 12);
                    uint mixed1 = t < 16 ? v[0] ^ v[1] ^ v[2] : (v[0] & v[1]) | (v[0] & v[2]) | (v[1] & v[2]);
                    uint mixed2 = t < 16 ? v[4] ^ v[5] ^ v[6] : (v[4] & v[5]) | (~v[4] & v[6]);
                    v =
                    [
                        mixed1 + v[3] + second + (w[t] ^ w[t + 4]), v[0], uint.RotateLeft(v[1], 9), v[2],
                        Run("sm3p0", mixed2 + v[7] + first + w[t]), v[4], uint.RotateLeft(v[5], 19), v[6],
                    ];
                }

                for (int i = 0; i < 8; i++) state[i] ^= v[i];
            }

            Assert.That(string.Concat(state.Select(x => x.ToString("x8"))), Is.EqualTo(expected), isa);
        }
    }

    private static uint SignExtended(ulong value)
    {
        Assert.That((long)value, Is.EqualTo((int)value), "sign-extended");
        return (uint)value;
    }

    private static IEnumerable<int> Primes(int count) =>
        Enumerable.Range(2, 1000).Where(n => Enumerable.Range(2, n - 2).All(d => n % d != 0)).Take(count);

    // FIPS 180-4, 4.2, 5.3: the first bits of the fractional part of a root
    private static ulong Fraction(int number, int degree, int bits)
    {
        var scaled = (BigInteger)number << (degree * bits);
        var (low, high) = (BigInteger.Zero, BigInteger.One << (bits + 8));
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (BigInteger.Pow(middle, degree) <= scaled) low = middle;
            else high = middle;
        }

        return (ulong)(low & ((BigInteger.One << bits) - 1));
    }

    private static IEnumerable<byte[]> Pad(string text, int blockSize, int lengthSize)
    {
        var bytes = Encoding.ASCII.GetBytes(text).ToList();
        long bits = 8L * bytes.Count;
        bytes.Add(0x80);
        while (bytes.Count % blockSize != blockSize - lengthSize) bytes.Add(0);
        byte[] length = new byte[lengthSize];
        BinaryPrimitives.WriteInt64BigEndian(length.AsSpan(lengthSize - 8), bits);
        bytes.AddRange(length);
        return bytes.Chunk(blockSize);
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Emulator.Arch.RiscV.Instructions.Bits;

namespace Emulator.Tests.RiscV.Instructions;

/// <summary>AES composed from the scalar instructions, as the Scalar Cryptography specification shows, against FIPS 197 and .NET.</summary>
public class ScalarAesTests
{
    private const int Seed = 197;

    // FIPS 197, appendix C.1 to C.3
    private static readonly byte[] Plaintext = Convert.FromHexString("00112233445566778899aabbccddeeff");

    [TestCase("000102030405060708090a0b0c0d0e0f", "69c4e0d86a7b0430d8cdb78070b4c55a")]
    public void Aes64_gives_the_examples_of_the_standard(string key, string ciphertext) => Check64(Convert.FromHexString(key), Plaintext, ciphertext);

    [TestCase("000102030405060708090a0b0c0d0e0f", "69c4e0d86a7b0430d8cdb78070b4c55a")]
    public void Aes32_gives_the_examples_of_the_standard(string key, string ciphertext) => Check32(Convert.FromHexString(key), Plaintext, ciphertext);

    [Test]
    public void Both_widths_agree_with_the_host()
    {
        var random = new Random(Seed);
        for (int i = 0; i < 200; i++)
        {
            byte[] key = new byte[16];
            byte[] block = new byte[16];
            random.NextBytes(key);
            random.NextBytes(block);
            using var aes = System.Security.Cryptography.Aes.Create();
            aes.Key = key;
            string expected = Convert.ToHexStringLower(aes.EncryptEcb(block, PaddingMode.None));
            Check64(key, block, expected);
            Check32(key, block, expected);
        }
    }

    [Test]
    public void Portable_code_agrees_with_the_host_instructions()
    {
        var random = new Random(Seed);
        for (int i = 0; i < 1000; i++)
        {
            ulong a = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            ulong b = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(ScalarAes64.PortableEs(a, b), Is.EqualTo(ScalarAes64.Aes64Es(a, b, 0)), $"es seed {Seed}");
                Assert.That(ScalarAes64.PortableEsm(a, b), Is.EqualTo(ScalarAes64.Aes64Esm(a, b, 0)), $"esm seed {Seed}");
                Assert.That(ScalarAes64.PortableDs(a, b), Is.EqualTo(ScalarAes64.Aes64Ds(a, b, 0)), $"ds seed {Seed}");
                Assert.That(ScalarAes64.PortableDsm(a, b), Is.EqualTo(ScalarAes64.Aes64Dsm(a, b, 0)), $"dsm seed {Seed}");
                Assert.That(ScalarAes64.PortableIm(a), Is.EqualTo(ScalarAes64.Aes64Im(a, 0, 0)), $"im seed {Seed}");
            }
        }
    }

    private static void Check64(byte[] key, byte[] block, string ciphertext)
    {
        ulong[] schedule = ExpandKey64(key);
        var (low, high) = (Word64(block, 0) ^ schedule[0], Word64(block, 8) ^ schedule[1]);
        for (int round = 1; round < 10; round++)
        {
            (low, high) = (ScalarAes64.Aes64Esm(low, high, 0) ^ schedule[2 * round], ScalarAes64.Aes64Esm(high, low, 0) ^ schedule[(2 * round) + 1]);
        }

        (low, high) = (ScalarAes64.Aes64Es(low, high, 0) ^ schedule[20], ScalarAes64.Aes64Es(high, low, 0) ^ schedule[21]);
        Assert.That(Hex(low, high), Is.EqualTo(ciphertext), "encryption");

        // the equivalent inverse cipher, FIPS 197 5.3.5
        (low, high) = (low ^ schedule[20], high ^ schedule[21]);
        for (int round = 9; round > 0; round--)
        {
            ulong lowKey = ScalarAes64.Aes64Im(schedule[2 * round], 0, 0);
            ulong highKey = ScalarAes64.Aes64Im(schedule[(2 * round) + 1], 0, 0);
            (low, high) = (ScalarAes64.Aes64Dsm(low, high, 0) ^ lowKey, ScalarAes64.Aes64Dsm(high, low, 0) ^ highKey);
        }

        (low, high) = (ScalarAes64.Aes64Ds(low, high, 0) ^ schedule[0], ScalarAes64.Aes64Ds(high, low, 0) ^ schedule[1]);
        Assert.That(Hex(low, high), Is.EqualTo(Convert.ToHexStringLower(block)), "decryption");
    }

    private static ulong[] ExpandKey64(byte[] key)
    {
        var schedule = new ulong[22];
        (schedule[0], schedule[1]) = (Word64(key, 0), Word64(key, 8));
        for (uint round = 0; round < 10; round++)
        {
            ulong first = Ks2(ScalarAes64.Aes64Ks1i(schedule[(2 * round) + 1], 0, round), schedule[2 * round]);
            schedule[(2 * round) + 2] = first;
            schedule[(2 * round) + 3] = Ks2(first, schedule[(2 * round) + 1]);
        }

        return schedule;
    }

    // AES64KS2 as the specification writes it
    private static ulong Ks2(ulong a, ulong b)
    {
        uint low = (uint)(a >> 32) ^ (uint)b;
        uint high = (uint)(a >> 32) ^ (uint)b ^ (uint)(b >> 32);
        return (ulong)high << 32 | low;
    }

    private static void Check32(byte[] key, byte[] block, string ciphertext)
    {
        uint[] schedule = ExpandKey32(key);
        uint[] state = [.. Enumerable.Range(0, 4).Select(i => Word32(block, 4 * i) ^ schedule[i])];
        for (int round = 1; round <= 10; round++)
        {
            state = Round32(state, schedule.AsSpan(4 * round, 4), round == 10 ? ScalarAes32.Aes32Esi : ScalarAes32.Aes32Esmi, 1);
        }

        Assert.That(Hex(state[0] | (ulong)state[1] << 32, state[2] | (ulong)state[3] << 32), Is.EqualTo(ciphertext), "encryption");

        state = [.. Enumerable.Range(0, 4).Select(i => state[i] ^ schedule[40 + i])];
        for (int round = 9; round >= 0; round--)
        {
            uint[] keys = [.. Enumerable.Range(0, 4).Select(i => round == 0 ? schedule[i] : InverseMix32(schedule[(4 * round) + i]))];
            state = Round32(state, keys, round == 0 ? ScalarAes32.Aes32Dsi : ScalarAes32.Aes32Dsmi, -1);
        }

        Assert.That(Hex(state[0] | (ulong)state[1] << 32, state[2] | (ulong)state[3] << 32), Is.EqualTo(Convert.ToHexStringLower(block)), "decryption");
    }

    private static uint[] Round32(uint[] state, ReadOnlySpan<uint> keys, Func<ulong, ulong, ulong, ulong> step, int direction)
    {
        var next = new uint[4];
        for (int column = 0; column < 4; column++)
        {
            ulong value = keys[column];
            for (int row = 0; row < 4; row++) value = step(value, state[(column + (direction * row)) & 3], (ulong)(8 * row));
            Assert.That((long)value, Is.EqualTo((int)value), "sign-extended");
            next[column] = (uint)value;
        }

        return next;
    }

    // aes32dsmi undoes the S-box, so the S-box goes first
    private static uint InverseMix32(uint word)
    {
        ulong substituted = 0;
        ulong mixed = 0;
        for (ulong shift = 0; shift < 32; shift += 8) substituted = ScalarAes32.Aes32Esi(substituted, word, shift);
        for (ulong shift = 0; shift < 32; shift += 8) mixed = ScalarAes32.Aes32Dsmi(mixed, substituted, shift);
        return (uint)mixed;
    }

    private static uint[] ExpandKey32(byte[] key)
    {
        var words = new uint[44];
        for (int i = 0; i < 4; i++) words[i] = Word32(key, 4 * i);
        byte constant = 1;
        for (int i = 4; i < words.Length; i++)
        {
            ulong value = words[i - 4];
            if (i % 4 == 0)
            {
                uint rotated = uint.RotateRight(words[i - 1], 8);
                value ^= constant;
                constant = (byte)(constant << 1 ^ (constant >> 7) * 0x1b);
                for (ulong shift = 0; shift < 32; shift += 8) value = ScalarAes32.Aes32Esi(value, rotated, shift);
            }
            else
            {
                value ^= words[i - 1];
            }

            words[i] = (uint)value;
        }

        return words;
    }

    private static uint Word32(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset));

    private static ulong Word64(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(offset));

    private static string Hex(ulong low, ulong high)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, low);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), high);
        return Convert.ToHexStringLower(bytes);
    }
}

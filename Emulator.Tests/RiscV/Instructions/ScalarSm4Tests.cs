using System.Buffers.Binary;
using Emulator.Arch.RiscV.Instructions.Bits;

namespace Emulator.Tests.RiscV.Instructions;

/// <summary>SM4 composed from SM4ED and SM4KS against the examples of GB/T 32907-2016, appendix A.</summary>
public class ScalarSm4Tests
{
    private const string Key = "0123456789abcdeffedcba9876543210";
    private const int Rounds = 32;

    [Test]
    public void One_block_as_in_the_standard() =>
        Assert.That(Encrypt(Key, Key, 1), Is.EqualTo("681edf34d206965e86b3e94f536e4246"));

    [Test]
    public void A_thousand_blocks_and_back()
    {
        string ciphertext = Encrypt(Key, Key, 1000);
        Assert.That(Encrypt(Key, ciphertext, 1000, decrypts: true), Is.EqualTo(Key));
    }

    private static string Encrypt(string key, string text, int times, bool decrypts = false)
    {
        uint[] schedule = ExpandKey(Words(key));
        if (decrypts) Array.Reverse(schedule);
        uint[] block = Words(text);
        for (int i = 0; i < times; i++)
        {
            for (int round = 0; round < Rounds; round++)
            {
                ulong mixed = block[1] ^ block[2] ^ block[3] ^ schedule[round];
                ulong value = block[0];
                for (ulong shift = 0; shift < 32; shift += 8) value = ScalarSm4.Sm4Ed(value, mixed, shift);
                block = [block[1], block[2], block[3], (uint)value];
            }

            Array.Reverse(block);
        }

        return string.Concat(block.Select(word => BinaryPrimitives.ReverseEndianness(word).ToString("x8")));
    }

    private static uint[] ExpandKey(uint[] key)
    {
        // FK and CK of GB/T 32907, 7.3, as little-endian loads see them
        uint[] family = [0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc];
        var words = new uint[Rounds + 4];
        for (int i = 0; i < 4; i++) words[i] = key[i] ^ BinaryPrimitives.ReverseEndianness(family[i]);
        for (int i = 0; i < Rounds; i++)
        {
            uint constant = 0;
            for (int j = 0; j < 4; j++) constant |= (uint)(byte)(((4 * i) + j) * 7) << (8 * j);
            ulong mixed = words[i + 1] ^ words[i + 2] ^ words[i + 3] ^ constant;
            ulong value = words[i];
            for (ulong shift = 0; shift < 32; shift += 8) value = ScalarSm4.Sm4Ks(value, mixed, shift);
            Assert.That((long)value, Is.EqualTo((int)value), "sign-extended");
            words[i + 4] = (uint)value;
        }

        return words[4..];
    }

    private static uint[] Words(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        return [.. Enumerable.Range(0, 4).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4 * i)))];
    }
}

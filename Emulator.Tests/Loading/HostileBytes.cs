using Emulator.Core.Loading;

namespace Emulator.Tests.Loading;

/// <summary>
/// Spoils a good file in every simple way and demands of a parser that it accepts the result or refuses it with an
/// <see cref="ImageFormatException"/>, in bounded memory. The first seed is fixed and every failure prints its own.
/// </summary>
internal static class HostileBytes
{
    private static readonly uint[] Telling = [0, 1, 4, 0x7f, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, uint.MaxValue];

    public static void Attack(byte[] good, int randomCases, long memoryLimit, Action<byte[]> parse)
    {
        for (int length = 0; length < good.Length; length++)
        {
            Check(good[..length], $"cut to {length} bytes", memoryLimit, parse);
        }

        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] flipped = (byte[])good.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Check(flipped, $"bit {bit % 8} of byte 0x{bit / 8:x} flipped", memoryLimit, parse);
        }

        for (int seed = 1; seed <= randomCases; seed++)
        {
            Check(Spoil(good, new Random(seed)), $"seed {seed}", memoryLimit, parse);
        }
    }

    private static byte[] Spoil(byte[] good, Random random)
    {
        byte[] bad = new byte[good.Length + (random.Next(4) == 0 ? random.Next(1, 100) : 0)];
        random.NextBytes(bad.AsSpan(good.Length));
        good.CopyTo(bad, 0);
        for (int change = random.Next(1, 6); change > 0; change--)
        {
            int at = random.Next(bad.Length);
            switch (random.Next(4))
            {
                case 0:
                    bad[at] = (byte)random.Next(256);
                    break;
                case 1:
                    WriteWord(bad, at & ~3, Telling[random.Next(Telling.Length)]);
                    break;
                case 2:
                    WriteWord(bad, at & ~3, (uint)random.Next(bad.Length * 2));
                    break;
                default:
                    int count = Math.Min(random.Next(1, 32), bad.Length - at);
                    bad.AsSpan(random.Next(bad.Length - count), count).CopyTo(bad.AsSpan(at));
                    break;
            }
        }

        return random.Next(4) == 0 ? bad[..random.Next(bad.Length)] : bad;
    }

    // Both byte orders, as ELF and device trees differ.
    private static void WriteWord(byte[] bytes, int at, uint value)
    {
        for (int i = 0; i < 4 && at + i < bytes.Length; i++)
        {
            bytes[at + i] = (byte)(value >> ((at & 4) == 0 ? 8 * i : 24 - (8 * i)));
        }
    }

    private static void Check(byte[] bad, string how, long memoryLimit, Action<byte[]> parse)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            parse(bad);
        }
        catch (ImageFormatException e)
        {
            if (e.Message.Contains('\n', StringComparison.Ordinal))
            {
                Assert.Fail($"{how}: message of more than one line: {e.Message}");
            }
        }
        catch (Exception e)
        {
            Assert.Fail($"{how}: {e}");
        }

        long used = GC.GetAllocatedBytesForCurrentThread() - before;
        if (used > memoryLimit)
        {
            Assert.Fail($"{how}: {used} bytes allocated, more than {memoryLimit}");
        }
    }
}

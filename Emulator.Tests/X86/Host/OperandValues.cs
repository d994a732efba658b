using System.Buffers.Binary;

namespace Emulator.Tests.X86.Host;

/// <summary>Operand values: edges of integers and of floating point, and random ones.</summary>
internal sealed class OperandValues(Random random)
{
    private static readonly ulong[] Singles =
    [
        0x0000_0000, 0x8000_0000, 0x3f80_0000, 0xbf80_0000, 0x3f80_0001, 0x3f7f_ffff, 0x0000_0001, 0x8000_0001, 0x007f_ffff, 0x807f_ffff,
        0x0080_0000, 0x8080_0000, 0x7f7f_ffff, 0xff7f_ffff, 0x7f80_0000, 0xff80_0000, 0x7f80_0001, 0xff80_0001, 0x7fbf_ffff, 0x7fc0_0000,
        0xffc0_0000, 0x7fc1_2345, 0x4f00_0000, 0x4eff_ffff, 0xcf00_0000, 0xcf00_0001, 0x5f00_0000, 0xdf00_0000, 0x3f00_0000, 0x3fc0_0000,
        0x4020_0000, 0x4b00_0000, 0x4b7f_ffff, 0x4b80_0001, 0x3300_0000, 0x3380_0000, 0x0100_0000, 0x1f80_0000, 0x2000_0000, 0x5f7f_ffff,
    ];

    private static readonly ulong[] Doubles =
    [
        0, 0x8000_0000_0000_0000, 0x3ff0_0000_0000_0000, 0xbff0_0000_0000_0000, 0x3ff0_0000_0000_0001, 0x3fef_ffff_ffff_ffff, 1,
        0x8000_0000_0000_0001, 0x000f_ffff_ffff_ffff, 0x800f_ffff_ffff_ffff, 0x0010_0000_0000_0000, 0x8010_0000_0000_0000,
        0x7fef_ffff_ffff_ffff, 0xffef_ffff_ffff_ffff, 0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000, 0x7ff0_0000_0000_0001,
        0xfff0_0000_0000_0001, 0x7ff7_ffff_ffff_ffff, 0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000, 0x7ff8_1234_5678_9abc,
        0x41e0_0000_0000_0000, 0x41df_ffff_ffc0_0000, 0xc1e0_0000_0000_0000, 0xc1e0_0000_0020_0000, 0xc1e0_0000_0010_0000,
        0x43e0_0000_0000_0000, 0x43df_ffff_ffff_ffff, 0xc3e0_0000_0000_0000, 0xc3e0_0000_0000_0001, 0x3fe0_0000_0000_0000,
        0x3ff8_0000_0000_0000, 0x4004_0000_0000_0000, 0x4330_0000_0000_0000, 0x47ef_ffff_e000_0000, 0x47ef_ffff_f000_0000,
        0x47f0_0000_0000_0000, 0x3810_0000_0000_0000, 0x380f_ffff_ffff_ffff, 0x36a0_0000_0000_0000, 0x3690_0000_0000_0000,
        0x3690_0000_0000_0001, 0x0020_0000_0000_0000, 0x1ff0_0000_0000_0000, 0x5fef_ffff_ffff_ffff,
    ];

    /// <summary>True once in <paramref name="count"/> times.</summary>
    public bool OneIn(int count) => random.Next(count) == 0;

    public T Any<T>(params ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    /// <summary>An integer of some bytes, zero-extended.</summary>
    public ulong Integer(int bytes)
    {
        ulong mask = bytes >= 8 ? ulong.MaxValue : (1ul << (8 * bytes)) - 1;
        ulong sign = (mask >> 1) + 1;
        ulong value = random.Next(12) switch
        {
            0 => 0,
            1 => 1,
            2 => mask,
            3 => sign,
            4 => sign - 1,
            5 => sign + (ulong)random.Next(-2, 3),
            6 => 1ul << random.Next(8 * bytes),
            7 => (ulong)random.Next(-20, 100),
            8 when bytes == 8 => Edges(Any(1, 2, 4)),
            _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        };
        return value & mask;
    }

    /// <summary>A number of bits to shift by, and the like.</summary>
    public ulong Count() => (ulong)(OneIn(4) ? random.Next(256) : random.Next(70));

    /// <summary>Fills bytes with elements of one kind.</summary>
    public void Fill(Span<byte> bytes)
    {
        int kind = random.Next(6);
        for (int at = 0; at + 8 <= bytes.Length; at += 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], kind switch
            {
                0 => Integer(8),
                1 => Edges(random.Next(4) switch { 0 => 1, 1 => 2, 2 => 4, _ => 8 }),
                2 or 3 => Single() | (Single() << 32),
                _ => Double(),
            });
        }
    }

    public ulong Single() => random.Next(4) switch
    {
        0 => (uint)random.NextInt64(),
        1 => Near(BitConverter.SingleToUInt32Bits((float)(random.NextDouble() * Math.Pow(2, random.Next(-30, 70)))), 8),
        _ => Any<ulong>(Singles),
    };

    public ulong Double() => random.Next(4) switch
    {
        0 => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        1 => Near(BitConverter.DoubleToUInt64Bits(random.NextDouble() * Math.Pow(2, random.Next(-140, 140))), 16),
        _ => Any<ulong>(Doubles),
    };

    // some signs, and some values with short significands, whose results are exact
    private ulong Near(ulong value, int droppedNibbles)
    {
        int bits = droppedNibbles == 8 ? 31 : 63;
        if (OneIn(2)) value |= 1ul << bits;
        return OneIn(2) ? value & ~((1ul << random.Next(bits - 8)) - 1) : value;
    }

    // elements of some bytes, each an edge
    private ulong Edges(int bytes)
    {
        if (bytes == 8) return Integer(8);
        ulong result = 0;
        for (int i = 0; i < 8; i += bytes) result |= Integer(bytes) << (8 * i);
        return result;
    }
}

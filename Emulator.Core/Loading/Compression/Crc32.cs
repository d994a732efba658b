using System.Buffers.Binary;

namespace Emulator.Core.Loading.Compression;

/// <summary>The checksum of gzip (RFC 1952 section 8): the reflected polynomial 0xedb88320, eight bytes a step.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xedb88320;
    private const int BytesPerStep = 8;
    private const int TableSize = 256;

    // Table k holds the checksum of a byte followed by k zero bytes.
    private static readonly uint[] Tables = MakeTables();

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<uint> tables = Tables;
        uint crc = uint.MaxValue;
        while (data.Length >= BytesPerStep)
        {
            ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ crc;
            crc = 0;
            for (int i = 0; i < BytesPerStep; i++)
            {
                crc ^= tables[((BytesPerStep - 1 - i) * TableSize) + (byte)(bytes >> (i * 8))];
            }

            data = data[BytesPerStep..];
        }

        foreach (byte value in data)
        {
            crc = (crc >> 8) ^ tables[(byte)(crc ^ value)];
        }

        return ~crc;
    }

    private static uint[] MakeTables()
    {
        uint[] tables = new uint[BytesPerStep * TableSize];
        for (uint i = 0; i < TableSize; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? Polynomial : 0);
            }

            tables[i] = crc;
        }

        for (int i = TableSize; i < tables.Length; i++)
        {
            uint previous = tables[i - TableSize];
            tables[i] = (previous >> 8) ^ tables[(byte)previous];
        }

        return tables;
    }
}

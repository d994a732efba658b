using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Emulator.Core.Loading;

namespace Emulator.Tests.Loading;

/// <summary>Small files of every kind that the loader knows.</summary>
internal static class TestImages
{
    public static byte[] Elf(ElfClass width) =>
        new ElfBuilder(width) { Entry = 0x8000_0004 }
            .Load(0x8000_0000, [0x13, 0, 0, 0, 0x6f, 0, 0, 0])
            .Load(0x8000_1000, [1, 2, 3, 4, 5], memorySize: 0x100)
            .Note("Xen", 18, [0, 0, 0x10, 0])
            .Note("GNU", 5, [1, 2, 3, 4, 5, 6, 7, 8], alignment: 8)
            .Symbol("tohost", 0x8000_1000, 8)
            .Symbol("fromhost", 0x8000_1008, 8)
            .Symbol("begin_signature", 0x8000_1010)
            .Symbol("end_signature", 0x8000_1020)
            .Build();

    public static byte[] Linux(int length = 256, ulong textOffset = 0x20_0000, ulong imageSize = 0x1e6_b000, ulong flags = 0)
    {
        byte[] image = new byte[length];
        new Random(length).NextBytes(image);
        "MZ"u8.CopyTo(image);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(0x08), textOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(0x10), imageSize);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(0x18), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(0x20), 2);
        "RISCV\0\0\0"u8.CopyTo(image.AsSpan(0x30));
        "RSC\x05"u8.CopyTo(image.AsSpan(0x38));
        WritePeHeaders(image);
        return image;
    }

    // One section, from behind the headers to the end of the file.
    private static void WritePeHeaders(byte[] image)
    {
        const int PeHeader = 0x40;
        const int Section = PeHeader + 24;
        const int End = Section + 40;
        image.AsSpan(0x3c, End - 0x3c).Clear();
        image[0x3c] = PeHeader;
        "PE\0\0"u8.CopyTo(image.AsSpan(PeHeader));
        image[PeHeader + 6] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(Section + 16), image.Length - End);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(Section + 20), End);
    }

    public static byte[] Gzip(byte[] data)
    {
        MemoryStream packed = new();
        using (GZipStream stream = new(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(data);
        }

        return packed.ToArray();
    }

    public static byte[] Zstd(byte[] data)
    {
        using ZstdSharp.Compressor compressor = new(9);
        compressor.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        return compressor.Wrap(data).ToArray();
    }

    public static byte[] Zboot(byte[] payload, string compression)
    {
        const int HeaderSize = 0x200;
        byte[] image = new byte[HeaderSize + payload.Length + 4];
        "MZ\0\0zimg"u8.CopyTo(image);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x08), HeaderSize);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x0c), payload.Length);
        Encoding.ASCII.GetBytes(compression).CopyTo(image.AsSpan(0x18));
        payload.CopyTo(image.AsSpan(HeaderSize));
        return image;
    }
}

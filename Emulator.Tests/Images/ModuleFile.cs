using System.Buffers.Binary;
using System.Text;

namespace Emulator.Tests.Images;

/// <summary>Makes the smallest ELF file that is a kernel module: a header, the sections' names, <c>.modinfo</c>.</summary>
internal static class ModuleFile
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;

    public static byte[] Make(params string[] dependencies) => MakeWithInformation($"license=GPL\0depends={string.Join(',', dependencies)}\0name=some\0");

    public static byte[] MakeWithInformation(string information)
    {
        byte[] names = Encoding.ASCII.GetBytes("\0.shstrtab\0.modinfo\0");
        byte[] facts = Encoding.ASCII.GetBytes(information);
        int table = HeaderSize + names.Length + facts.Length;
        byte[] file = new byte[table + (3 * SectionHeaderSize)];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(0x28), (ulong)table);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(0x3c), 3);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(0x3e), 1);
        names.CopyTo(file, HeaderSize);
        facts.CopyTo(file, HeaderSize + names.Length);
        Section(file.AsSpan(table + SectionHeaderSize), name: 1, HeaderSize, names.Length);
        Section(file.AsSpan(table + (2 * SectionHeaderSize)), name: 11, HeaderSize + names.Length, facts.Length);
        return file;
    }

    private static void Section(Span<byte> header, uint name, int offset, int size)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, name);
        BinaryPrimitives.WriteUInt64LittleEndian(header[0x18..], (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[0x20..], (ulong)size);
    }
}

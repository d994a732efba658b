using System.Buffers.Binary;
using System.Text;
using Emulator.Core.Loading;

namespace Emulator.Cli.Images;

/// <summary>A loadable module of a Linux kernel: an ELF file with its name's, its dependencies' and other facts in section <c>.modinfo</c>.</summary>
internal sealed record KernelModule(string Name, byte[] Content, IReadOnlyList<string> Dependencies)
{
    private const string InformationSection = ".modinfo";

    // ELF-64 header and section header (ELF gABI, chapters "ELF Header" and "Sections").
    private const int ClassOffset = 4;
    private const int DataOffset = 5;
    private const byte Class64 = 2;
    private const byte LittleEndian = 1;
    private const int HeaderSize = 64;
    private const int SectionTableOffset = 0x28;
    private const int SectionCountOffset = 0x3c;
    private const int NamesIndexOffset = 0x3e;
    private const int SectionHeaderSize = 64;
    private const int SectionOffsetOffset = 0x18;
    private const int SectionSizeOffset = 0x20;

    /// <summary>Reads what a module, unpacked, says of itself.</summary>
    /// <param name="fileName">The file's name, with or without folders and endings.</param>
    /// <param name="content">The ELF file.</param>
    /// <exception cref="ImageFormatException">This is no module.</exception>
    public static KernelModule Parse(string fileName, byte[] content)
    {
        ReadOnlySpan<byte> information = Section(fileName, content, InformationSection);
        string[] facts = Encoding.UTF8.GetString(information).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> needed = Values(facts, "depends").SelectMany(static value => value.Split(',', StringSplitOptions.RemoveEmptyEntries));
        return new(NameOf(fileName), content, [.. needed.Select(NameOf)]);
    }

    /// <summary>The module's name by its file's: without folders and endings, and '-' and '_' are the same to the kernel's tools.</summary>
    public static string NameOf(string fileName)
    {
        string name = fileName[(fileName.LastIndexOf('/') + 1)..];
        int ending = name.IndexOf(".ko", StringComparison.Ordinal);
        return (ending < 0 ? name : name[..ending]).Replace('-', '_');
    }

    private static IEnumerable<string> Values(string[] facts, string key) =>
        facts.Where(fact => fact.StartsWith(key + '=', StringComparison.Ordinal)).Select(fact => fact[(key.Length + 1)..]);

    private static ReadOnlySpan<byte> Section(string fileName, byte[] content, string wanted)
    {
        if (content.Length < HeaderSize || !content.AsSpan().StartsWith("\u007fELF"u8) || content[ClassOffset] != Class64 || content[DataOffset] != LittleEndian)
        {
            throw new ImageFormatException(fileName, 0, "something else", "a little-endian 64-bit ELF file");
        }

        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(content.AsSpan(SectionTableOffset));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(SectionCountOffset));
        int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(NamesIndexOffset));
        ReadOnlySpan<byte> headers = Part(fileName, content, table, (ulong)(count * SectionHeaderSize));
        if (namesIndex >= count)
        {
            throw new ImageFormatException(fileName, NamesIndexOffset, $"section {namesIndex} for the names", $"one of {count} sections");
        }

        ReadOnlySpan<byte> names = Contents(fileName, content, headers, namesIndex);
        for (int section = 0; section < count; section++)
        {
            uint nameAt = BinaryPrimitives.ReadUInt32LittleEndian(headers[(section * SectionHeaderSize)..]);
            ReadOnlySpan<byte> name = nameAt < names.Length ? names[(int)nameAt..] : [];
            int end = name.IndexOf((byte)0);
            if (end >= 0 && Encoding.UTF8.GetString(name[..end]) == wanted)
            {
                return Contents(fileName, content, headers, section);
            }
        }

        throw new ImageFormatException(fileName, table, $"{count} sections", $"one that is called {wanted}");
    }

    private static ReadOnlySpan<byte> Contents(string fileName, byte[] content, ReadOnlySpan<byte> headers, int section)
    {
        ReadOnlySpan<byte> header = headers.Slice(section * SectionHeaderSize, SectionHeaderSize);
        return Part(
            fileName,
            content,
            BinaryPrimitives.ReadUInt64LittleEndian(header[SectionOffsetOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[SectionSizeOffset..]));
    }

    private static ReadOnlySpan<byte> Part(string fileName, byte[] content, ulong offset, ulong size) =>
        offset <= (ulong)content.Length && size <= (ulong)content.Length - offset
            ? content.AsSpan((int)offset, (int)size)
            : throw new ImageFormatException(fileName, offset, $"the end of the file at 0x{content.Length:x}", $"0x{size:x} more bytes");
}

namespace Emulator.Core.Loading;

/// <summary>Finds an ELF file's symbol table and checks it, so that later look-ups cannot go wrong.</summary>
internal static class ElfSymbolReader
{
    public static ElfSymbolTable Read(ImageReader reader, ElfHeader header, ElfClass width)
    {
        if (header.SectionHeaders == 0)
        {
            return new ElfSymbolTable(default, default, width);
        }

        ulong size = ElfFormat.SectionHeaderSize(width);
        if (header.SectionHeaderCount > 0 && header.SectionHeaderSize != size)
        {
            throw reader.Fail(0, $"ELF section headers of {header.SectionHeaderSize} bytes", $"{size}");
        }

        // With 65,280 sections or more the count is in the first section's size.
        ulong count = header.SectionHeaderCount > 0 ? header.SectionHeaderCount : ReadSection(reader, header, 0, width).Size;
        if (count > reader.Length / size)
        {
            throw reader.Fail(header.SectionHeaders, $"{count} ELF section headers", "a table inside the file");
        }

        reader.Slice(header.SectionHeaders, count * size, "an ELF section header table");
        ElfSection? symbols = Find(reader, header, count, ElfFormat.ShtSymtab, width) ?? Find(reader, header, count, ElfFormat.ShtDynsym, width);
        return symbols is { } section ? ReadTable(reader, header, section, count, width) : new ElfSymbolTable(default, default, width);
    }

    private static ElfSection? Find(ImageReader reader, ElfHeader header, ulong count, uint type, ElfClass width)
    {
        for (ulong i = 0; i < count; i++)
        {
            ElfSection section = ReadSection(reader, header, i, width);
            if (section.Type == type)
            {
                return section;
            }
        }

        return null;
    }

    private static ElfSymbolTable ReadTable(ImageReader reader, ElfHeader header, ElfSection symbols, ulong count, ElfClass width)
    {
        ulong entrySize = ElfFormat.SymbolSize(width);
        if (symbols.EntrySize != entrySize || symbols.Size % entrySize != 0)
        {
            throw reader.Fail(
                symbols.Offset, $"an ELF symbol table of 0x{symbols.Size:x} bytes with entries of {symbols.EntrySize}", $"entries of {entrySize}");
        }

        ReadOnlyMemory<byte> entries = reader.Slice(symbols.Offset, symbols.Size, "an ELF symbol table");
        if (symbols.Link >= count)
        {
            throw reader.Fail(symbols.Offset, $"an ELF symbol table with names in section {symbols.Link}", $"a section below {count}");
        }

        ElfSection strings = ReadSection(reader, header, symbols.Link, width);
        ReadOnlyMemory<byte> names = reader.Slice(strings.Offset, strings.Size, "an ELF string table");
        if (strings.Type != ElfFormat.ShtStrtab || names.IsEmpty || names.Span[^1] != 0)
        {
            throw reader.Fail(strings.Offset, $"symbol names in a section of type {strings.Type}", "a string table (3) that ends with a zero");
        }

        for (int offset = 0; offset < entries.Length; offset += (int)entrySize)
        {
            uint name = ElfSymbolEntry.Read(entries.Span.Slice(offset, (int)entrySize), width).NameOffset;
            if (name >= (uint)names.Length)
            {
                throw reader.Fail(
                    symbols.Offset + (ulong)offset, $"a symbol with its name at 0x{name:x}", $"less than the 0x{names.Length:x} bytes of names");
            }
        }

        return new ElfSymbolTable(entries, names, width);
    }

    private static ElfSection ReadSection(ImageReader reader, ElfHeader header, ulong index, ElfClass width)
    {
        // The index is below a count that fits the file, so only the table's own offset can be too large, and Slice sees that.
        ulong size = ElfFormat.SectionHeaderSize(width);
        ulong offset = unchecked(header.SectionHeaders + (index * size));
        ElfCursor cursor = new(reader.Slice(offset, size, "an ELF section header").Span, width);
        cursor.Word();
        uint type = cursor.Word();
        cursor.Address();
        cursor.Address();
        ulong start = cursor.Address();
        ulong length = cursor.Address();
        uint link = cursor.Word();
        cursor.Word();
        cursor.Address();
        return new ElfSection(type, start, length, link, cursor.Address());
    }

    /// <summary>A section header (gABI "Sections"), with the parts that are used.</summary>
    private readonly record struct ElfSection(uint Type, ulong Offset, ulong Size, uint Link, ulong EntrySize);
}

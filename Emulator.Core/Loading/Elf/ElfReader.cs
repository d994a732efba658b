using Emulator.Core.Memory;

namespace Emulator.Core.Loading;

/// <summary>Reads the ELF header and the program headers; symbols and notes have readers of their own.</summary>
internal static class ElfReader
{
    public static bool Matches(ImageReader reader) => reader.Has(0, ElfFormat.Magic);

    public static ElfImage Read(ImageReader reader, string name)
    {
        ElfClass width = ReadClass(reader);
        ElfHeader header = ReadHeader(reader, width);
        List<ElfSegment> segments = [];
        List<ElfNote> notes = new(1); // with room: a list of nothing is compiled at run time
        ulong noteBytes = 0;
        foreach (ElfProgramHeader part in ReadProgramHeaders(reader, header, width))
        {
            switch (part.Type)
            {
                case ElfFormat.PtLoad when part.MemorySize > 0 || part.FileSize > 0:
                    segments.Add(ReadSegment(reader, part, width));
                    break;
                case ElfFormat.PtNote:
                    // Notes that overlap would make a small file cost much.
                    noteBytes += Math.Min(part.FileSize, reader.Length);
                    if (noteBytes > reader.Length)
                    {
                        throw reader.Fail(part.At, "note segments larger than the file together", "segments that do not overlap");
                    }

                    ElfNoteReader.Read(reader, part, notes);
                    break;
                case ElfFormat.PtInterp:
                    throw reader.Fail(part.At, "an ELF program that wants an interpreter", "a statically linked one");
            }
        }

        if (segments.Count == 0)
        {
            throw reader.Fail(header.ProgramHeaders, "an ELF file without a segment to load", "at least one (PT_LOAD)");
        }

        return new ElfImage(name)
        {
            Class = width,
            Type = (ElfType)header.Type,
            Machine = header.Machine,
            MachineFlags = header.Flags,
            EntryPoint = new GuestVirtualAddress(header.Entry),
            Segments = segments,
            Symbols = ElfSymbolReader.Read(reader, header, width),
            Notes = notes,
        };
    }

    private static ElfClass ReadClass(ImageReader reader)
    {
        reader.Slice(0, ElfFormat.EiNident, "an ELF identification");
        byte width = reader.Byte(ElfFormat.EiClass, "class");
        if (width is not ((byte)ElfClass.Elf32 or (byte)ElfClass.Elf64))
        {
            throw reader.Fail(ElfFormat.EiClass, $"ELF class {width}", "1 (32-bit) or 2 (64-bit)");
        }

        byte order = reader.Byte(ElfFormat.EiData, "data encoding");
        if (order != ElfFormat.ElfDataLsb)
        {
            throw reader.Fail(ElfFormat.EiData, $"ELF data encoding {order}", "1 (little-endian)");
        }

        byte version = reader.Byte(ElfFormat.EiVersion, "version");
        return version == ElfFormat.EvCurrent
            ? (ElfClass)width
            : throw reader.Fail(ElfFormat.EiVersion, $"ELF version {version}", "1");
    }

    private static ElfHeader ReadHeader(ImageReader reader, ElfClass width)
    {
        ElfCursor cursor = new(
            reader.Slice(0, ElfFormat.HeaderSize(width), "an ELF header").Span[(int)ElfFormat.EiNident..], width);
        ElfHeader header = new()
        {
            Type = cursor.Half(),
            Machine = cursor.Half(),
            Version = cursor.Word(),
            Entry = cursor.Address(),
            ProgramHeaders = cursor.Address(),
            SectionHeaders = cursor.Address(),
            Flags = cursor.Word(),
            HeaderSize = cursor.Half(),
            ProgramHeaderSize = cursor.Half(),
            ProgramHeaderCount = cursor.Half(),
            SectionHeaderSize = cursor.Half(),
            SectionHeaderCount = cursor.Half(),
        };

        return header switch
        {
            { Type: not ((ushort)ElfType.Executable or (ushort)ElfType.PositionIndependent) } =>
                throw reader.Fail(ElfFormat.EiNident, $"ELF type {header.Type}", "2 (executable) or 3 (position-independent)"),
            { Version: not ElfFormat.EvCurrent } => throw reader.Fail(0, $"ELF header version {header.Version}", "1"),
            { ProgramHeaderCount: 0 or ElfFormat.PnXnum } =>
                throw reader.Fail(0, $"an ELF header with {header.ProgramHeaderCount} program headers", $"1 to {ElfFormat.PnXnum - 1}"),
            _ when header.ProgramHeaderSize != ElfFormat.ProgramHeaderSize(width) =>
                throw reader.Fail(0, $"ELF program headers of {header.ProgramHeaderSize} bytes", $"{ElfFormat.ProgramHeaderSize(width)}"),
            _ => header,
        };
    }

    private static List<ElfProgramHeader> ReadProgramHeaders(ImageReader reader, ElfHeader header, ElfClass width)
    {
        ulong size = ElfFormat.ProgramHeaderSize(width);
        ReadOnlySpan<byte> table = reader.Slice(header.ProgramHeaders, header.ProgramHeaderCount * size, "an ELF program header table").Span;
        List<ElfProgramHeader> parts = new(header.ProgramHeaderCount);
        for (ulong i = 0; i < header.ProgramHeaderCount; i++)
        {
            parts.Add(ElfProgramHeader.Read(table.Slice((int)(i * size), (int)size), header.ProgramHeaders + (i * size), width));
        }

        return parts;
    }

    private static ElfSegment ReadSegment(ImageReader reader, ElfProgramHeader part, ElfClass width)
    {
        ReadOnlyMemory<byte> data = reader.Slice(part.Offset, part.FileSize, "an ELF segment");
        if (part.MemorySize < part.FileSize)
        {
            throw reader.Fail(
                part.At, $"an ELF segment of 0x{part.FileSize:x} bytes for 0x{part.MemorySize:x} bytes of memory", "at least as much memory");
        }

        if (!ElfImage.Fits(part.PhysicalAddress, part.MemorySize, width) || !ElfImage.Fits(part.VirtualAddress, part.MemorySize, width))
        {
            throw reader.Fail(
                part.At,
                $"an ELF segment of 0x{part.MemorySize:x} bytes at 0x{part.PhysicalAddress:x} (virtual 0x{part.VirtualAddress:x})",
                "an end inside the address space");
        }

        return new ElfSegment(
            new GuestPhysicalAddress(part.PhysicalAddress),
            new GuestVirtualAddress(part.VirtualAddress),
            data,
            part.MemorySize,
            (ElfSegmentFlags)part.Flags & (ElfSegmentFlags.Read | ElfSegmentFlags.Write | ElfSegmentFlags.Execute));
    }
}

/// <summary>The ELF header (gABI "ELF Header") after its identification.</summary>
internal readonly record struct ElfHeader(
    ushort Type,
    ushort Machine,
    uint Version,
    ulong Entry,
    ulong ProgramHeaders,
    ulong SectionHeaders,
    uint Flags,
    ushort HeaderSize,
    ushort ProgramHeaderSize,
    ushort ProgramHeaderCount,
    ushort SectionHeaderSize,
    ushort SectionHeaderCount);

/// <summary>A program header (gABI "Program Header"), and where in the file it stands.</summary>
internal readonly record struct ElfProgramHeader(
    ulong At,
    uint Type,
    uint Flags,
    ulong Offset,
    ulong VirtualAddress,
    ulong PhysicalAddress,
    ulong FileSize,
    ulong MemorySize,
    ulong Alignment)
{
    public static ElfProgramHeader Read(ReadOnlySpan<byte> bytes, ulong at, ElfClass width)
    {
        ElfCursor cursor = new(bytes, width);
        uint type = cursor.Word();

        // The flags moved to the front in the 64-bit class, for alignment.
        uint flags = width == ElfClass.Elf64 ? cursor.Word() : 0;
        ulong offset = cursor.Address();
        ulong virtualAddress = cursor.Address();
        ulong physicalAddress = cursor.Address();
        ulong fileSize = cursor.Address();
        ulong memorySize = cursor.Address();
        flags = width == ElfClass.Elf32 ? cursor.Word() : flags;
        return new ElfProgramHeader(at, type, flags, offset, virtualAddress, physicalAddress, fileSize, memorySize, cursor.Address());
    }
}

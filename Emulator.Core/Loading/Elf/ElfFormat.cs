namespace Emulator.Core.Loading;

/// <summary>
/// The numbers of the ELF specification (System V gABI chapters 4 and 5), named as it names them, and the sizes of its structures.
/// </summary>
internal static class ElfFormat
{
    public const ulong EiClass = 4;
    public const ulong EiData = 5;
    public const ulong EiVersion = 6;
    public const ulong EiNident = 16;
    public const byte ElfDataLsb = 1;
    public const byte EvCurrent = 1;

    // With this many or more program headers the count is elsewhere; only core dumps have so many.
    public const ushort PnXnum = 0xffff;
    public const uint PtLoad = 1;
    public const uint PtInterp = 3;
    public const uint PtNote = 4;

    public const uint ShtSymtab = 2;
    public const uint ShtStrtab = 3;
    public const uint ShtDynsym = 11;

    public const ushort ShnUndef = 0;
    public const byte SttSection = 3;
    public const byte SttFile = 4;
    public const byte SttTls = 6;
    public const byte StbLocal = 0;

    public static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    public static ulong HeaderSize(ElfClass width) => width == ElfClass.Elf64 ? 64u : 52u;

    public static ulong ProgramHeaderSize(ElfClass width) => width == ElfClass.Elf64 ? 56u : 32u;

    public static ulong SectionHeaderSize(ElfClass width) => width == ElfClass.Elf64 ? 64u : 40u;

    public static ulong SymbolSize(ElfClass width) => width == ElfClass.Elf64 ? 24u : 16u;
}

/// <summary>Reads the fields of an ELF structure in order. The structure must have been checked to lie inside the file.</summary>
internal ref struct ElfCursor(ReadOnlySpan<byte> structure, ElfClass width)
{
    private ReadOnlySpan<byte> _rest = structure;

    public byte Byte() => Take(sizeof(byte))[0];

    public ushort Half() => System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public uint Word() => System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    /// <summary>An address, offset or size: 32 or 64 bits by the file's class.</summary>
    public ulong Address() =>
        width == ElfClass.Elf64 ? System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong))) : Word();

    private ReadOnlySpan<byte> Take(int count)
    {
        ReadOnlySpan<byte> field = _rest[..count];
        _rest = _rest[count..];
        return field;
    }
}

namespace Emulator.Core.Loading;

/// <summary>
/// The PE headers of a kernel that is an EFI program as well (PE/COFF specification, sections "COFF File Header" and "Section
/// Table"). Booting does not need them, but they alone tell how long the file must be, and so whether it was cut short.
/// </summary>
internal static class EfiStub
{
    private const ulong PeOffsetField = 0x3c;
    private const ulong SectionCountField = 6;
    private const ulong OptionalHeaderSizeField = 20;
    private const ulong FileHeaderSize = 24;
    private const ulong SectionHeaderSize = 40;
    private const ulong RawSizeField = 16;
    private const ulong RawOffsetField = 20;

    public static bool Matches(ImageReader reader) => reader.Has(0, "MZ"u8);

    public static void RequireWhole(ImageReader reader)
    {
        ulong header = reader.UInt32(PeOffsetField, "PE header offset");
        if (!reader.Has(header, "PE\0\0"u8))
        {
            throw reader.Fail(PeOffsetField, $"'MZ' at the start, but no PE header at 0x{header:x}", "an EFI stub's headers");
        }

        ulong count = reader.UInt16(header + SectionCountField, "PE section count");
        ulong section = header + FileHeaderSize + reader.UInt16(header + OptionalHeaderSizeField, "PE optional header size");
        for (ulong i = 0; i < count; i++, section += SectionHeaderSize)
        {
            ulong size = reader.UInt32(section + RawSizeField, "PE section size");
            reader.Slice(reader.UInt32(section + RawOffsetField, "PE section offset"), size, "an EFI stub's section");
        }
    }
}

using System.Text;

namespace Emulator.Core.Loading;

/// <summary>Reads the notes of a PT_NOTE segment (gABI "Note Section").</summary>
internal static class ElfNoteReader
{
    private const ulong HeaderSize = 12;

    // The ABI says 8 for the 64-bit class, the tools say 4 for all but segments that are aligned to 8.
    private const ulong UsualAlignment = 4;
    private const ulong WideAlignment = 8;

    public static void Read(ImageReader reader, ElfProgramHeader part, List<ElfNote> notes)
    {
        ImageReader segment = new(reader.Slice(part.Offset, part.FileSize, "an ELF note segment"), reader.Name);
        ulong alignment = part.Alignment == WideAlignment ? WideAlignment : UsualAlignment;
        ulong offset = 0;
        while (offset < segment.Length)
        {
            // Offsets below are of the file, so that the error names the place there.
            ulong at = part.Offset + offset;
            if (segment.Length - offset < HeaderSize)
            {
                throw reader.Fail(at, $"an ELF note of {segment.Length - offset} bytes", $"at least the {HeaderSize} of its header");
            }

            uint nameSize = segment.UInt32(offset, "note name size");
            uint descriptionSize = segment.UInt32(offset + sizeof(uint), "note description size");
            uint type = segment.UInt32(offset + (2 * sizeof(uint)), "note type");
            ulong description = Align(offset + HeaderSize + nameSize, alignment);
            if (description > segment.Length || descriptionSize > segment.Length - description)
            {
                throw reader.Fail(
                    at, $"an ELF note with a name of 0x{nameSize:x} and a description of 0x{descriptionSize:x} bytes", "both inside its segment");
            }

            notes.Add(new ElfNote(
                Text(segment.Slice(offset + HeaderSize, nameSize, "a note name").Span),
                type,
                segment.Slice(description, descriptionSize, "a note description")));
            offset = Align(description + descriptionSize, alignment);
        }
    }

    private static string Text(ReadOnlySpan<byte> name)
    {
        int end = name.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? name : name[..end]);
    }

    private static ulong Align(ulong value, ulong alignment) => (value + alignment - 1) & ~(alignment - 1);
}

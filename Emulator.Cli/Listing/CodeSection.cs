using Emulator.Core.Loading;

namespace Emulator.Cli.Listing;

/// <summary>Code at an address.</summary>
/// <param name="Address">Where its first byte is, as the code sees addresses.</param>
/// <param name="Code">The bytes.</param>
internal readonly record struct CodeSection(ulong Address, ReadOnlyMemory<byte> Code)
{
    /// <summary>The address behind the last byte.</summary>
    public ulong End => Address + (ulong)Code.Length;

    /// <summary>True when the address is in it.</summary>
    public bool Contains(ulong address) => address >= Address && address - Address < (ulong)Code.Length;

    /// <summary>The sections of an image: what an ELF program may execute, or all of an image without such facts.</summary>
    /// <param name="image">The image.</param>
    /// <param name="start">Where an image without addresses of its own begins.</param>
    public static IReadOnlyList<CodeSection> Of(GuestImage image, ulong start)
    {
        switch (image)
        {
            case ElfImage elf:
                var whole = elf.Segments.Where(static segment => !segment.Data.IsEmpty).ToList();
                var executable = whole.Where(static segment => segment.Flags.HasFlag(ElfSegmentFlags.Execute)).ToList();
                return [.. (executable.Count > 0 ? executable : whole).Select(static segment => new CodeSection(segment.VirtualAddress.Value, segment.Data))];
            case LinuxImage linux:
                return [new CodeSection(start, linux.Data)];
            case RawImage raw:
                return [new CodeSection(start, raw.Data)];
            default:
                throw new InputException($"{image.Name}: an image of kind {image.GetType().Name}; expected ELF, Linux Image or raw");
        }
    }
}

namespace Emulator.Core.Loading;

/// <summary>
/// A RISC-V Linux kernel image with the 64-byte header of the kernel's Documentation/arch/riscv/boot-image-header.rst. When the
/// kernel has an EFI stub the same file is a PE program as well, whose headers tell when it was cut short.
/// </summary>
public sealed record LinuxImage : GuestImage
{
    private const ulong TextOffsetField = 0x08;
    private const ulong ImageSizeField = 0x10;
    private const ulong FlagsField = 0x18;
    private const ulong VersionField = 0x20;
    private const ulong MagicField = 0x30;
    private const ulong Magic2Field = 0x38;
    private const ulong HeaderSize = 0x40;
    private const ulong BigEndianFlag = 1;

    // Version 0.2 deprecated "magic" for "magic2"; before that only the first was there.
    private const uint FirstVersionWithMagic2 = 2;

    // Far above any kernel and far below where sums of addresses wrap.
    private const ulong MaximumSpan = 1UL << 40;

    private LinuxImage(string name, ReadOnlyMemory<byte> data)
        : base(name) => Data = data;

    private static ReadOnlySpan<byte> Magic => "RISCV\0\0\0"u8;

    private static ReadOnlySpan<byte> Magic2 => "RSC\x05"u8;

    /// <summary>The whole image, header included: it goes to memory as it is, and is entered at its first byte.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Bytes from a 2 MiB (RV32: 4 MiB) boundary at the start of usable RAM to where the image wants to lie.</summary>
    public required ulong TextOffset { get; init; }

    /// <summary>Bytes of RAM that the kernel needs from its start on, its zeroed data included; at least the length of the data.</summary>
    public required ulong MemorySize { get; init; }

    /// <summary>The header's version: major in bits 31:16, minor in bits 15:0.</summary>
    public required uint HeaderVersion { get; init; }

    /// <summary>Whether the file is an EFI program as well.</summary>
    public required bool HasEfiStub { get; init; }

    internal static bool Matches(ImageReader reader) => reader.Has(MagicField, Magic) || reader.Has(Magic2Field, Magic2);

    internal static LinuxImage Read(ImageReader reader, string name)
    {
        reader.Slice(0, HeaderSize, "an Image header");
        uint version = reader.UInt32(VersionField, "version");
        if (version >= FirstVersionWithMagic2 && !reader.Has(Magic2Field, Magic2))
        {
            throw reader.Fail(Magic2Field, $"0x{reader.UInt32(Magic2Field, "magic2"):x8}", "the magic number \"RSC\\x05\" of an Image header");
        }

        if ((reader.UInt64(FlagsField, "flags") & BigEndianFlag) != 0)
        {
            throw reader.Fail(FlagsField, "the flag of a big-endian kernel", "a little-endian one");
        }

        ulong textOffset = reader.UInt64(TextOffsetField, "text_offset");
        if (textOffset >= MaximumSpan)
        {
            throw reader.Fail(TextOffsetField, $"a text_offset of 0x{textOffset:x}", $"less than 0x{MaximumSpan:x}");
        }

        ulong imageSize = reader.UInt64(ImageSizeField, "image_size");
        if (imageSize is 0 or > MaximumSpan)
        {
            throw reader.Fail(ImageSizeField, $"an image_size of 0x{imageSize:x}", $"1 to 0x{MaximumSpan:x}");
        }

        bool hasEfiStub = EfiStub.Matches(reader);
        if (hasEfiStub)
        {
            EfiStub.RequireWhole(reader);
        }

        return new LinuxImage(name, reader.Data)
        {
            TextOffset = textOffset,
            MemorySize = Math.Max(imageSize, reader.Length),
            HeaderVersion = version,
            HasEfiStub = hasEfiStub,
        };
    }
}

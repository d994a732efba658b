using Emulator.Core.Loading;

namespace Emulator.Tests.Loading;

[TestFixture]
public sealed class CompressedImageTests
{
    private static readonly byte[] Kernel = TestImages.Linux(100_000);

    private static IEnumerable<TestCaseData> PackedKernels()
    {
        yield return new TestCaseData(TestImages.Gzip(Kernel)).SetArgDisplayNames("gzip");
        yield return new TestCaseData(TestImages.Zstd(Kernel)).SetArgDisplayNames("zstd");
        yield return new TestCaseData(TestImages.Zboot(TestImages.Gzip(Kernel), "gzip")).SetArgDisplayNames("zboot gzip");
        yield return new TestCaseData(TestImages.Zboot(TestImages.Zstd(Kernel), "zstd22")).SetArgDisplayNames("zboot zstd22");
        yield return new TestCaseData(TestImages.Zboot(TestImages.Zstd(Kernel), "zstd")).SetArgDisplayNames("zboot zstd");
        yield return new TestCaseData(TestImages.Gzip(TestImages.Zboot(TestImages.Zstd(Kernel), "zstd"))).SetArgDisplayNames("gzip of zboot");
    }

    [TestCaseSource(nameof(PackedKernels))]
    public void A_packed_kernel_is_the_kernel(byte[] packed)
    {
        GuestImage image = GuestImage.Parse(packed, "Image");
        Assert.That(image, Is.TypeOf<LinuxImage>());
        Assert.That(image.Name, Is.EqualTo("Image"));
        Assert.That(((LinuxImage)image).Data.Span.SequenceEqual(Kernel));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_packed_elf_file_is_the_program(bool gzip)
    {
        byte[] elf = TestImages.Elf(ElfClass.Elf64);
        Assert.That(GuestImage.Parse(gzip ? TestImages.Gzip(elf) : TestImages.Zstd(elf), "a"), Is.TypeOf<ElfImage>());
    }

    [Test]
    public void Packed_bytes_of_no_known_kind_are_raw_once_unpacked()
    {
        byte[] firmware = [0x97, 0x02, 0, 0];
        Assert.That(((RawImage)GuestImage.Parse(TestImages.Gzip(firmware), "fw.bin.gz")).Data.ToArray(), Is.EqualTo(firmware));
    }

    [Test]
    public void Gzip_members_and_frames_follow_each_other()
    {
        byte[] first = Kernel[..4000];
        byte[] second = Kernel[4000..];
        byte[] gzip = [.. TestImages.Gzip(first), .. TestImages.Gzip(second)];
        byte[] zstd = [.. TestImages.Zstd(first), .. TestImages.Zstd(second)];
        Assert.That(((LinuxImage)GuestImage.Parse(gzip, "a")).Data.Span.SequenceEqual(Kernel));
        Assert.That(((LinuxImage)GuestImage.Parse(zstd, "a")).Data.Span.SequenceEqual(Kernel));
    }

    [Test]
    public void Gzip_padding_is_ignored()
    {
        byte[] padded = [.. TestImages.Gzip(Kernel), .. new byte[511]];
        Assert.That(((LinuxImage)GuestImage.Parse(padded, "a")).Data.Span.SequenceEqual(Kernel));
    }

    [Test]
    public void All_optional_gzip_fields_are_skipped()
    {
        byte[] plain = TestImages.Gzip(Kernel);
        byte[] full = [.. plain[..3], 0x1e, .. plain[4..10], 3, 0, 1, 2, 3, .. "Image\0"u8, .. "a comment\0"u8, 0xab, 0xcd, .. plain[10..]];
        Assert.That(((LinuxImage)GuestImage.Parse(full, "a")).Data.Span.SequenceEqual(Kernel));
    }

    [Test]
    public void A_file_cut_anywhere_is_refused([Values] bool gzip)
    {
        byte[] packed = gzip ? TestImages.Gzip(Kernel[..1000]) : TestImages.Zstd(Kernel[..1000]);
        for (int length = 5; length < packed.Length; length++)
        {
            ImageFormatException e = Assert.Throws<ImageFormatException>(() => GuestImage.Parse(packed.AsMemory(0, length), "cut"), $"{length} bytes");
            Assert.That(e.Message, Does.StartWith("cut: at offset 0x"));
        }
    }

    [Test]
    public void A_bomb_is_refused_before_the_memory_is_spent([Values] bool gzip, [Values(1 << 20, 50 << 20)] int size)
    {
        byte[] bomb = gzip ? TestImages.Gzip(new byte[size]) : TestImages.Zstd(new byte[size]);
        ImageLoadOptions options = new() { MaximumBytes = size - 1 };
        long before = GC.GetAllocatedBytesForCurrentThread();
        ImageFormatException e = Assert.Throws<ImageFormatException>(
            () => GuestImage.Parse(bomb, "bomb", new ImageLoadOptions { MaximumBytes = 100_000 }));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
        Assert.That(e.Expected, Is.EqualTo("at most 0x186a0 bytes"));
        Assert.Throws<ImageFormatException>(() => GuestImage.Parse(bomb, "bomb", options));
        Assert.That(GuestImage.Parse(bomb, "exact", options with { MaximumBytes = size }), Is.TypeOf<RawImage>());
    }

    [Test]
    public void A_stream_of_unknown_size_is_bounded_too()
    {
        MemoryStream packed = new();
        using (ZstdSharp.CompressionStream stream = new(packed, leaveOpen: true))
        {
            stream.Write(new byte[1 << 20]);
        }

        ImageLoadOptions options = new() { MaximumBytes = (1 << 20) - 1 };
        ImageFormatException e = Assert.Throws<ImageFormatException>(() => GuestImage.Parse(packed.ToArray(), "bomb", options));
        Assert.That(e.Found, Does.Contain("unpack to more"));
    }

    [Test]
    public void Nesting_is_bounded()
    {
        byte[] packed = Kernel;
        for (int i = 0; i < 6; i++)
        {
            packed = TestImages.Gzip(packed);
        }

        Assert.That(Assert.Throws<ImageFormatException>(() => GuestImage.Parse(packed, "a")).Found, Does.Contain("packed more than"));
    }

    [Test]
    public void Many_empty_members_are_refused()
    {
        byte[] empty = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        byte[] many = [.. Enumerable.Repeat(empty, 5000).SelectMany(static member => member)];
        Assert.Throws<ImageFormatException>(() => GuestImage.Parse(many, "a"));
    }

    [TestCase("xzkern")]
    [TestCase("lz4")]
    [TestCase("")]
    [TestCase("\n\u001b[2J")]
    public void An_unknown_zboot_compression_is_named(string compression)
    {
        ImageFormatException e = Assert.Throws<ImageFormatException>(
            () => GuestImage.Parse(TestImages.Zboot(TestImages.Gzip(Kernel), compression), "vmlinuz.efi"));
        Assert.That(e.Offset, Is.EqualTo(0x18));
        Assert.That(e.Message.Any(char.IsControl), Is.False);
    }

    [Test]
    public void A_zboot_payload_must_be_what_its_header_says()
    {
        byte[] image = TestImages.Zboot(TestImages.Gzip(Kernel), "zstd");
        Assert.That(Assert.Throws<ImageFormatException>(() => GuestImage.Parse(image, "a")).Offset, Is.EqualTo(0x200));
    }

    [Test]
    public void Checksums_agree_with_the_published_value() // RFC 1952's CRC of "123456789"
    {
        Assert.That(Core.Loading.Compression.Crc32.Compute("123456789"u8), Is.EqualTo(0xcbf43926));
        Assert.That(Core.Loading.Compression.Crc32.Compute("12345678"u8), Is.EqualTo(0x9ae0daaf));
        Assert.That(Core.Loading.Compression.Crc32.Compute([]), Is.Zero);
    }
}

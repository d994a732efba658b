using Emulator.Core.Loading;

namespace Emulator.Tests.Loading;

[TestFixture]
public sealed class GuestImageTests
{
    [Test]
    public void A_linux_header_is_read()
    {
        byte[] kernel = TestImages.Linux();
        LinuxImage image = (LinuxImage)GuestImage.Parse(kernel, "Image");
        Assert.Multiple(() =>
        {
            Assert.That(image.TextOffset, Is.EqualTo(0x20_0000));
            Assert.That(image.MemorySize, Is.EqualTo(0x1e6_b000));
            Assert.That(image.HeaderVersion, Is.EqualTo(2));
            Assert.That(image.HasEfiStub);
            Assert.That(image.Data.Span.SequenceEqual(kernel));
        });
    }

    [Test]
    public void An_image_without_stub_or_with_the_old_magic_only_is_read()
    {
        byte[] kernel = TestImages.Linux();
        kernel[0] = 0x6f;
        kernel[0x20] = 1;
        kernel[0x38] = 0;
        Assert.That(((LinuxImage)GuestImage.Parse(kernel, "Image")).HasEfiStub, Is.False);
    }

    [Test]
    public void A_kernel_with_stub_that_was_cut_short_is_refused()
    {
        byte[] kernel = TestImages.Linux();
        Assert.That(
            Assert.Throws<ImageFormatException>(() => GuestImage.Parse(kernel.AsMemory(0, kernel.Length - 1), "Image")).Message,
            Is.EqualTo("Image: at offset 0x80: found an EFI stub's section of 0x80 bytes that runs past the end, expected it inside the 0xff bytes there are"));
        kernel[0x3c] ^= 1;
        Assert.Throws<ImageFormatException>(() => GuestImage.Parse(kernel, "Image"));
    }

    [Test]
    public void Memory_is_never_less_than_the_file() =>
        Assert.That(((LinuxImage)GuestImage.Parse(TestImages.Linux(imageSize: 16), "Image")).MemorySize, Is.EqualTo(256));

    [Test]
    public void A_big_endian_kernel_is_refused()
    {
        ImageFormatException e = Assert.Throws<ImageFormatException>(() => GuestImage.Parse(TestImages.Linux(flags: 1), "Image"));
        Assert.That(e.Message, Is.EqualTo("Image: at offset 0x18: found the flag of a big-endian kernel, expected a little-endian one"));
    }

    [TestCase(0x20_0000UL, 0UL, 0x10UL)]
    [TestCase(0x20_0000UL, ulong.MaxValue, 0x10UL)]
    [TestCase(ulong.MaxValue, 0x1000UL, 0x08UL)]
    public void Impossible_sizes_are_refused(ulong textOffset, ulong imageSize, ulong at)
    {
        byte[] kernel = TestImages.Linux(textOffset: textOffset, imageSize: imageSize);
        Assert.That(Assert.Throws<ImageFormatException>(() => GuestImage.Parse(kernel, "Image")).Offset, Is.EqualTo(at));
    }

    [Test]
    public void Anything_else_is_raw_and_nothing_is_an_error()
    {
        byte[] bytes = [1, 2, 3];
        Assert.That(((RawImage)GuestImage.Parse(bytes, "fw")).Data.ToArray(), Is.EqualTo(bytes));
        Assert.That(GuestImage.Parse("MZ"u8.ToArray(), "fw"), Is.TypeOf<RawImage>());
        Assert.Throws<ImageFormatException>(() => GuestImage.Parse(default, "fw"));
    }

    [Test]
    public void Files_are_read_and_named()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, TestImages.Elf(ElfClass.Elf32));
            Assert.That(((ElfImage)GuestImage.Load(path)).Class, Is.EqualTo(ElfClass.Elf32));
            ImageFormatException e = Assert.Throws<ImageFormatException>(
                () => GuestImage.Load(path, new ImageLoadOptions { MaximumBytes = 100 }));
            Assert.That(e.FileName, Is.EqualTo(path));
            File.WriteAllBytes(path, []);
            Assert.Throws<ImageFormatException>(() => GuestImage.Load(path));
        }
        finally
        {
            File.Delete(path);
        }

        Assert.Throws<FileNotFoundException>(() => GuestImage.Load(path));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "/dev/zero")]
    public void A_file_without_end_is_bounded() =>
        Assert.Throws<ImageFormatException>(() => GuestImage.Load("/dev/zero", new ImageLoadOptions { MaximumBytes = 1 << 20 }));

    [TestCase(0L)]
    [TestCase(-1L)]
    [TestCase(long.MaxValue)]
    public void Limits_have_limits(long bytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new ImageLoadOptions { MaximumBytes = bytes });
}

using Emulator.Core.Loading;

namespace Emulator.Tests.Loading;

/// <summary>The bytes of an image's file are let go and come back when they are asked for, or one clear error does.</summary>
[TestFixture]
public sealed class ImageContentTests
{
    private static readonly byte[] Kernel = TestImages.Linux(length: 4096);
    private string _path = "";

    [SetUp]
    public void CreateFile() => _path = Path.GetTempFileName();

    [TearDown]
    public void DeleteFile() => File.Delete(_path);

    [Test]
    public void Released_bytes_are_read_again([Values] Packing packing)
    {
        var image = (LinuxImage)Load(packing);
        var slice = image.Data.Slice(16, 100);
        var held = image.Data.Span;
        for (int i = 0; i < 3; i++)
        {
            image.ReleaseContent();
            Assert.That(slice.Span.SequenceEqual(Kernel.AsSpan(16, 100)));
            Assert.That(image.Data.Span.SequenceEqual(Kernel));
        }

        Assert.That(held.SequenceEqual(Kernel), "spans keep what they are over");
    }

    [Test]
    public void The_array_is_collected_once_it_is_released()
    {
        const int Size = 64 << 20;
        File.WriteAllBytes(_path, TestImages.Linux(length: Size));
        var image = GuestImage.Load(_path);
        long loaded = GC.GetTotalMemory(forceFullCollection: true);
        image.ReleaseContent();
        Assert.That(loaded - GC.GetTotalMemory(forceFullCollection: true), Is.GreaterThan(Size / 2));
        Assert.That(((LinuxImage)image).Data.Length, Is.EqualTo(Size));
    }

    [Test]
    public void A_file_that_has_changed_or_gone_is_one_clear_error()
    {
        var image = Load(Packing.None);
        File.WriteAllBytes(_path, [.. Kernel, 0]);
        image.RequireContent(); // still there
        image.ReleaseContent();
        Assert.That(Assert.Throws<IOException>(image.RequireContent).Message, Is.EqualTo($"{_path}: it has changed; expected the file that was loaded, to load it once more"));
        File.Delete(_path);
        Assert.That(Assert.Throws<IOException>(image.RequireContent).Message, Does.Contain(_path).And.EndsWith("expected the file that was loaded, to load it once more"));
        Assert.Throws<IOException>(() => _ = ((LinuxImage)image).Data.Span.Length);
    }

    [Test]
    public void Bytes_of_an_embedder_and_of_programs_stay()
    {
        var image = GuestImage.Parse(Kernel, "kernel");
        image.ReleaseContent();
        Assert.That(((LinuxImage)image).Data.Span.SequenceEqual(Kernel));
        File.WriteAllBytes(_path, TestImages.Elf(ElfClass.Elf32));
        var program = (ElfImage)GuestImage.Load(_path);
        File.Delete(_path);
        program.ReleaseContent();
        program.RequireContent();
        Assert.That(program.Segments[0].Data.Span.Length, Is.GreaterThanOrEqualTo(0));
    }

    /// <summary>How the file is packed.</summary>
    public enum Packing
    {
        None,
        Gzip,
        Zboot,
    }

    private GuestImage Load(Packing packing)
    {
        File.WriteAllBytes(_path, packing switch
        {
            Packing.Gzip => TestImages.Gzip(Kernel),
            Packing.Zboot => TestImages.Zboot(TestImages.Zstd(Kernel), "zstd22"),
            _ => Kernel,
        });
        return GuestImage.Load(_path);
    }
}

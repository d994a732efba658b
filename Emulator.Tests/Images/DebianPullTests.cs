using Emulator.Cli.Images;

namespace Emulator.Tests.Images;

/// <summary>The real thing: needs a host with apt and an archive that answers.</summary>
[TestFixture]
[Category("Slow")]
public sealed class DebianPullTests
{
    // The first words of a RISC-V Linux Image's magic, at its offset (Linux Documentation/arch/riscv/boot-image-header.rst).
    private const int ImageMagicOffset = 0x38;

    [Test]
    [CancelAfter(600_000)]
    public async Task The_riscv64_image_is_pulled_and_then_up_to_date(CancellationToken cancellation)
    {
        using TemporaryFolder folder = new();
        ImagePuller puller = new(new(folder.Path));
        PulledImage first = await PullAsync(puller, cancellation);
        PulledImage second = await PullAsync(puller, cancellation);

        Assert.That((first.Changed, second.Changed), Is.EqualTo((true, false)));
        byte[] kernel = await File.ReadAllBytesAsync(first.Image.KernelPath, cancellation);
        Assert.That(kernel.AsSpan(ImageMagicOffset, 4).SequenceEqual("RSC\u0005"u8), "a RISC-V Linux Image");
        Assert.That(first.Image.Manifest!.Kernel, Does.EndWith("-riscv64"));
        Assert.That(new FileInfo(first.Image.InitrdPath).Length, Is.InRange(1_000_000, 8_000_000));
    }

    [Test]
    [CancelAfter(600_000)]
    public async Task Packages_by_unknown_keys_are_refused(CancellationToken cancellation)
    {
        using TemporaryFolder folder = new();
        string keyring = folder.Write("empty.gpg", []);
        ImagePuller puller = new(new(Path.Combine(folder.Path, "images")), work => new AptImageSource(work) { Keyring = keyring });
        try
        {
            await PullAsync(puller, cancellation);
            Assert.Fail("the pull ended well");
        }
        catch (ImageException exception)
        {
            Assert.That(exception.Message, Does.Contain(keyring).And.Contain("debian-archive-keyring"));
        }
    }

    private static async Task<PulledImage> PullAsync(ImagePuller puller, CancellationToken cancellation)
    {
        if (HostTool.Find("apt-get") is null)
        {
            Assert.Ignore("this host has no apt-get");
        }

        try
        {
            return await puller.PullAsync("debian-riscv64", null, cancellation);
        }
        catch (ArchiveUnavailableException exception)
        {
            Assert.Ignore($"the archive does not answer: {exception.Message}");
            throw;
        }
    }
}

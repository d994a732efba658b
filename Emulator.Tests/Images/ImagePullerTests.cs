using System.IO.Compression;
using Emulator.Cli.Images;

namespace Emulator.Tests.Images;

[TestFixture]
public sealed class ImagePullerTests
{
    private const string Name = "debian-riscv64";

    private TemporaryFolder _folder = null!;
    private ImageStore _store = null!;

    [SetUp]
    public void SetUp()
    {
        _folder = new();
        _store = new(Path.Combine(_folder.Path, "images"));
    }

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public async Task A_pull_makes_kernel_initramfs_and_manifest()
    {
        PulledImage pulled = await PullAsync(new("1"));

        Assert.That(pulled.Changed);
        Assert.That(await File.ReadAllTextAsync(pulled.Image.KernelPath), Is.EqualTo("kernel 1"));
        ImageManifest manifest = pulled.Image.Manifest!;
        Assert.That(manifest.Kernel, Is.EqualTo(FakePackageSource.Release));
        Assert.That(manifest.Packages.Select(static package => package.Version), Is.EqualTo(["1", "1"]));
        Assert.That(manifest.Files.Keys, Is.EquivalentTo(["vmlinuz", "initrd"]));
        Assert.That(_store.List(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_initramfs_has_what_its_script_needs()
    {
        StoredImage image = (await PullAsync(new("1"))).Image;
        using MemoryStream archive = new();
        await using (GZipStream unpacked = new(File.OpenRead(image.InitrdPath), CompressionMode.Decompress))
        {
            await unpacked.CopyToAsync(archive);
        }

        Dictionary<string, CpioEntry> entries = CpioArchive.Read(archive.ToArray()).ToDictionary(static entry => entry.Name);
        string[] modules = entries["etc/modules"].Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(modules, Is.EqualTo(new[] { "virtio_mmio", "virtio_blk", "virtio_net", "crc32c_generic", "jbd2", "ext4" }
            .Select(static module => $"/lib/modules/{FakePackageSource.Release}/{module}.ko")));
        Assert.That(entries.Keys, Is.SupersetOf(modules.Select(static module => module[1..])));
        Assert.That(entries["init"].Text, Does.StartWith("#!/bin/busybox sh\n").And.Not.Contain("\r"));
        Assert.That(new[] { "init", "bin/busybox" }.Select(name => entries[name].Mode & 0x49), Is.All.EqualTo(0x49), "may be run");
        Assert.That((entries["dev/console"].Major, entries["dev/console"].Minor), Is.EqualTo((5u, 1u)));
        Assert.That(entries.Keys, Is.SupersetOf(["proc", "sys", "dev", "root", "sbin", "usr/bin", "usr/sbin"]));
    }

    [Test]
    public async Task The_same_packages_make_the_same_files()
    {
        ImageManifest first = (await PullAsync(new("1"))).Image.Manifest!;
        Directory.Delete(_store.FolderOf(Name), recursive: true);
        Assert.That((await PullAsync(new("1"))).Image.Manifest!.Files, Is.EquivalentTo(first.Files));
    }

    [Test]
    public async Task An_image_that_is_up_to_date_is_left_alone()
    {
        await PullAsync(new("1"));
        FakePackageSource again = new("1");

        Assert.That((await PullAsync(again)).Changed, Is.False);
        Assert.That(again.Unpacked, Is.Zero);
    }

    [Test]
    public async Task A_new_version_replaces_the_image()
    {
        await PullAsync(new("1"));
        PulledImage pulled = await PullAsync(new("2"));

        Assert.That(pulled.Changed);
        Assert.That(await File.ReadAllTextAsync(pulled.Image.KernelPath), Is.EqualTo("kernel 2"));
        AssertTidy();
    }

    [Test]
    public async Task A_damaged_image_is_made_again()
    {
        StoredImage image = (await PullAsync(new("1"))).Image;
        await File.AppendAllTextAsync(image.KernelPath, "x");

        Assert.That((await PullAsync(new("1"))).Changed);
        Assert.That(await File.ReadAllTextAsync(image.KernelPath), Is.EqualTo("kernel 1"));
    }

    [Test]
    public async Task A_pull_that_fails_leaves_the_image_as_it_was()
    {
        StoredImage image = (await PullAsync(new("1"))).Image;
        FakePackageSource broken = new("2") { Failure = new IOException("disk full") };

        Assert.That(() => PullAsync(broken), Throws.TypeOf<ImageException>().With.Message.Contains("disk full").And.Message.Contains(Name));
        Assert.That(await File.ReadAllTextAsync(image.KernelPath), Is.EqualTo("kernel 1"));
        AssertTidy();
    }

    [Test]
    public void A_cancelled_pull_leaves_nothing()
    {
        Assert.That(() => PullAsync(new("1") { Failure = new OperationCanceledException() }), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_store.List(), Is.Empty);
    }

    [Test]
    public void An_unknown_name_lists_the_known() =>
        Assert.That(
            () => new ImagePuller(_store).PullAsync("plan9", null, CancellationToken.None),
            Throws.TypeOf<ImageException>().With.Message.Contains("debian-riscv64"));

    private Task<PulledImage> PullAsync(FakePackageSource source) => new ImagePuller(_store, _ => source).PullAsync(Name, null, CancellationToken.None);

    private void AssertTidy() =>
        Assert.That(Directory.EnumerateDirectories(_store.Folder).Select(Path.GetFileName), Is.EqualTo([Name]));
}

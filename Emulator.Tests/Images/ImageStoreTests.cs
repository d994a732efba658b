using Emulator.Cli.Images;

namespace Emulator.Tests.Images;

[TestFixture]
public sealed class ImageStoreTests
{
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
    public void A_store_that_is_not_there_is_empty()
    {
        Assert.That(_store.List(), Is.Empty);
        Assert.That(_store.Find("debian-riscv64"), Is.Null);
    }

    [Test]
    public void Files_put_there_by_hand_are_an_image()
    {
        _folder.Write("images/debian-riscv64/vmlinuz", "kernel");
        Assert.That(_store.Find("debian-riscv64"), Is.Null, "without initrd");
        _folder.Write("images/debian-riscv64/initrd", "initrd");

        StoredImage image = _store.Get("debian-riscv64");
        Assert.That(image.KernelPath, Is.EqualTo(Path.Combine(_store.Folder, "debian-riscv64", "vmlinuz")));
        Assert.That(image.InitrdPath, Is.EqualTo(Path.Combine(_store.Folder, "debian-riscv64", "initrd")));
        Assert.That((image.Append, image.Manifest), Is.EqualTo(("console=ttyS0", (ImageManifest?)null)));
    }

    [Test]
    public void The_list_is_ordered_and_has_whole_images_only()
    {
        foreach (string name in new[] { "b", "a", "b.2" })
        {
            _folder.Write($"images/{name}/vmlinuz", name);
            _folder.Write($"images/{name}/initrd", name);
        }

        _folder.Write("images/half/vmlinuz", "");
        _folder.Write("images/.new-1/vmlinuz", "");
        _folder.Write("images/.new-1/initrd", "");
        _folder.Write("images/file", "");
        Assert.That(_store.List().Select(static image => image.Name), Is.EqualTo(["a", "b", "b.2"]));
    }

    [TestCase("not json")]
    [TestCase("{}")]
    [TestCase("""{"format":99,"name":"a","distribution":"","kernel":"","append":"other","recipe":"","packages":[],"files":{}}""")]
    public void A_manifest_we_do_not_understand_is_none(string manifest)
    {
        _folder.Write("images/a/vmlinuz", "");
        _folder.Write("images/a/initrd", "");
        _folder.Write("images/a/manifest.json", manifest);
        Assert.That(_store.Get("a").Manifest, Is.Null);
    }

    [Test]
    public void Missing_images_say_how_to_get_them()
    {
        Assert.That(() => _store.Get("debian-riscv64"), Throws.TypeOf<ImageException>().With.Message.Contains("emu images pull debian-riscv64"));
        Assert.That(() => _store.Get("other"), Throws.TypeOf<ImageException>().With.Message.Contains("debian-amd64"));
    }

    [TestCase("")]
    [TestCase("..")]
    [TestCase("a/b")]
    [TestCase("/etc")]
    [TestCase(".hidden")]
    [TestCase("a\\b")]
    public void Names_stay_in_the_store(string name) => Assert.That(() => _store.Find(name), Throws.TypeOf<ImageException>());

    [Test]
    public void One_change_at_a_time()
    {
        using IDisposable taken = _store.Lock();
        Assert.That(_store.Lock, Throws.TypeOf<ImageException>().With.Message.Contains("another pull"));
    }

    [Test]
    public void Definitions_have_names_the_store_takes()
    {
        Assert.That(ImageCatalog.All.Select(static image => image.Name), Is.Unique);
        Assert.That(ImageCatalog.All.Select(image => Path.GetDirectoryName(_store.FolderOf(image.Name))), Is.All.EqualTo(_store.Folder));
    }
}

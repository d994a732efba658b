using Emulator.Cli.Images;
using Emulator.Core.Loading;

namespace Emulator.Tests.Images;

[TestFixture]
public sealed class KernelModuleTests
{
    private const int Seed = 20260124;

    [Test]
    public void Names_and_dependencies_are_read()
    {
        KernelModule module = KernelModule.Parse("kernel/drivers/nvme-fabrics.ko.xz", ModuleFile.Make("nvme-core", "configfs"));

        Assert.That(module.Name, Is.EqualTo("nvme_fabrics"));
        Assert.That(module.Dependencies, Is.EqualTo(["nvme_core", "configfs"]));
    }

    [Test]
    public void A_module_may_need_nothing() => Assert.That(KernelModule.Parse("a.ko", ModuleFile.Make()).Dependencies, Is.Empty);

    [Test]
    public void Files_cut_short_are_refused()
    {
        byte[] whole = ModuleFile.Make("a", "b");
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] part = whole[..length];
            Assert.That(() => KernelModule.Parse("cut.ko", part), Throws.TypeOf<ImageFormatException>(), $"{length} of {whole.Length} bytes");
        }
    }

    [Test]
    public void Damaged_files_never_do_anything_but_be_refused()
    {
        Random random = new(Seed);
        for (int round = 0; round < 5000; round++)
        {
            byte[] file = ModuleFile.Make("a", "b");
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                file[random.Next(file.Length)] = (byte)random.Next(256);
            }

            try
            {
                KernelModule.Parse("damaged.ko", file);
            }
            catch (ImageFormatException)
            {
                continue;
            }
        }
    }

    [Test]
    public async Task Random_dependencies_come_before_what_needs_them()
    {
        Random random = new(Seed);
        for (int round = 0; round < 20; round++)
        {
            using TemporaryFolder folder = new();
            Dictionary<string, string[]> needs = [];
            for (int i = 0; i < 30; i++)
            {
                needs[$"m_{i}"] = [.. Enumerable.Range(0, i).Where(_ => random.Next(i) < 2).Select(static j => $"m_{j}").OrderBy(_ => random.Next())];
                folder.Write($"kernel/{i % 3}/m-{i}.ko", ModuleFile.Make(needs[$"m_{i}"]));
            }

            string[] wanted = [.. Enumerable.Range(0, 5).Select(_ => $"m_{random.Next(30)}")];
            IReadOnlyList<KernelModule> ordered = await Open(folder).InLoadingOrderAsync(wanted, CancellationToken.None);

            string[] names = [.. ordered.Select(static module => module.Name)];
            Assert.That(names, Is.Unique.And.SupersetOf(wanted.Distinct()), $"seed {Seed}, round {round}");
            Assert.That(
                names.SelectMany((name, index) => needs[name].Where(needed => Array.IndexOf(names, needed) is var at && (at < 0 || at > index))),
                Is.Empty,
                $"seed {Seed}, round {round}");
        }
    }

    [Test]
    public async Task What_is_built_in_is_left_out()
    {
        using TemporaryFolder folder = new();
        folder.Write("modules.builtin", "kernel/drivers/virtio/virtio-ring.ko\n");
        folder.Write("kernel/virtio_blk.ko", ModuleFile.Make("virtio_ring"));

        IReadOnlyList<KernelModule> ordered = await Open(folder).InLoadingOrderAsync(["virtio_ring", "virtio-blk"], CancellationToken.None);

        Assert.That(ordered.Select(static module => module.Name), Is.EqualTo(["virtio_blk"]));
    }

    [Test]
    public void What_is_missing_is_named()
    {
        using TemporaryFolder folder = new();
        folder.Write("kernel/ext4.ko", ModuleFile.Make("jbd2"));

        Assert.That(
            () => Open(folder).InLoadingOrderAsync(["ext4"], CancellationToken.None),
            Throws.TypeOf<ImageException>().With.Message.Contains("jbd2").And.Message.Contains("ext4"));
    }

    [Test]
    public void A_circle_is_an_error()
    {
        using TemporaryFolder folder = new();
        folder.Write("kernel/a.ko", ModuleFile.Make("b"));
        folder.Write("kernel/b.ko", ModuleFile.Make("a"));

        Assert.That(
            () => Open(folder).InLoadingOrderAsync(["a"], CancellationToken.None),
            Throws.TypeOf<ImageException>().With.Message.Contains("a -> b -> a"));
    }

    private static KernelModules Open(TemporaryFolder folder) => new(folder.Path, PackedFile.ReadAsync);
}

using System.Text;
using Emulator.Cli.Images;

namespace Emulator.Tests.Images;

[TestFixture]
public sealed class CpioWriterTests
{
    private const int Seed = 20260123;

    [Test]
    public void Random_archives_read_back_as_written()
    {
        Random random = new(Seed);
        for (int round = 0; round < 50; round++)
        {
            List<(string Name, byte[] Content)> files = [];
            byte[] archive = Archive(writer =>
            {
                for (int i = random.Next(20); i >= 0; i--)
                {
                    byte[] content = new byte[random.Next(40)];
                    random.NextBytes(content);
                    string name = $"{new string('d', random.Next(1, 9))}/{new string('f', random.Next(1, 9))}{i}";
                    writer.File(name, 0x1ed, content);
                    files.Add((name, content));
                }
            });

            CpioEntry[] read = [.. CpioArchive.Read(archive).Where(static entry => (entry.Mode & 0xf000) == 0x8000)];
            Assert.That(read.Select(static entry => entry.Name), Is.EqualTo(files.Select(static file => file.Name)), $"seed {Seed}, round {round}");
            Assert.That(read.Select(static entry => entry.Content), Is.EqualTo(files.Select(static file => file.Content)), $"seed {Seed}, round {round}");
        }
    }

    [Test]
    public void Every_kind_of_entry_has_its_mode()
    {
        IReadOnlyList<CpioEntry> entries = CpioArchive.Read(Archive(Everything));

        Assert.That(
            entries.Select(static entry => $"{entry.Name} {Convert.ToString(entry.Mode, 8)} {entry.Major}:{entry.Minor}"),
            Is.EqualTo(["tmp 41777 0:0", "dev 40755 0:0", "dev/console 20600 5:1", "a 40755 0:0", "a/b 40755 0:0", "a/b/c 100644 0:0", "link 120777 0:0"]));
        Assert.That(entries.Single(static entry => entry.Name == "link").Text, Is.EqualTo("a/b/c"));
        Assert.That(entries.Select(static entry => entry.Inode), Is.Unique);
    }

    [TestCase("/a")]
    [TestCase("a//b")]
    [TestCase("")]
    [TestCase("a/../b")]
    [TestCase("./a")]
    public void Paths_stay_inside(string path) => Assert.That(() => Archive(writer => writer.Folder(path)), Throws.ArgumentException);

    [Test]
    public void A_path_is_there_once() =>
        Assert.That(
            () => Archive(static writer =>
            {
                writer.File("a", 0, []);
                writer.Folder("a");
            }),
            Throws.ArgumentException.With.Message.Contains("'a'"));

    [Test]
    public async Task The_cpio_program_agrees()
    {
        string? cpio = HostTool.Find("cpio");
        if (cpio is null)
        {
            Assert.Ignore("this host has no cpio program");
        }

        using TemporaryFolder folder = new();
        string archive = folder.Write("archive", Archive(Everything));
        string listing = await HostTool.RunAsync(cpio, ["--list", "--quiet", "--file", archive], new(folder.Path), CancellationToken.None);

        Assert.That(listing.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(["tmp", "dev", "dev/console", "a", "a/b", "a/b/c", "link"]));
    }

    private static void Everything(CpioWriter writer)
    {
        writer.Folder("tmp", 0b1_111_111_111);
        writer.CharacterDevice("dev/console", 0b110_000_000, 5, 1);
        writer.File("a/b/c", 0b110_100_100, Encoding.UTF8.GetBytes("hello"));
        writer.Link("link", "a/b/c");
    }

    private static byte[] Archive(Action<CpioWriter> write)
    {
        using MemoryStream output = new();
        CpioWriter writer = new(output);
        write(writer);
        writer.Finish();
        return output.ToArray();
    }
}

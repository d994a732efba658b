using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Emulator.Cli.Images;

namespace Emulator.Tests.Images;

/// <summary>An archive of our own with signed lists, of which those of one name are half replaced: needs apt and gpg.</summary>
[TestFixture]
public sealed class MirrorInUpdateTests
{
    private const string Packages =
        """
        Package: linux-image-riscv64
        Architecture: riscv64
        Version: 1
        Depends: linux-image-9-riscv64 (= 1)
        Filename: a.deb
        Size: 1
        SHA256: 00

        Package: linux-image-9-riscv64
        Architecture: riscv64
        Version: 1
        Filename: b.deb
        Size: 2
        SHA256: 01

        Package: busybox-static
        Architecture: riscv64
        Version: 3
        Filename: c.deb
        Size: 3
        SHA256: 02

        """;

    private TemporaryFolder _folder = null!;

    private string Keyring => Path.Combine(_folder.Path, "key.gpg");

    [SetUp]
    public void SetUp()
    {
        if (new[] { "apt-get", "gpg" }.Any(static tool => HostTool.Find(tool) is null))
        {
            Assert.Ignore("this host has no apt-get or no gpg");
        }

        _folder = new();
        Directory.CreateDirectory(Path.Combine(_folder.Path, "gpg"));
        Gpg("--passphrase", "", "--quick-gen-key", "archive@example.test", "ed25519", "sign", "never");
        Gpg("--output", Keyring, "--export");
    }

    [TearDown]
    public void TearDown() => _folder?.Dispose();

    [TestCase("trixie")]
    [TestCase("stable")]
    public async Task A_release_is_read_by_the_name_whose_lists_are_whole(string broken)
    {
        WriteSuite("trixie", "trixie", whole: broken != "trixie");
        WriteSuite("stable", "trixie", whole: broken != "stable");
        Assert.That(await ResolveAsync(), Is.EqualTo(["linux-image-9-riscv64 1", "busybox-static 3"]));
    }

    [Test]
    public void Another_release_does_not_stand_in()
    {
        WriteSuite("trixie", "trixie", whole: false);
        WriteSuite("stable", "forky", whole: true);
        Assert.That(ResolveAsync, Throws.TypeOf<ArchiveUnavailableException>().With.Message.Contains("Debian trixie"));
    }

    [Test]
    public void An_archive_with_neither_whole_is_not_available()
    {
        WriteSuite("trixie", "trixie", whole: false);
        WriteSuite("stable", "trixie", whole: false);
        Assert.That(ResolveAsync, Throws.TypeOf<ArchiveUnavailableException>().With.Message.Contains("Debian trixie"));
    }

    private async Task<string[]> ResolveAsync()
    {
        AptImageSource source = new(Directory.CreateDirectory(Path.Combine(_folder.Path, "work")).FullName) { Archive = $"file:{_folder.Path}/archive", Keyring = Keyring };
        IReadOnlyList<PackageFile> packages = await source.ResolveAsync(ImageCatalog.Find("debian-riscv64")!, null, CancellationToken.None);
        return [.. packages.Select(static package => $"{package.Name} {package.Version}")];
    }

    private void WriteSuite(string suite, string codename, bool whole)
    {
        string lists = Path.Combine(_folder.Path, "archive", "dists", suite);
        Directory.CreateDirectory(Path.Combine(lists, "main", "binary-riscv64"));
        File.WriteAllText(Path.Combine(lists, "main", "binary-riscv64", "Packages"), whole ? Packages : Packages + "\n");
        string release = Path.Combine(_folder.Path, "Release");
        byte[] index = Encoding.UTF8.GetBytes(Packages);
        File.WriteAllText(
            release,
            $"""
            Origin: Debian
            Suite: stable
            Codename: {codename}
            Date: Sat, 21 Nov 2026 09:15:44 UTC
            Architectures: riscv64
            Components: main
            SHA256:
             {Convert.ToHexStringLower(SHA256.HashData(index))} {index.Length} main/binary-riscv64/Packages

            """);
        Gpg("--output", Path.Combine(lists, "InRelease"), "--clearsign", release);
    }

    private void Gpg(params string[] arguments)
    {
        ProcessStartInfo start = new("gpg", ["--homedir", Path.Combine(_folder.Path, "gpg"), "--batch", "--quiet", "--pinentry-mode", "loopback", .. arguments]) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, said);
    }
}

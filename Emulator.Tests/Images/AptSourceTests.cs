using Emulator.Cli.Images;

namespace Emulator.Tests.Images;

[TestFixture]
public sealed class AptSourceTests
{
    private const string Archive = "http://archive.test/debian";

    [TestCase("deb http://archive.test/debian trixie main")]
    [TestCase("deb http://archive.test/debian   bookworm\tcontrib main # the archive")]
    [TestCase("deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://archive.test/debian stable main")]
    [TestCase("deb-src http://source.test/debian trixie main\ndeb http://archive.test/debian trixie main")]
    [TestCase("deb http://security.test/debian-security trixie-security main\ndeb http://archive.test/debian trixie main")]
    [TestCase("deb http://archive.test/debian trixie-updates main\ndeb http://archive.test/debian trixie main non-free-firmware")]
    [TestCase("deb http://tools.test/debian trixie contrib\ndeb http://archive.test/debian trixie main")]
    [TestCase("deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://vendor.test/debian/12/prod bookworm main\r\ndeb http://archive.test/debian trixie main\r\n")]
    [TestCase("deb cdrom:[Debian GNU/Linux 12]/ bookworm main\n# a comment\n\ndeb http://archive.test/debian trixie main")]
    [TestCase("deb http://flat.test/debian ./\ndeb\ndeb [\ndeb http://archive.test/debian trixie main")]
    public void The_one_line_style_is_read(string list) => AssertFinds("sources.list", list, Archive);

    [TestCase("Types: deb\nURIs: http://archive.test/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n")]
    [TestCase("# comment\ntypes: deb deb-src\nuris: http://archive.test/debian\nsuites: trixie-updates trixie\ncomponents: contrib main\n")]
    [TestCase("Types: deb\n# in between\nURIs:\n http://archive.test/debian\n http://other.test/debian\nSuites:\n trixie\n trixie-updates\nComponents:\n main\n")]
    [TestCase("Enabled: no\nTypes: deb\nURIs: http://off.test/debian\nSuites: trixie\nComponents: main\n\n\nTypes: deb\nURIs: http://archive.test/debian\nSuites: trixie\nComponents: main")]
    [TestCase("Types: deb-src\nURIs: http://source.test/debian\nSuites: trixie\nComponents: main\n \nTypes: deb\nURIs: http://archive.test/debian\nSuites: sid\nComponents: main\n")]
    [TestCase("Types: deb\nURIs: http://archive.test/debian\nSuites: trixie\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEZ\n -----END PGP PUBLIC KEY BLOCK-----\n")]
    public void The_stanza_style_is_read(string stanzas) => AssertFinds("sources.list.d/debian.sources", stanzas, Archive);

    [TestCase("deb http://archive.test/ubuntu noble main universe")]
    [TestCase("deb https://vendor.test/debian/12/prod bookworm main")]
    [TestCase("deb https://vendor.test/apt bookworm main")]
    [TestCase("deb http://archive.test/debian bookworm-backports main")]
    [TestCase("deb [arch=amd64")]
    [TestCase("")]
    public void Other_archives_are_left_alone(string list) => AssertFinds("sources.list", list, null);

    [Test]
    public void A_mirror_list_and_an_odd_path_count_when_they_are_Debians()
    {
        AssertFinds("sources.list.d/a.sources", "Types: deb\nURIs: mirror+file:/etc/apt/mirrors/debian.list\nSuites: bookworm\nComponents: main\n", "mirror+file:/etc/apt/mirrors/debian.list");
        AssertFinds("sources.list", "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://cache.test/proxied/d bookworm main", "http://cache.test/proxied/d");
    }

    [Test]
    public void Files_that_apt_ignores_are_ignored()
    {
        using TemporaryFolder folder = new();
        folder.Write("sources.list.d/a.list.disabled", "deb http://disabled.test/debian trixie main");
        folder.Write("sources.list.d/b.list", $"deb {Archive} trixie main");
        folder.Write("sources.list.d/c.list", "deb http://later.test/debian trixie main");

        Assert.That(AptSource.FindDebianArchive(folder.Path), Is.EqualTo(Archive));
    }

    [Test]
    public void A_host_without_sources_has_no_archive()
    {
        using TemporaryFolder folder = new();
        Assert.That(AptSource.FindDebianArchive(folder.Path), Is.Null);
    }

    [Test]
    public void Nothing_of_the_hosts_apt_applies_but_its_network()
    {
        using TemporaryFolder folder = new();
        AptConfiguration configuration = new()
        {
            Folder = folder.Path,
            Archive = Archive,
            Suite = "trixie",
            Architecture = "riscv64",
            Keyring = "/keys.gpg",
            HostSettings = "Acquire::http::Proxy \"http://proxy.test:3128\";\nAcquire::AllowInsecureRepositories \"1\";\nAPT::Update::Post-Invoke:: \"rm -rf /\";\n",
        };
        configuration.Write();
        string text = File.ReadAllText(configuration.ConfigurationFile);

        Assert.That(text, Does.Contain("proxy.test").And.Contain("Acquire::AllowInsecureRepositories \"false\"").And.Contain("Dir::Etc::main \"/dev/null\""));
        Assert.That(text, Does.Not.Contain("Post-Invoke").And.Not.Contain("\"1\""));
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "debian.sources")), Does.Contain("Signed-By: /keys.gpg\n"));
    }

    [Test]
    public void An_index_entry_is_fields() =>
        Assert.That(
            AptImageSource.Fields("Package: a\nDepends: b (= 1:2), c\nDescription: first\n more: text\nSize: 12\n\nPackage: b\nSize: 13\n"),
            Is.EqualTo(new Dictionary<string, string> { ["Package"] = "a", ["Depends"] = "b (= 1:2), c", ["Description"] = "first", ["Size"] = "12" }));

    private static void AssertFinds(string file, string content, string? archive)
    {
        using TemporaryFolder folder = new();
        folder.Write(file, content);
        Assert.That(AptSource.FindDebianArchive(folder.Path), Is.EqualTo(archive));
    }
}

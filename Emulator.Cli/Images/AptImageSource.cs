using System.Globalization;
using System.Security.Cryptography;

namespace Emulator.Cli.Images;

/// <summary>
/// Debian packages through the host's own apt, from the archive the host is configured with. Works without special rights in a folder
/// of its own and changes nothing of the host. apt verifies the archive by the keys of the host's Debian keyring.
/// </summary>
internal sealed class AptImageSource(string workFolder) : IPackageSource
{
    /// <summary>The variable that names an archive for hosts which are not Debian.</summary>
    public const string ArchiveVariable = "EMULATOR_DEBIAN_ARCHIVE";

    private static readonly string[] Keyrings = ["/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg"];

    // What apt says, in its various versions, of a signature that none of the given keys has made.
    private static readonly string[] KeyComplaints = ["NO_PUBKEY", "Missing key", "EXPKEYSIG", "couldn't be verified", "is not signed"];

    private ToolSettings? _apt;

    /// <summary>The host's apt configuration.</summary>
    public string AptFolder { get; init; } = "/etc/apt";

    /// <summary>The keys that the archive must be signed by; the host's Debian keyring by default.</summary>
    public string? Keyring { get; init; } = Array.Find(Keyrings, File.Exists);

    /// <summary>The archive; by default what the environment names, or else what the host is configured with.</summary>
    public string? Archive { get; init; } = Environment.GetEnvironmentVariable(ArchiveVariable);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PackageFile>> ResolveAsync(ImageDefinition image, IProgress<string>? progress, CancellationToken cancellation)
    {
        progress?.Report($"reading the package lists of Debian {image.Suite} for {image.Architecture}");
        await UpdateAsync(image, cancellation);
        string kernel = await FindKernelAsync(image, cancellation);
        return [await DescribeAsync(kernel, cancellation), await DescribeAsync(image.ShellPackage, cancellation)];
    }

    /// <inheritdoc/>
    public async Task UnpackAsync(PackageFile package, string folder, CancellationToken cancellation)
    {
        string downloads = Path.Combine(workFolder, "downloads");
        Directory.CreateDirectory(downloads);
        ToolSettings settings = Apt() with { Folder = downloads };
        try
        {
            await HostTool.RunAsync(Tool("apt-get"), ["--quiet", "download", $"{package.Name}={package.Version}"], settings, cancellation);
        }
        catch (HostToolException exception)
        {
            throw new ArchiveUnavailableException($"cannot download {package.Name} {package.Version}: {exception.Message}", exception);
        }

        string file = Directory.EnumerateFiles(downloads, package.Name + "_*.deb").Single();
        await using (FileStream content = File.OpenRead(file))
        {
            string sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellation));
            if (sha256 != package.Sha256)
            {
                throw new ImageException($"{package.Name} {package.Version}: SHA-256 is {sha256}, the archive's index says {package.Sha256}");
            }
        }

        await HostTool.RunAsync(Tool("dpkg-deb"), ["--extract", file, folder], settings, cancellation);
        File.Delete(file);
    }

    /// <summary>The fields of a package's description in an index (a deb822 stanza).</summary>
    internal static Dictionary<string, string> Fields(string stanza)
    {
        Dictionary<string, string> fields = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in stanza.Split('\n').TakeWhile(static line => line.Length > 0))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && !char.IsWhiteSpace(line[0]))
            {
                fields[line[..colon]] = line[(colon + 1)..].Trim();
            }
        }

        return fields;
    }

    private static string Tool(string name) => HostTool.Find(name) ?? throw new ImageException($"this host has no {name}");

    private ToolSettings Apt() => _apt ?? throw new InvalidOperationException("packages are resolved before they are unpacked");

    private async Task UpdateAsync(ImageDefinition image, CancellationToken cancellation)
    {
        try
        {
            await UpdateAsync(image, image.Suite, cancellation);
        }
        catch (ArchiveUnavailableException byCodename) when (image.SuiteAlias is { } alias)
        {
            // A mirror that is being brought up to date may have one name's lists whole and the other's half replaced.
            try
            {
                await UpdateAsync(image, alias, cancellation);
            }
            catch (ArchiveUnavailableException)
            {
                throw byCodename;
            }

            if (await ReleaseCodenameAsync(cancellation) != image.Suite)
            {
                throw;
            }
        }
    }

    private async Task UpdateAsync(ImageDefinition image, string suite, CancellationToken cancellation)
    {
        string aptGet = Tool("apt-get");
        string keyring = Keyring ?? throw new ImageException($"this host has none of {string.Join(", ", Keyrings)}: install the package debian-archive-keyring");
        string archive = Archive ?? AptSource.FindDebianArchive(AptFolder) ?? throw new ImageException(
            $"{AptFolder}/sources.list and {AptFolder}/sources.list.d name no Debian archive: set {ArchiveVariable} to the URI of one, as a 'deb' line has it");
        AptConfiguration configuration = new()
        {
            Folder = Path.Combine(workFolder, "apt-" + suite),
            Archive = archive,
            Suite = suite,
            Architecture = image.Architecture,
            Keyring = keyring,
            HostSettings = await HostTool.RunAsync(Tool("apt-config"), ["dump", "Acquire"], new(workFolder), cancellation),
        };
        configuration.Write();
        _apt = new(workFolder, configuration.ConfigurationFile);
        try
        {
            await HostTool.RunAsync(aptGet, ["--quiet", "update"], _apt, cancellation);
        }
        catch (HostToolException exception) when (Array.Exists(KeyComplaints, complaint => exception.Said.Contains(complaint, StringComparison.OrdinalIgnoreCase)))
        {
            throw new ImageException($"{keyring} has no valid key for Debian {suite}: update the package debian-archive-keyring ({exception.Message})", exception);
        }
        catch (HostToolException exception)
        {
            throw new ArchiveUnavailableException($"cannot read the package lists of Debian {suite}: {exception.Message}", exception);
        }
    }

    // The release that the lists just read are of, by its own signed word.
    private async Task<string> ReleaseCodenameAsync(CancellationToken cancellation) =>
        (await HostTool.RunAsync(Tool("apt-get"), ["indextargets", "--format", "$(CODENAME)"], Apt(), cancellation)).Split('\n')[0].Trim();

    // The kernel's package without a version in its name depends on the one that holds the kernel of today.
    private async Task<string> FindKernelAsync(ImageDefinition image, CancellationToken cancellation)
    {
        string depends = (await ShowAsync(image.KernelPackage, cancellation)).GetValueOrDefault("Depends", "");
        return depends.Split([',', '|'], StringSplitOptions.TrimEntries).Select(static dependency => dependency.Split(' ')[0])
            .FirstOrDefault(static name => name.StartsWith("linux-image-", StringComparison.Ordinal))
            ?? throw new ImageException($"{image.KernelPackage} of Debian {image.Suite} depends on no linux-image package, but on '{depends}'");
    }

    private async Task<PackageFile> DescribeAsync(string name, CancellationToken cancellation)
    {
        Dictionary<string, string> fields = await ShowAsync(name, cancellation);
        string Field(string key) => fields.GetValueOrDefault(key) ?? throw new ImageException($"the archive's entry for {name} has no {key}");
        return new(name, Field("Version"), Field("SHA256"), long.Parse(Field("Size"), CultureInfo.InvariantCulture));
    }

    private async Task<Dictionary<string, string>> ShowAsync(string name, CancellationToken cancellation)
    {
        try
        {
            return Fields(await HostTool.RunAsync(Tool("apt-cache"), ["show", "--no-all-versions", name], Apt(), cancellation));
        }
        catch (HostToolException exception)
        {
            throw new ArchiveUnavailableException($"the archive has no package {name}: {exception.Message}", exception);
        }
    }
}

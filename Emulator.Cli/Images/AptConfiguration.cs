using System.Text;

namespace Emulator.Cli.Images;

/// <summary>
/// A private configuration for the host's apt: its own state, cache and sources in one folder, for a foreign release and architecture,
/// verified by Debian's keys only. Of the host's own configuration only the network's part applies; its hooks would act on the host.
/// </summary>
internal sealed record AptConfiguration
{
    private static readonly string[] NetworkSettings = ["Acquire::http", "Acquire::https", "Acquire::Retries", "Acquire::ForceIPv", "Acquire::Check-"];

    /// <summary>The folder that everything is in.</summary>
    public required string Folder { get; init; }

    /// <summary>The archive.</summary>
    public required string Archive { get; init; }

    /// <summary>The release.</summary>
    public required string Suite { get; init; }

    /// <summary>The packages' architecture.</summary>
    public required string Architecture { get; init; }

    /// <summary>The file with the keys that the archive must be signed by.</summary>
    public required string Keyring { get; init; }

    /// <summary>What <c>apt-config dump</c> says of the host's configuration.</summary>
    public string HostSettings { get; init; } = "";

    /// <summary>The file to name in <c>APT_CONFIG</c>.</summary>
    public string ConfigurationFile => Path.Combine(Folder, "apt.conf");

    private string SourcesFile => Path.Combine(Folder, "debian.sources");

    private string EmptyFolder => Path.Combine(Folder, "empty");

    private string StatusFile => Path.Combine(Folder, "status");

    /// <summary>Writes the configuration and the folders it names.</summary>
    public void Write()
    {
        Directory.CreateDirectory(EmptyFolder);
        Directory.CreateDirectory(Path.Combine(Folder, "state", "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(Folder, "cache", "archives", "partial"));
        File.WriteAllText(StatusFile, "");
        File.WriteAllText(SourcesFile, Sources());
        File.WriteAllText(ConfigurationFile, Text());
    }

    private string Sources() =>
        $"""
        Types: deb
        URIs: {Archive}
        Suites: {Suite}
        Components: main
        Architectures: {Architecture}
        Signed-By: {Keyring}

        """;

    // apt reads APT_CONFIG first (apt.conf(5)); naming empty places for the host's files keeps those from being read after it.
    private string Text()
    {
        StringBuilder text = new();
        foreach (string line in HostSettings.Split('\n').Where(static line => Array.Exists(NetworkSettings, name => line.StartsWith(name, StringComparison.OrdinalIgnoreCase))))
        {
            text.Append(line).Append('\n');
        }

        text.Append(
            $$"""
            Dir::Etc::main "/dev/null";
            Dir::Etc::parts "{{EmptyFolder}}/";
            Dir::Etc::sourcelist "{{SourcesFile}}";
            Dir::Etc::sourceparts "{{EmptyFolder}}/";
            Dir::Etc::preferences "/dev/null";
            Dir::Etc::preferencesparts "{{EmptyFolder}}/";
            Dir::State "{{Path.Combine(Folder, "state")}}";
            Dir::State::status "{{StatusFile}}";
            Dir::Cache "{{Path.Combine(Folder, "cache")}}";
            APT::Architecture "{{Architecture}}";
            APT::Architectures { "{{Architecture}}"; };
            APT::Sandbox::User "root";
            APT::Get::AllowUnauthenticated "false";
            APT::Update::Error-Mode "any";
            Acquire::AllowInsecureRepositories "false";
            Acquire::AllowWeakRepositories "false";
            Acquire::AllowDowngradeToInsecureRepositories "false";
            Acquire::Languages "none";

            """);
        return text.ToString();
    }
}

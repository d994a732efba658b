namespace Emulator.Cli.Images;

/// <summary>One entry of the host's apt sources: where binary packages may come from (sources.list(5)).</summary>
internal sealed record AptSource(string Uri, IReadOnlyList<string> Suites, IReadOnlyList<string> Components, string SignedBy)
{
    private const string BinaryPackages = "deb";

    // Suites of Debian itself. Security, updates and backports carry a suffix: those archives do not have the whole of a release.
    private static readonly HashSet<string> DebianSuites = new(StringComparer.Ordinal)
    {
        "bullseye", "bookworm", "trixie", "forky", "duke", "sid", "oldoldstable", "oldstable", "stable", "testing", "unstable",
    };

    /// <summary>
    /// True when this looks like an archive of Debian itself. Others use the same names of suites and components, but neither the
    /// path nor the key. Whether it is Debian's is decided by apt, which verifies what it gets with Debian's keys only.
    /// </summary>
    public bool IsDebian => Components.Contains("main") && Suites.Any(DebianSuites.Contains)
        && (SignedBy.Contains("debian-archive", StringComparison.Ordinal) || IsDebianPath(Uri));

    /// <summary>The archive that the host gets Debian from, out of an apt configuration folder; null when it has none.</summary>
    public static string? FindDebianArchive(string aptFolder) => ReadAll(aptFolder).FirstOrDefault(static source => source.IsDebian)?.Uri;

    /// <summary>Every entry of <c>sources.list</c> and <c>sources.list.d</c>, in the order apt reads them.</summary>
    public static IEnumerable<AptSource> ReadAll(string aptFolder)
    {
        string main = Path.Combine(aptFolder, "sources.list");
        string parts = Path.Combine(aptFolder, "sources.list.d");
        IEnumerable<string> files =
        [
            .. File.Exists(main) ? [main] : Array.Empty<string>(),
            .. Directory.Exists(parts) ? Directory.EnumerateFiles(parts).Order(StringComparer.Ordinal) : Enumerable.Empty<string>(),
        ];
        return files.SelectMany(static path => Path.GetExtension(path) switch
        {
            ".list" => ParseList(File.ReadAllText(path)),
            ".sources" => ParseStanzas(File.ReadAllText(path)),
            _ => [],
        });
    }

    /// <summary>Reads the one-line style: <c>deb [ option=value ... ] uri suite component ...</c>.</summary>
    public static IEnumerable<AptSource> ParseList(string text)
    {
        foreach (string line in Lines(text))
        {
            string entry = line.Split('#')[0].Trim();
            int afterType = entry.IndexOfAny([' ', '\t']);
            if (afterType < 0 || entry[..afterType] != BinaryPackages)
            {
                continue;
            }

            string rest = entry[afterType..].TrimStart();
            string options = "";
            if (rest.StartsWith('[') && rest.Contains(']', StringComparison.Ordinal))
            {
                int close = rest.IndexOf(']', StringComparison.Ordinal);
                (options, rest) = (rest[1..close], rest[(close + 1)..]);
            }

            string[] words = Words(rest);
            if (words.Length >= 2)
            {
                yield return new(words[0], [words[1]], words[2..], Option(options, "signed-by"));
            }
        }
    }

    /// <summary>Reads the deb822 style: stanzas of fields, a URI, suite or component being one word of its field.</summary>
    public static IEnumerable<AptSource> ParseStanzas(string text)
    {
        Dictionary<string, string> fields = new(StringComparer.OrdinalIgnoreCase);
        string field = "";
        foreach (string line in Lines(text).Where(static line => !line.StartsWith('#')).Append(""))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (string.IsNullOrWhiteSpace(line))
            {
                foreach (AptSource source in FromStanza(fields))
                {
                    yield return source;
                }

                fields.Clear();
            }
            else if (char.IsWhiteSpace(line[0]))
            {
                fields[field] = $"{fields.GetValueOrDefault(field)} {line.Trim()}";
            }
            else if (colon > 0)
            {
                field = line[..colon].Trim();
                fields[field] = line[(colon + 1)..].Trim();
            }
        }
    }

    private static IEnumerable<AptSource> FromStanza(Dictionary<string, string> fields)
    {
        string Field(string name) => fields.GetValueOrDefault(name, "");
        bool enabled = Field("Enabled").ToUpperInvariant() is not ("NO" or "FALSE" or "0" or "OFF" or "WITHOUT" or "DISABLE");
        return enabled && Words(Field("Types")).Contains(BinaryPackages)
            ? Words(Field("URIs")).Select(uri => new AptSource(uri, Words(Field("Suites")), Words(Field("Components")), Field("Signed-By")))
            : [];
    }

    // Archives are by convention at .../debian; a list of mirrors is a file that is called so.
    private static bool IsDebianPath(string uri)
    {
        string last = uri.TrimEnd('/').Split('/')[^1];
        return last is "debian" or "debian.list";
    }

    private static string Option(string options, string name) =>
        Words(options).Select(static word => word.Split('=', 2)).FirstOrDefault(pair => pair[0] == name && pair.Length == 2)?[1] ?? "";

    private static string[] Lines(string text) => text.ReplaceLineEndings("\n").Split('\n');

    private static string[] Words(string text) => text.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
}

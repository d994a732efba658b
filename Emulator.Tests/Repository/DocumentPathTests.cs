using System.Text.RegularExpressions;

namespace Emulator.Tests.Repository;

/// <summary>
/// Documents that name what is no longer there mislead. In the Markdown of the root and of docs, a word between backticks must exist
/// when it is a path whose first part is a folder of the root or a project's name, or when it ends like a file of ours; such a name
/// may leave out leading folders.
/// </summary>
[TestFixture]
public sealed partial class DocumentPathTests
{
    private static readonly string[] OurExtensions = [".cs", ".csproj", ".sln", ".props", ".md"];

    private static readonly HashSet<string> Folders = FindFolders();

    private static IEnumerable<string> Documents => RepositoryFiles.All.Where(static path =>
        path.EndsWith(".md", StringComparison.Ordinal) && (!path.Contains('/', StringComparison.Ordinal) || path.StartsWith("docs/", StringComparison.Ordinal)));

    [Test]
    public void Every_path_in_a_document_exists() =>
        Assert.That(
            from document in Documents
            from path in Paths(RepositoryFiles.Read(document))
            where !Exists(path)
            select $"{document} names {path}",
            Is.Empty);

    [TestCase("see `Emulator.Core/Loading/GuestImage.cs`, `Emulator.Core/Loading/` and `GuestImage.cs:12`", true)]
    [TestCase("`Loading/GuestImage.cs`", true)]
    [TestCase("run `dotnet test Emulator.Tests/Emulator.Tests.csproj`", true)]
    [TestCase("`Emulator.Core/Nothing/`", false)]
    [TestCase("`Emulator.Gone/Thing.cs`", false)]
    [TestCase("`Nothing.cs`", false)]
    [TestCase("`oading/GuestImage.cs`", false)]
    [TestCase("`/soc/serial`, `a/b`, `*.cs`, `Emulator.Core/*/Foo.cs`, `decisions/NNNN-title.md`, `https://x.example/a.md`, `artifacts/bin`", true)]
    [TestCase("```\nEmulator.Core/Nothing\n```", true)]
    public void The_rule_sees_paths(string text, bool good) => Assert.That(Paths(text).All(Exists), Is.EqualTo(good));

    private static IEnumerable<string> Paths(string text) =>
        from Match span in InlineCode().Matches(Fenced().Replace(text, ""))
        from word in span.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        let path = LineNumber().Replace(word.Trim(',', ';', '(', ')'), "").TrimEnd('/')
        where LooksLikePath(path, word)
        select path;

    private static bool LooksLikePath(string path, string word)
    {
        // A pattern, a placeholder, a guest's path or an address is no path of ours.
        if (Pattern().IsMatch(path) || path.StartsWith('/') || path.Contains("//", StringComparison.Ordinal))
        {
            return false;
        }

        string first = path.Split('/')[0];
        return OurExtensions.Contains(Path.GetExtension(path))
            || (word.Contains('/', StringComparison.Ordinal)
                && (Folders.Contains(first) || first.StartsWith("Emulator.", StringComparison.Ordinal)));
    }

    private static bool Exists(string path) =>
        Folders.Contains(path) || RepositoryFiles.All.Any(file => file == path || file.EndsWith('/' + path, StringComparison.Ordinal));

    private static HashSet<string> FindFolders()
    {
        HashSet<string> folders = new(StringComparer.Ordinal);
        foreach (string file in RepositoryFiles.All)
        {
            for (int slash = file.LastIndexOf('/'); slash > 0; slash = file.LastIndexOf('/', slash - 1))
            {
                folders.Add(file[..slash]);
            }
        }

        return folders;
    }

    [GeneratedRegex("`([^`\n]+)`", RegexOptions.CultureInvariant)]
    private static partial Regex InlineCode();

    [GeneratedRegex("^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Fenced();

    [GeneratedRegex(@":\d+$", RegexOptions.CultureInvariant)]
    private static partial Regex LineNumber();

    [GeneratedRegex(@"[*?{}<>$…~=]|NNNN|^\.\w+$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

using System.Text.RegularExpressions;

namespace Emulator.Tests.Repository;

/// <summary>
/// <c>unsafe</c> stands in Core only, and each one behind a <c>// SAFETY:</c> comment that says why it holds: among the three lines
/// before it, where the lines of a longer comment count as one.
/// </summary>
[TestFixture]
public sealed partial class UnsafeCodeTests
{
    private const string Core = "Emulator.Core/";
    private const int LinesBefore = 3;

    [Test]
    public void Unsafe_stands_in_core_only() =>
        Assert.That(Unsafe().Where(static place => !place.Path.StartsWith(Core, StringComparison.Ordinal)).Select(Show), Is.Empty);

    [Test]
    public void Every_unsafe_says_why_it_is_safe() =>
        Assert.That(Unsafe().Where(static place => !IsExplained(RepositoryFiles.Lines(place.Path), place.Line)).Select(Show), Is.Empty);

    [TestCase(true, "// SAFETY: because", "unsafe class A")]
    [TestCase(true, "// SAFETY: because", "[Attribute]", "/// <summary>B.</summary>", "unsafe void B()")]
    [TestCase(true, "// SAFETY: because", "// of", "// four", "// lines", "unsafe void B()")]
    [TestCase(false, "// SAFETY: because", "", "", "", "unsafe void B()")]
    [TestCase(false, "// safety: because", "unsafe void B()")]
    [TestCase(false, "unsafe void B() // SAFETY: because")]
    public void The_rule_sees_comments(bool explained, params string[] lines) =>
        Assert.That(IsExplained(lines, lines.Length - 1), Is.EqualTo(explained));

    private static bool IsExplained(string[] lines, int line)
    {
        int seen = 0;
        for (int i = line - 1; i >= 0 && seen <= LinesBefore; i--)
        {
            string text = lines[i].TrimStart();
            if (text.StartsWith("// SAFETY:", StringComparison.Ordinal))
            {
                return seen < LinesBefore;
            }

            bool isComment = text.StartsWith("//", StringComparison.Ordinal) && !text.StartsWith("///", StringComparison.Ordinal);
            seen += isComment ? 0 : 1;
        }

        return false;
    }

    private static IEnumerable<(string Path, int Line)> Unsafe() =>
        from path in RepositoryFiles.CSharp
        from item in CSharpText.CodeOnly(RepositoryFiles.Read(path)).Split('\n').Index()
        where UnsafeWord().IsMatch(item.Item)
        select (path, item.Index);

    private static string Show((string Path, int Line) place) => $"{place.Path}:{place.Line + 1}";

    [GeneratedRegex(@"(?<![\w@.])unsafe\b", RegexOptions.CultureInvariant)]
    private static partial Regex UnsafeWord();
}

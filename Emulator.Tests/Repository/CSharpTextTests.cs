using System.Text.RegularExpressions;

namespace Emulator.Tests.Repository;

/// <summary>The rules below are worth what this is worth.</summary>
[TestFixture]
public sealed partial class CSharpTextTests
{
    [TestCase("x // unsafe\ny", "x \ny")]
    [TestCase("x /* unsafe\n*/ y", "x \n y")]
    [TestCase("f(\"a\\\" unsafe\") + unsafe", "f( ) + unsafe")]
    [TestCase("f(@\"c:\\\") + unsafe", "f( ) + unsafe")]
    [TestCase("f(@\"a \"\" b\") + unsafe", "f( ) + unsafe")]
    [TestCase("f($\"a {b[\"}\"]} {{ {'\\''}\") + unsafe", "f( ) + unsafe")]
    [TestCase("f(\"\"\"a \" b\n \"\"\") + unsafe", "f( \n ) + unsafe")]
    [TestCase("f('\"', '\\\\') + unsafe", "f( , ) + unsafe")]
    [TestCase("f($@\"{x:x}\"\"\") + @unsafe", "f( ) + @unsafe")]
    public void Only_code_is_left(string source, string code)
    {
        string found = CSharpText.CodeOnly(source);
        Assert.That(Spaces().Replace(found, " "), Is.EqualTo(code));
        Assert.That(found, Has.Length.EqualTo(source.Length));
    }

    [Test]
    public void Unfinished_text_ends_it([Values("\"", "@\"", "$\"{", "'", "/*", "\"\"\"", "//", "$\"{\"", "'\\", "$")] string source) =>
        Assert.That(CSharpText.CodeOnly(source), Has.Length.EqualTo(source.Length));

    [GeneratedRegex(" +", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();
}

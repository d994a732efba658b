using System.Text.RegularExpressions;

namespace Emulator.Tests.Repository;

/// <summary>Core knows no guest's architecture, not even in a comment.</summary>
[TestFixture]
public sealed partial class NeutralCoreTests
{
    private const string Core = "Emulator.Core/";

    // File, and why it may name one.
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["Emulator.Core/Loading/LinuxImage.cs"] = "a file format that is defined for one architecture and has its name for a magic number",
    };

    [Test]
    public void Core_names_no_architecture() =>
        Assert.That(
            from path in RepositoryFiles.All
            where path.StartsWith(Core, StringComparison.Ordinal) && Path.GetExtension(path) is ".cs" or ".csproj"
            where !Exceptions.ContainsKey(path)
            from line in RepositoryFiles.Lines(path).Index()
            where NamesArchitecture(line.Item)
            select $"{path}:{line.Index + 1}: {line.Item.Trim()}",
            Is.Empty);

    [Test]
    public void Exceptions_are_still_needed() =>
        Assert.That(
            Exceptions.Keys.Where(static path => !RepositoryFiles.All.Contains(path) || !RepositoryFiles.Lines(path).Any(NamesArchitecture)),
            Is.Empty);

    [TestCase("// as on RISC-V", true)]
    [TestCase("class RiscVThing", true)]
    [TestCase("bool isX86;", true)]
    [TestCase("// Intel says", true)]
    [TestCase("AMD64", true)]
    [TestCase("ulong x = 0x8640;", false)]
    [TestCase("// an intelligent choice", false)]
    [TestCase("using System.Runtime.Intrinsics.X86;", false)]
    [TestCase("if (X86Base.IsSupported)", false)]
    public void The_rule_sees_names(string line, bool named) => Assert.That(NamesArchitecture(line), Is.EqualTo(named));

    // Intrinsics name the host, which is what Core runs on.
    private static bool NamesArchitecture(string line) => Architecture().IsMatch(HostIntrinsics().Replace(line, ""));

    [GeneratedRegex(@"risc-?v|(?<!0)x86|amd64|\bintel\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Architecture();

    [GeneratedRegex(@"System\.Runtime\.Intrinsics\.X86|\bX86Base\b|\bX86Serialize\b", RegexOptions.CultureInvariant)]
    private static partial Regex HostIntrinsics();
}

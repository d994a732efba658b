using System.Xml.Linq;
using Mono.Cecil;

namespace Emulator.Tests.Repository;

/// <summary>
/// Cli -> Machines -> { Arch.*, Devices } -> Core. A project may use whatever is below it and nothing beside or above it. The compiler
/// drops references that are not used, so both what is declared and what is used are looked at.
/// </summary>
[TestFixture]
public sealed class ProjectDependencyTests
{
    private static readonly string[] Architectures = ["Emulator.Arch.RiscV", "Emulator.Arch.X86"];
    private static readonly string[] BelowMachines = ["Emulator.Core", "Emulator.Devices", .. Architectures];

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Emulator.Core"] = [],
        ["Emulator.Arch.RiscV"] = ["Emulator.Core"],
        ["Emulator.Arch.X86"] = ["Emulator.Core"],
        ["Emulator.Devices"] = ["Emulator.Core"],
        ["Emulator.Machines"] = BelowMachines,
        ["Emulator.Cli"] = ["Emulator.Machines", .. BelowMachines],
    };

    // Tests and benchmarks may look at anything.
    private static readonly string[] Free = ["Emulator.Tests", "benchmarks"];

    private static IEnumerable<string> Projects =>
        RepositoryFiles.All.Where(static path => path.EndsWith(".csproj", StringComparison.Ordinal));

    [Test]
    public void Every_project_has_a_rule() =>
        Assert.That(Projects.Select(Name).Where(static name => !Free.Contains(name) && !Allowed.ContainsKey(name)), Is.Empty);

    [Test]
    public void Declared_references_go_down_only() =>
        Assert.That(
            from project in Projects
            where Allowed.ContainsKey(Name(project))
            from reference in XDocument.Parse(RepositoryFiles.Read(project)).Descendants("ProjectReference")
            let target = Name(((string?)reference.Attribute("Include") ?? "").Replace('\\', '/'))
            where !Allowed[Name(project)].Contains(target)
            select $"{project} must not reference {target}",
            Is.Empty);

    [Test]
    public void Used_references_go_down_only()
    {
        List<string> wrong = [];
        foreach ((string project, string[] below) in Allowed)
        {
            string file = project == "Emulator.Cli" ? "emu.dll" : project + ".dll";
            using AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, file));
            wrong.AddRange(assembly.MainModule.AssemblyReferences.Select(static reference => reference.Name)
                .Where(name => (name.StartsWith("Emulator.", StringComparison.Ordinal) || name == "emu") && !below.Contains(name))
                .Select(name => $"{project} must not use {name}"));
        }

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Unsafe_code_is_allowed_in_core_only() =>
        Assert.That(
            from project in Projects
            where Name(project) != "Emulator.Core"
            from property in XDocument.Parse(RepositoryFiles.Read(project)).Descendants("AllowUnsafeBlocks")
            where !property.Value.Trim().Equals("false", StringComparison.OrdinalIgnoreCase)
            select project,
            Is.Empty);

    private static string Name(string path) => Path.GetFileNameWithoutExtension(path);
}

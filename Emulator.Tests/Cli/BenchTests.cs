using System.Text.Json;
using Emulator.Tests.Images;

namespace Emulator.Tests.Cli;

/// <summary><c>emu bench</c>: that it measures, not what.</summary>
[TestFixture]
public sealed class BenchTests
{
    [Test]
    public async Task Figures_are_a_table_and_json()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "figures.json");
        var result = await Emu.RunAsync("bench", "--engine", "interpreter", "--json", path);
        Assert.That(result.Status, Is.Zero, result.Error);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(path));
        var figures = json.RootElement.EnumerateArray().ToDictionary(static figure => figure.GetProperty("name").GetString()!, static figure => figure.GetProperty("value").GetDouble());
        Assert.That(figures.Keys, Is.SupersetOf(new[] { "translate to IR", "compile regions", "boot to the prompt", "integer mix", "memory copy", "branches" }));
        Assert.That(figures.Values, Is.All.GreaterThan(0));
        Assert.That(result.Out, Does.Contain("translate to IR").And.Contain("MIPS"));
    }
}

using System.Reflection;
using Emulator.Machines;
using Emulator.Tests.Guests;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Emulator.Tests.Machines;

/// <summary>The embedding example of README.md compiles and does what it says.</summary>
[TestFixture]
[NonParallelizable]
public class ReadmeExampleTests
{
    private const string Start = "```csharp\n";
    private const string ImplicitUsings = "global using System; global using System.IO; global using System.Threading; global using System.Threading.Tasks;";

    [Test]
    [CancelAfter(120_000)]
    public async Task The_example_runs()
    {
        string readme = await File.ReadAllTextAsync(RepositoryFiles.Path("README.md"));
        int start = readme.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        string source = readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)];
        var main = Compile(source);
        var before = Console.Out;
        var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            var result = main.Invoke(null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
            if (result is Task task) await task;
        }
        finally
        {
            Console.SetOut(before);
        }

        Assert.That(output.ToString(), Does.Contain("PowerOff").And.Contain("hart"));
    }

    private static MethodInfo Compile(string source)
    {
        _ = typeof(EmbeddedGuests).Assembly;
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create(
            "readme", [CSharpSyntaxTree.ParseText(ImplicitUsings), CSharpSyntaxTree.ParseText(source)], references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var emitted = compilation.Emit(image);
        Assert.That(emitted.Success, string.Join("\n", emitted.Diagnostics));
        return Assembly.Load(image.ToArray()).EntryPoint!;
    }
}

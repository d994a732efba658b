namespace Emulator.Tests.Repository;

/// <summary>The files of the repository that the tests were built from.</summary>
internal static class RepositoryFiles
{
    private static readonly string[] NotOurs = [".git", "artifacts", "bin", "obj", "TestResults", "BenchmarkDotNet.Artifacts", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

    /// <summary>Every file, as a path from the root with slashes.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Walk(new DirectoryInfo(Root)).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> CSharp => All.Where(static path => path.EndsWith(".cs", StringComparison.Ordinal));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] Lines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    private static IEnumerable<string> Walk(DirectoryInfo folder) =>
    [
        .. folder.EnumerateFiles().Select(static file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/')),
        .. folder.EnumerateDirectories().Where(static child => !NotOurs.Contains(child.Name)).SelectMany(Walk),
    ];

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Emulator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Emulator.sln above {AppContext.BaseDirectory}");
    }
}

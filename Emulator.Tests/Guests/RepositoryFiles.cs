namespace Emulator.Tests.Guests;

/// <summary>Finds files of the source tree that the tests run in.</summary>
internal static class RepositoryFiles
{
    private const string RootMarker = "Emulator.sln";

    public static string Root { get; } = FindRoot();

    public static string Path(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(at.FullName, RootMarker)))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException($"No {RootMarker} above {AppContext.BaseDirectory}: these tests read the source tree.");
    }
}

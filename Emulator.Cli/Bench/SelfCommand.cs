namespace Emulator.Cli.Bench;

/// <summary>How this tool is started again.</summary>
internal static class SelfCommand
{
    private const string Host = "dotnet";
    private const string Assembly = "emu.dll";

    /// <summary>The program, and arguments that come before all others: what we were started with, else the runtime's host with our assembly.</summary>
    public static IReadOnlyList<string> Find()
    {
        string? process = Environment.ProcessPath;
        string name = Path.GetFileNameWithoutExtension(process ?? "");
        if (name == Path.GetFileNameWithoutExtension(Assembly)) return [process!];
        return [name == Host ? process! : Host, Path.Combine(AppContext.BaseDirectory, Assembly)];
    }
}

namespace Emulator.Cli.Bench;

/// <summary>A part of the bench that can be asked for by name.</summary>
internal sealed record BenchSection(string Name, string Title, Func<BenchSession, IAsyncEnumerable<BenchFigure>> Run)
{
    /// <summary>All parts, in the order they run.</summary>
    public static IReadOnlyList<BenchSection> All { get; } =
    [
        new("startup", "power off at once", StartBench.RunAsync),
        new("kernels", "programs for the bare machine", KernelBench.RunAsync),
        new("boot", "Debian to its shell", BootBench.RunAsync),
        new("system", "operating-system work in Debian", SystemBench.RunAsync),
        new("translation", "guest code made ready to run", TranslateAsync),
        new("demo", "the embedded guest on each engine", GuestBench.RunAsync),
    ];

    /// <summary>Their names, for messages.</summary>
    public static string Names => string.Join(", ", All.Select(static section => section.Name));

    private static async IAsyncEnumerable<BenchFigure> TranslateAsync(BenchSession session)
    {
        foreach (var figure in await Task.Run(() => TranslationBench.Run(session.Images.Find(BootBench.Image)?.KernelPath, session.Report).ToList(), session.Cancellation)) yield return figure;
    }
}

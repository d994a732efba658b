using System.CommandLine;
using Emulator.Cli.Bench;
using Emulator.Cli.Options;
using Emulator.Cli.Running;
using Emulator.Core.Execution;

namespace Emulator.Cli.Commands;

/// <summary><c>emu bench</c>: the emulator's speed, beside QEMU's where that is installed.</summary>
internal static class BenchCommand
{
    private const int UsualRuns = 3;
    private const int MostRuns = 100;

    private sealed record Request(IReadOnlyList<BenchSection> Sections, EngineKind? Engine, int Runs, string? Json, string? Chart);

    /// <summary>Creates the command.</summary>
    public static Command Create(CliStreams streams)
    {
        var only = new Option<string>("--only") { HelpName = "NAME,...", Description = $"Only these parts: {BenchSection.Names}" };
        var runs = new Option<int>("--runs")
        {
            HelpName = "N",
            Description = "Run each process N times and report medians",
            DefaultValueFactory = static _ => UsualRuns,
            CustomParser = static result =>
            {
                string text = result.Tokens[^1].Value;
                if (Numbers.TryParse(text, out ulong number) && number is >= 1 and <= MostRuns) return (int)number;
                result.AddError($"--runs {text}: expected a number from 1 to {MostRuns}");
                return 0;
            },
        };
        var engine = EngineNames.Option("Measure only this engine");
        var json = new Option<string>("--json") { HelpName = "FILE", Description = "Write the figures to a file, too" };
        var chart = new Option<string>("--chart") { HelpName = "FILE.png", Description = "Draw what has a figure of QEMU's beside it" };
        var command = new Command("bench", "Measure speed, beside QEMU where that is installed: cold processes in alternation, medians") { only, runs, engine, json, chart };
        command.SetAction((parsed, _) => RunAsync(
            new Request(Sections(parsed.GetValue(only)), parsed.GetValue(engine)?.Value, parsed.GetValue(runs), parsed.GetValue(json), parsed.GetValue(chart)), streams));
        return command;
    }

    private static IReadOnlyList<BenchSection> Sections(string? names)
    {
        if (names is null) return BenchSection.All;
        string[] wanted = names.Split(',', StringSplitOptions.TrimEntries);
        foreach (string name in wanted)
        {
            if (!BenchSection.All.Any(section => section.Name == name)) throw new CommandLineException($"--only {names}: there is no part '{name}'; expected some of {BenchSection.Names}");
        }

        return [.. BenchSection.All.Where(section => wanted.Contains(section.Name))];
    }

    private static async Task<int> RunAsync(Request request, CliStreams streams)
    {
        if (request.Chart is { } picture && !picture.EndsWith(".png", StringComparison.OrdinalIgnoreCase)) throw new CommandLineException($"--chart {picture}: expected a name that ends in .png");
        Reserve("--json", request.Json);
        Reserve("--chart", request.Chart);
        using var stop = new StopRequests();
        using var cancellation = new CancellationTokenSource();
        var measuring = MeasureAsync(request, streams, cancellation.Token);
        if (await Task.WhenAny(measuring, stop.Requested) == stop.Requested)
        {
            await cancellation.CancelAsync();
            await measuring.ContinueWith(static _ => { }, TaskScheduler.Default); // no child outlives us
            return await stop.Requested;
        }

        var figures = await measuring;
        if (request.Json is { } file) await File.WriteAllTextAsync(file, BenchReport.Json(figures, request.Runs));
        if (request.Chart is { } chart) Draw(figures, chart, streams);
        return ExitStatus.Success;
    }

    private static async Task<List<BenchFigure>> MeasureAsync(Request request, CliStreams streams, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("emu-bench-").FullName;
        try
        {
            var session = new BenchSession(request.Runs, request.Engine, streams.Images(), folder, line => streams.Error.WriteLine($"bench: {line}"), cancellation);
            if (session.Qemu is null) session.Report("QEMU's figures are left out: qemu-system-riscv64 is not installed (Debian: qemu-system-misc)");
            var console = Catalogue.Console(streams);
            List<BenchFigure> all = [];
            foreach (var section in request.Sections)
            {
                List<BenchFigure> figures = [];
                await foreach (var figure in section.Run(session).WithCancellation(cancellation)) figures.Add(figure);
                if (figures.Count > 0) BenchReport.Write(console, section, figures);
                all.AddRange(figures);
            }

            return all;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A file that cannot be written is better known before minutes of measuring than after.
    private static void Reserve(string option, string? path)
    {
        if (path is null) return;
        InputFile.Use(option, path, static file =>
        {
            File.Open(file, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            return true;
        });
    }

    private static void Draw(List<BenchFigure> figures, string path, CliStreams streams)
    {
        if (BenchChart.HasContent(figures)) BenchChart.Write(figures, path);
        else streams.Error.WriteLine("bench: no chart: nothing was measured beside QEMU");
    }
}

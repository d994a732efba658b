using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Emulator.Cli.Bench;
using Emulator.Cli.Options;
using Emulator.Cli.Running;
using Emulator.Core.Execution;
using Spectre.Console;

namespace Emulator.Cli.Commands;

/// <summary><c>emu bench</c>: translation speed, boot and instructions per second of the embedded guest.</summary>
internal static class BenchCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Creates the command.</summary>
    public static Command Create(CliStreams streams)
    {
        var engine = EngineNames.Option("Measure only this engine");
        var json = new Option<string>("--json") { HelpName = "FILE", Description = "Write the figures to a file, too" };
        var command = new Command("bench", "Measure translation speed, boot and instructions per second of the embedded guest") { engine, json };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(engine), parsed.GetValue(json), streams));
        return command;
    }

    private static async Task<int> RunAsync(EngineKind? only, string? file, CliStreams streams)
    {
        using var stop = new StopRequests();
        using var cancellation = new CancellationTokenSource();
        var measuring = MeasureAsync(only is { } engine ? [engine] : Enum.GetValues<EngineKind>(), streams, cancellation.Token);
        if (await Task.WhenAny(measuring, stop.Requested) == stop.Requested)
        {
            await cancellation.CancelAsync();
            return await stop.Requested;
        }

        var figures = await measuring;
        if (file is not null)
        {
            InputFile.Use("--json", file, path =>
            {
                File.WriteAllText(path, JsonSerializer.Serialize(figures, Json) + "\n");
                return true;
            });
        }

        return ExitStatus.Success;
    }

    private static async Task<List<BenchFigure>> MeasureAsync(IEnumerable<EngineKind> engines, CliStreams streams, CancellationToken cancellation)
    {
        List<BenchFigure> figures = [.. await Task.Run(() => TranslationBench.Run().ToList(), cancellation)];
        foreach (var engine in engines) figures.AddRange(await GuestBench.RunAsync(engine, cancellation));
        var table = new Table().Border(TableBorder.None).AddColumns("WHAT", "ENGINE").AddColumn(new TableColumn("VALUE").RightAligned()).AddColumn("UNIT");
        foreach (var figure in figures)
        {
            table.AddRow(new Text(figure.Name), new Text(figure.Engine), new Text(figure.Value.ToString("0.0", CultureInfo.InvariantCulture)), new Text(figure.Unit));
        }

        Catalogue.Console(streams).Write(table);
        return figures;
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Spectre.Console;

namespace Emulator.Cli.Bench;

/// <summary>Figures for people, as a table, and for programs, as JSON.</summary>
internal static class BenchReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes the table of one section.</summary>
    public static void Write(IAnsiConsole console, BenchSection section, IReadOnlyList<BenchFigure> figures)
    {
        console.Write(new Text($"{section.Name}: {section.Title}\n", new Style(decoration: Decoration.Bold)));
        bool hasPeer = figures.Any(static figure => figure.Qemu is not null);
        var table = new Table().Border(TableBorder.None);
        table.AddColumns(new TableColumn("WHAT"), new TableColumn(""), new TableColumn("EMU").RightAligned(), new TableColumn("UNIT"));
        if (hasPeer) table.AddColumns(new TableColumn("QEMU").RightAligned(), new TableColumn("QEMU / EMU").RightAligned());
        foreach (var figure in figures)
        {
            string[] cells = [figure.Name, figure.Quantity, Number(figure.Value), figure.Unit, .. hasPeer ? [Number(figure.Qemu), Number(figure.Ratio)] : Array.Empty<string>()];
            table.AddRow(cells.Select(static cell => new Text(cell)));
        }

        console.Write(table);
        console.WriteLine();
    }

    /// <summary>The figures with what they were measured on.</summary>
    public static string Json(IReadOnlyList<BenchFigure> figures, int runs) => JsonSerializer.Serialize(
        new
        {
            Host = new { System = RuntimeInformation.OSDescription, Runtime = RuntimeInformation.FrameworkDescription, Architecture = RuntimeInformation.OSArchitecture.ToString(), Processors = Environment.ProcessorCount },
            Runs = runs,
            Figures = figures,
        },
        Options) + "\n";

    // Three digits that count, however large or small it is.
    private static string Number(double? value) => value switch
    {
        null => "",
        >= 100 => value.Value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 1 => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.###", CultureInfo.InvariantCulture),
    };
}

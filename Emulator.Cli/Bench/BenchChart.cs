using ScottPlot;

namespace Emulator.Cli.Bench;

/// <summary>Draws how many times faster than QEMU everything is that has a figure for both.</summary>
internal static class BenchChart
{
    private const int Width = 900;
    private const int RowHeight = 22;
    private const int Frame = 110;
    private const double Room = 1.1; // right of the longest bar, for its figure
    private static readonly Color Faster = Color.FromHex("#2a9d8f");
    private static readonly Color Slower = Color.FromHex("#e76f51");

    /// <summary>Whether there is something to draw.</summary>
    public static bool HasContent(IEnumerable<BenchFigure> figures) => figures.Any(static figure => figure.Ratio is not null);

    /// <summary>Writes the chart as a PNG file.</summary>
    public static void Write(IEnumerable<BenchFigure> figures, string path)
    {
        BenchFigure[] rows = [.. figures.Where(static figure => figure.Ratio is not null).Reverse()]; // the first one on top
        double[] positions = [.. Enumerable.Range(0, rows.Length).Select(static row => (double)row)];
        using var plot = new Plot();
        var bars = plot.Add.Bars(rows.Select((figure, row) => new Bar
        {
            Position = row,
            Value = figure.Ratio!.Value,
            FillColor = figure.Ratio >= 1 ? Faster : Slower,
            LineWidth = 0,
            Label = figure.Ratio.Value.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture),
        }).ToArray());
        bars.Horizontal = true;
        plot.Add.VerticalLine(1, 1, Colors.Black);
        plot.Axes.Left.SetTicks(positions, [.. rows.Select(static figure => $"{figure.Name} {figure.Quantity}".Trim())]);
        plot.Axes.SetLimits(0, rows.Max(static figure => figure.Ratio!.Value) * Room, -1, rows.Length);
        plot.HideGrid();
        plot.Title("QEMU's figure / emu's: longer is faster, 1 is equal");
        plot.SavePng(path, Width, Frame + (rows.Length * RowHeight));
    }
}

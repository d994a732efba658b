using Spectre.Console;

namespace Emulator.Cli.Commands;

/// <summary>Writes things with their options as a table.</summary>
internal static class Catalogue
{
    private const int WidthForFiles = 240; // a file has no edge to wrap at
    private const string Indent = "  ";

    /// <summary>Writes them.</summary>
    public static void Write(CliStreams streams, IEnumerable<(string Name, string Summary, IEnumerable<(string Name, string Summary)> Options)> things)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders();
        table.AddColumn(new TableColumn("").NoWrap().PadLeft(0).PadRight(Indent.Length));
        table.AddColumn(new TableColumn("").PadLeft(0).PadRight(0));
        foreach (var (name, summary, options) in things)
        {
            table.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(summary, new Style(decoration: Decoration.Bold)));
            foreach (var (option, meaning) in options) table.AddRow(new Text(Indent + option), new Text(meaning));
        }

        Console(streams).Write(table);
    }

    /// <summary>A console for results: in colour and as wide as the screen when a person looks at it.</summary>
    public static IAnsiConsole Console(CliStreams streams)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = streams.OutIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            Out = new AnsiConsoleOutput(streams.Out),
        });
        if (!streams.OutIsTerminal) console.Profile.Width = WidthForFiles;
        return console;
    }
}

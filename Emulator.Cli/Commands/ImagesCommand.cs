using System.CommandLine;
using Emulator.Cli.Images;
using Emulator.Cli.Running;
using Spectre.Console;

namespace Emulator.Cli.Commands;

/// <summary><c>emu images</c>: the guests that can be run by name; <c>emu images pull NAME</c> gets one.</summary>
internal static class ImagesCommand
{
    private const string Starting = "starting";

    /// <summary>Creates the command.</summary>
    public static Command Create(CliStreams streams)
    {
        var name = new Argument<string>("NAME") { Description = $"The image: {string.Join(" or ", ImageCatalog.All.Select(static image => image.Name))}" };
        var pull = new Command("pull", "Get an image as distribution packages with the host's own package tool, or bring it up to date") { name };
        pull.SetAction((parsed, _) => PullAsync(parsed.GetRequiredValue(name), streams));
        var command = new Command("images", "List the guests that emu run --image takes") { pull };
        command.SetAction(_ => List(streams));
        return command;
    }

    private static void List(CliStreams streams)
    {
        var store = streams.Images();
        var pulled = store.List();
        var table = new Table().Border(TableBorder.None).AddColumns("NAME", "STATE", "WHAT");
        table.AddRow(new Text(RunPlanner.EmbeddedImage), new Text("built in"), new Text("small supervisor program that shows its machine"));
        table.AddRow(new Text(RunPlanner.EmbeddedX86Image), new Text("built in"), new Text("ROM that goes from real to long mode and shows its PC"));
        foreach (string name in pulled.Select(static image => image.Name).Union(ImageCatalog.All.Select(static image => image.Name)))
        {
            var stored = pulled.FirstOrDefault(image => image.Name == name);
            string state = stored is null ? "not pulled" : stored.Manifest is null ? "put there by hand" : "pulled";
            string what = stored?.Manifest is { } manifest ? $"{manifest.Distribution}, Linux {manifest.Kernel}" : ImageCatalog.Find(name)?.Description ?? "";
            table.AddRow(new Text(name), new Text(state), new Text(what));
        }

        Catalogue.Console(streams).Write(table);
        streams.Out.WriteLine($"Pulled images are in {store.Folder}");
    }

    private static async Task<int> PullAsync(string name, CliStreams streams)
    {
        using var stop = new StopRequests();
        using var cancellation = new CancellationTokenSource();
        var pull = streams.OutIsTerminal
            ? Catalogue.Console(streams).Status().StartAsync(Starting, status => PullAsync(name, new ProgressLine(text => status.Status(Markup.Escape(text))), streams, cancellation.Token))
            : PullAsync(name, new ProgressLine(streams.Error.WriteLine), streams, cancellation.Token);
        if (await Task.WhenAny(pull, stop.Requested) == stop.Requested) await cancellation.CancelAsync();
        try
        {
            var pulled = await pull;
            streams.Out.WriteLine($"{name}: {(pulled.Changed ? "pulled" : "is up to date")}; run it with: emu run --image {name}");
            return ExitStatus.Success;
        }
        catch (OperationCanceledException)
        {
            return await stop.Requested;
        }
    }

    private static Task<PulledImage> PullAsync(string name, ProgressLine progress, CliStreams streams, CancellationToken cancellation) =>
        new ImagePuller(streams.Images()).PullAsync(name, progress, cancellation);

    /// <summary>Passes on what happens at once and in order, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class ProgressLine(Action<string> say) : IProgress<string>
    {
        public void Report(string value) => say(value);
    }
}

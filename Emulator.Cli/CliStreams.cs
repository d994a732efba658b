using System.IO.Pipelines;
using Emulator.Cli.Images;
using Emulator.Devices.Host;

namespace Emulator.Cli;

/// <summary>What the process is connected to, so that a test can stand in for it.</summary>
internal sealed record CliStreams
{
    /// <summary>The process's own.</summary>
    public static CliStreams Standard { get; } = new() { OpenConsole = static leave => new StdioTransport(leave) };

    /// <summary>Results; the process's own when nothing is said, opened when first used: most runs print nothing.</summary>
    public TextWriter Out { get => field ??= Console.Out; init; }

    /// <summary>Complaints, statistics, progress.</summary>
    public TextWriter Error { get => field ??= Console.Error; init; }

    /// <summary>Whether results are looked at by a person.</summary>
    public bool OutIsTerminal => Out == Console.Out && !Console.IsOutputRedirected;

    /// <summary>Where pulled images are.</summary>
    public Func<ImageStore> Images { get; init; } = ImageStore.Default;

    /// <summary>Opens the guest's console on standard input and output; the argument is called when the user wants to leave.</summary>
    public required Func<Action, IDuplexPipe> OpenConsole { get; init; }
}

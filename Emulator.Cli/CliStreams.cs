using System.IO.Pipelines;
using Emulator.Cli.Images;
using Emulator.Devices.Host;

namespace Emulator.Cli;

/// <summary>What the process is connected to, so that a test can stand in for it.</summary>
internal sealed record CliStreams
{
    /// <summary>The process's own.</summary>
    public static CliStreams Standard { get; } = new()
    {
        Out = Open(Console.OpenStandardOutput, static () => Console.Out),
        Error = Open(Console.OpenStandardError, static () => Console.Error),
        OutIsTerminal = !Console.IsOutputRedirected,
        OpenConsole = static leave => new StdioTransport(leave),
    };

    // Console's own writers set up the terminal, which takes longer than building a machine; but they know the code page of Windows.
    private static TextWriter Open(Func<Stream> stream, Func<TextWriter> console) =>
        OperatingSystem.IsWindows() ? console() : TextWriter.Synchronized(new StreamWriter(stream()) { AutoFlush = true });

    /// <summary>Results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Complaints, statistics, progress.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether results are looked at by a person.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Where pulled images are.</summary>
    public Func<ImageStore> Images { get; init; } = ImageStore.Default;

    /// <summary>Opens the guest's console on standard input and output; the argument is called when the user wants to leave.</summary>
    public required Func<Action, IDuplexPipe> OpenConsole { get; init; }
}

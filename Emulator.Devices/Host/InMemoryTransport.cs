using System.IO.Pipelines;

namespace Emulator.Devices.Host;

/// <summary>Two pipes in memory, crossed over: what a program inside the same process types and reads.</summary>
public static class InMemoryTransport
{
    /// <summary>Creates both ends of a line.</summary>
    /// <returns>The end for a <see cref="SerialPort"/> and the end for the program that talks to the guest.</returns>
    public static (IDuplexPipe Machine, IDuplexPipe Client) CreatePair()
    {
        var options = new PipeOptions(useSynchronizationContext: false);
        var toClient = new Pipe(options);
        var toMachine = new Pipe(options);
        return (new End(toMachine.Reader, toClient.Writer), new End(toClient.Reader, toMachine.Writer));
    }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

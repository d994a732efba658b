using System.CommandLine;
using Emulator.Cli.Options;
using Emulator.Cli.Running;

namespace Emulator.Cli.Commands;

/// <summary><c>emu run</c>: builds a machine and runs it until it powers off, fails or is stopped.</summary>
internal static class RunCommand
{
    /// <summary>What it is called.</summary>
    public const string Name = "run";

    /// <summary>What its help ends with.</summary>
    public const string Notes =
        """
        Numbers may be 0x...; sizes take K, M, G, T.

        Exit status:
          the guest's own code, 0 for a plain power-off
          2    bad command line
          3    an image, disk or option cannot be used
          70   a fault of the emulator
          124  stopped by --timeout
          128 and the number of a signal that stopped it
        """;

    /// <summary>Creates the command.</summary>
    public static Command Create(CliStreams streams)
    {
        var command = new Command(Name, "Build a machine and run it until it powers off, fails or is stopped");
        var options = new RunOptionSet();
        options.AddTo(command);
        command.SetAction(parsed => Run(options.Bind(parsed), streams));
        return command;
    }

    private static int Run(RunOptions options, CliStreams streams)
    {
        using var loggers = LogOutput.Create(options.Log);
        using var trace = options.TraceFile is { } file ? new InstructionTrace(file) : null;
        int status = MachineRunner.Run(RunPlanner.Plan(RunPlanner.WithImage(options, streams.Images), loggers, trace), streams);
        trace?.Complete();
        return status;
    }
}

using System.CommandLine;
using Emulator.Cli.Options;
using Emulator.Cli.Running;

namespace Emulator.Cli.Commands;

/// <summary><c>emu run</c>: builds a machine and runs it until it powers off, fails or is stopped.</summary>
internal static class RunCommand
{
    /// <summary>What it does, in one line.</summary>
    public const string Summary = "Build a machine and run it until it powers off, fails or is stopped";

    private const string Description = Summary + ". Numbers may be 0x...; sizes take K, M, G.\n\n"
        + "Exit status: the guest's code (0 for a plain power-off), 124 after --timeout, 2 for a bad command line, 3 for an image, disk or option that cannot be used, 70 for a fault of the emulator.";

    /// <summary>Creates the command.</summary>
    public static Command Create(CliStreams streams)
    {
        var command = new Command("run", Description);
        var options = new RunOptionSet();
        options.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(options.Bind(parsed), streams));
        return command;
    }

    private static async Task<int> RunAsync(RunOptions options, CliStreams streams)
    {
        using var loggers = LogOutput.Create(options.Log);
        using var trace = options.TraceFile is { } file ? InstructionTrace.Create(file) : null;
        return await MachineRunner.RunAsync(RunPlanner.Plan(RunPlanner.WithImage(options, streams.Images), loggers, trace), streams);
    }
}

using System.CommandLine;
using Emulator.Cli.Running;

namespace Emulator.Cli.Commands;

/// <summary><c>emu machines</c>: the machines there are, with their options.</summary>
internal static class MachinesCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CliStreams streams)
    {
        var command = new Command("machines", "List the machines, with what their options take");
        command.SetAction(_ => Catalogue.Write(
            streams, MachineCatalog.All.Select(static machine => (machine.Name, machine.Summary, machine.Options.Select(static option => (option.Option, option.Meaning))))));
        return command;
    }
}

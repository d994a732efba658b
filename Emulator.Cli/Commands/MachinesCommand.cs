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
        command.SetAction(_ =>
        {
            foreach (var machine in MachineCatalog.All)
            {
                streams.Out.WriteLine($"{machine.Name}  {machine.Summary}");
                int width = machine.Options.Max(static option => option.Option.Length);
                foreach (var (option, meaning) in machine.Options) streams.Out.WriteLine($"  {option.PadRight(width)}  {meaning}");
            }
        });
        return command;
    }
}

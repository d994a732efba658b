using System.CommandLine;
using Emulator.Devices;

namespace Emulator.Cli.Commands;

/// <summary><c>emu devices</c>: the devices there are, with their options.</summary>
internal static class DevicesCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CliStreams streams)
    {
        var command = new Command("devices", "List the devices that machines are made of, with their options");
        command.SetAction(_ => Catalogue.Write(
            streams, DeviceCatalog.All.Select(static device => (device.Name, device.Summary, device.Options.Select(static option => (option.Name, option.Summary))))));
        return command;
    }
}

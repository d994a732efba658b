using Emulator.Cli.Running;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Cli.Commands;

/// <summary><c>emu</c> without arguments: the embedded guest on the default machine.</summary>
internal static class DemoCommand
{
    private const int MemoryMiB = 128;
    private const int MostHarts = 4;
    private const string Colour = "demo.colour";

    /// <summary>Runs it.</summary>
    public static int Run(CliStreams streams)
    {
        var description = RiscVVirtMachine.Describe(MemoryMiB.MiB(), Math.Min(MostHarts, Environment.ProcessorCount)) with
        {
            Kernel = EmbeddedGuests.RiscVDemo,
            Append = streams.OutIsTerminal ? Colour : "",
        };
        return MachineRunner.Run(new RunPlan { Description = description }, streams);
    }
}

using Emulator.Machines;

namespace Emulator.Cli.Running;

/// <summary>A machine to run and what to do around it.</summary>
internal sealed record RunPlan
{
    /// <summary>The machine.</summary>
    public required MachineDescription Description { get; init; }

    /// <summary>The console, as <c>--serial</c> names it.</summary>
    public string Serial { get; init; } = Options.RunOptions.DefaultSerial;

    /// <summary>Wall time after which the machine is stopped.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Print statistics at the end.</summary>
    public bool ShowsStatistics { get; init; }

    /// <summary>The signature to write at the end.</summary>
    public Signature? Signature { get; init; }
}

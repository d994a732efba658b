namespace Emulator.Cli.Bench;

/// <summary>One thing that was measured.</summary>
/// <param name="Section">Which part of the bench.</param>
/// <param name="Name">What.</param>
/// <param name="Quantity">Which property of it, when it has several: "CPU", "wall", "peak memory".</param>
/// <param name="Value">How much.</param>
/// <param name="Unit">Of what.</param>
internal sealed record BenchFigure(string Section, string Name, string Quantity, double Value, string Unit)
{
    /// <summary>The same of QEMU; null when it was not measured.</summary>
    public double? Qemu { get; init; }

    /// <summary>How many times better than QEMU, where less is better: QEMU's figure divided by ours.</summary>
    public double? Ratio => Value > 0 ? Qemu / Value : null;
}

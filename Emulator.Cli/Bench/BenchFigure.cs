namespace Emulator.Cli.Bench;

/// <summary>One thing that was measured.</summary>
/// <param name="Name">What.</param>
/// <param name="Engine">On which engine; empty when none was involved.</param>
/// <param name="Value">How much.</param>
/// <param name="Unit">Of what.</param>
internal sealed record BenchFigure(string Name, string Engine, double Value, string Unit);

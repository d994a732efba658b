namespace Emulator.Devices;

/// <summary>What may be chosen about a <see cref="Uart16550"/>.</summary>
public sealed record Uart16550Options
{
    /// <summary>Registers lie 2^shift bytes apart, 0 to 3: the devicetree's <c>reg-shift</c>.</summary>
    public int RegisterShift { get; init; }
}

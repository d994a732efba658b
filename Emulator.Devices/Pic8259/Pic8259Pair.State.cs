namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="Pic8259Pair"/>.</summary>
public record struct Pic8259PairState
{
    internal Pic8259Chip Master;
    internal Pic8259Chip Slave;
}

using System.Runtime.CompilerServices;

namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="Pit8254"/>.</summary>
public record struct Pit8254State
{
    internal PitCounters Counters;

    /// <summary>The bits of system control port B that are written.</summary>
    internal Pit8254.SystemControl SystemControl;
}

/// <summary>The three counters.</summary>
[InlineArray(Pit8254.Counters)]
internal struct PitCounters : IEquatable<PitCounters>
{
    private PitCounter _first;

    public readonly bool Equals(PitCounters other) => ((ReadOnlySpan<PitCounter>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is PitCounters other && Equals(other);

    public override readonly int GetHashCode() => this[0].GetHashCode();
}

using System.Runtime.CompilerServices;

namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="Mc146818"/>.</summary>
public record struct Mc146818State
{
    /// <summary>All bytes; those of the time while register B holds updates off.</summary>
    internal CmosMemory Memory;

    /// <summary>Time of day at the virtual clock's zero: seconds since the beginning of year 1.</summary>
    internal long Epoch;

    /// <summary>And nanoseconds.</summary>
    internal uint EpochNanoseconds;

    /// <summary>Up to when flags have been set, in the virtual clock's nanoseconds.</summary>
    internal ulong Seen;

    internal Mc146818.Flags Flags;
    internal byte Index;
}

/// <summary>The chip's bytes.</summary>
[InlineArray(Mc146818.MemoryBytes)]
internal struct CmosMemory : IEquatable<CmosMemory>
{
    private byte _first;

    public readonly bool Equals(CmosMemory other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is CmosMemory other && Equals(other);

    public override readonly int GetHashCode() => this[(int)Mc146818.Register.B];
}

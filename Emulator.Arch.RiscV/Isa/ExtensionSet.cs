using System.Collections;
using System.Numerics;

namespace Emulator.Arch.RiscV.Isa;

/// <summary>An immutable set of extensions.</summary>
public readonly record struct ExtensionSet : IEnumerable<RiscVExtension>
{
    // Two words, not UInt128: crossgen compiles no method that touches one, and the tables that say what an instruction needs
    // are half of what a cold process runs.
    private readonly ulong _low;
    private readonly ulong _high;

    private ExtensionSet(ulong low, ulong high) => (_low, _high) = (low, high);

    /// <summary>No extension.</summary>
    public static ExtensionSet Empty => default;

    /// <summary>A set of some extensions.</summary>
    public static ExtensionSet Of(params ReadOnlySpan<RiscVExtension> extensions)
    {
        var set = Empty;
        foreach (var extension in extensions) set = set.Union(extension);
        return set;
    }

    /// <summary>The set of one extension.</summary>
    public static implicit operator ExtensionSet(RiscVExtension extension) =>
        (int)extension < 64 ? new(1ul << (int)extension, 0) : new(0, 1ul << ((int)extension - 64));

    /// <inheritdoc cref="op_Implicit(RiscVExtension)"/>
    public static ExtensionSet FromRiscVExtension(RiscVExtension extension) => extension;

    /// <summary>How many extensions it has.</summary>
    public int Count => BitOperations.PopCount(_low) + BitOperations.PopCount(_high);

    /// <summary>True when the extension is in the set.</summary>
    public bool Contains(RiscVExtension extension) => Overlaps(extension);

    /// <summary>True when every extension of <paramref name="other"/> is in the set.</summary>
    public bool ContainsAll(ExtensionSet other) => ((other._low & ~_low) | (other._high & ~_high)) == 0;

    /// <summary>True when some extension of <paramref name="other"/> is in the set.</summary>
    public bool Overlaps(ExtensionSet other) => ((other._low & _low) | (other._high & _high)) != 0;

    /// <summary>What is in either set.</summary>
    public ExtensionSet Union(ExtensionSet other) => new(_low | other._low, _high | other._high);

    /// <summary>What is in this set and not in the other.</summary>
    public ExtensionSet Except(ExtensionSet other) => new(_low & ~other._low, _high & ~other._high);

    /// <summary>The extensions in canonical order.</summary>
    public IEnumerator<RiscVExtension> GetEnumerator()
    {
        for (ulong rest = _low; rest != 0; rest &= rest - 1) yield return (RiscVExtension)BitOperations.TrailingZeroCount(rest);
        for (ulong rest = _high; rest != 0; rest &= rest - 1) yield return (RiscVExtension)(64 + BitOperations.TrailingZeroCount(rest));
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The names, separated by spaces.</summary>
    public override string ToString() => string.Join(' ', this);
}

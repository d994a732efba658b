using System.Collections;

namespace Emulator.Arch.RiscV.Isa;

/// <summary>An immutable set of extensions.</summary>
public readonly record struct ExtensionSet : IEnumerable<RiscVExtension>
{
    private readonly UInt128 _bits;

    private ExtensionSet(UInt128 bits) => _bits = bits;

    /// <summary>No extension.</summary>
    public static ExtensionSet Empty => default;

    /// <summary>A set of some extensions.</summary>
    public static ExtensionSet Of(params ReadOnlySpan<RiscVExtension> extensions)
    {
        UInt128 bits = 0;
        foreach (var extension in extensions) bits |= Bit(extension);
        return new(bits);
    }

    /// <summary>The set of one extension.</summary>
    public static implicit operator ExtensionSet(RiscVExtension extension) => new(Bit(extension));

    /// <inheritdoc cref="op_Implicit(RiscVExtension)"/>
    public static ExtensionSet FromRiscVExtension(RiscVExtension extension) => extension;

    /// <summary>How many extensions it has.</summary>
    public int Count => (int)UInt128.PopCount(_bits);

    /// <summary>True when the extension is in the set.</summary>
    public bool Contains(RiscVExtension extension) => (_bits & Bit(extension)) != 0;

    /// <summary>True when every extension of <paramref name="other"/> is in the set.</summary>
    public bool ContainsAll(ExtensionSet other) => (other._bits & ~_bits) == 0;

    /// <summary>True when some extension of <paramref name="other"/> is in the set.</summary>
    public bool Overlaps(ExtensionSet other) => (other._bits & _bits) != 0;

    /// <summary>What is in either set.</summary>
    public ExtensionSet Union(ExtensionSet other) => new(_bits | other._bits);

    /// <summary>What is in this set and not in the other.</summary>
    public ExtensionSet Except(ExtensionSet other) => new(_bits & ~other._bits);

    /// <summary>The extensions in canonical order.</summary>
    public IEnumerator<RiscVExtension> GetEnumerator()
    {
        for (var rest = _bits; rest != 0; rest &= rest - 1) yield return (RiscVExtension)(int)UInt128.TrailingZeroCount(rest);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The names, separated by spaces.</summary>
    public override string ToString() => string.Join(' ', this);

    private static UInt128 Bit(RiscVExtension extension) => UInt128.One << (int)extension;
}

using Emulator.Arch.RiscV.Isa;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>What an instruction needs: all extensions of at least one of some sets.</summary>
internal readonly record struct Requirement
{
    private readonly ExtensionSet[]? _alternatives;

    private Requirement(ExtensionSet[] alternatives) => _alternatives = alternatives;

    /// <summary>True when nothing was said.</summary>
    public bool IsEmpty => _alternatives is null or [];

    public static implicit operator Requirement(RiscVExtension extension) => new([extension]);

    /// <summary>Every one of some extensions.</summary>
    public static Requirement AllOf(params ReadOnlySpan<RiscVExtension> extensions) => new([ExtensionSet.Of(extensions)]);

    /// <summary>One of some extensions.</summary>
    public static Requirement AnyOf(params ReadOnlySpan<RiscVExtension> extensions)
    {
        var alternatives = new ExtensionSet[extensions.Length];
        for (int i = 0; i < extensions.Length; i++) alternatives[i] = extensions[i];
        return new(alternatives);
    }

    public bool IsMetBy(ExtensionSet extensions)
    {
        foreach (var alternative in _alternatives ?? [])
        {
            if (extensions.ContainsAll(alternative)) return true;
        }

        return false;
    }

    /// <summary>As <c>zbb or zbkb</c> or <c>zcb and zba</c>.</summary>
    public override string ToString() => string.Join(
        " or ", (_alternatives ?? []).Select(set => string.Join(" and ", set.Select(extension => ExtensionTable.Of(extension).Name))));
}

using System.Text;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Isa;

/// <summary>
/// Base width and extensions of a hart: closed under implication, so that asking for one extension is one test. Parsed from
/// strings such as <c>rv64gc_zba_zbb</c>, <c>max</c> or <c>rv64gc,+zbs,-c</c>.
/// </summary>
public sealed record IsaConfiguration
{
    private IsaConfiguration(bool is64, ExtensionSet extensions)
    {
        Is64 = is64;
        Extensions = extensions;
    }

    /// <summary>True for RV64, false for RV32.</summary>
    public bool Is64 { get; }

    /// <summary>Width of an integer register in bits, 32 or 64.</summary>
    public int Xlen => Is64 ? 64 : 32;

    /// <summary>All extensions, implied ones included.</summary>
    public ExtensionSet Extensions { get; }

    /// <summary>The 64-bit configuration with everything that is implemented.</summary>
    public static IsaConfiguration Max { get; } = MaxOf(true);

    /// <summary>The 32-bit configuration with everything that is implemented.</summary>
    public static IsaConfiguration Max32 => field ??= MaxOf(false);

    /// <summary>True when the extension is present.</summary>
    public bool Has(RiscVExtension extension) => Extensions.Contains(extension);

    /// <summary>The base as device trees name it, such as <c>rv64i</c>.</summary>
    public string BaseName => Is64 ? "rv64i" : "rv32i";

    /// <summary>Names of the extensions in canonical order, as in a device tree's <c>riscv,isa-extensions</c>.</summary>
    public IReadOnlyList<string> ExtensionNames
    {
        get
        {
            var names = new List<string>(Extensions.Count);
            foreach (var extension in Extensions)
            {
                var row = ExtensionTable.Of(extension);
                if (row.IsListed) names.Add(row.Name);
            }

            return names;
        }
    }

    /// <summary>The canonical ISA string, as in a device tree's <c>riscv,isa</c>.</summary>
    public string IsaString
    {
        get
        {
            var text = new StringBuilder(Is64 ? "rv64" : "rv32");
            foreach (string name in ExtensionNames) text.Append(name.Length > 1 ? "_" : "").Append(name);
            return text.ToString();
        }
    }

    /// <summary>Widest virtual addresses, as in a device tree's <c>mmu-type</c>; null without address translation.</summary>
    public string? MmuType =>
        Has(Sv57) ? "riscv,sv57" : Has(Sv48) ? "riscv,sv48" : Has(Sv39) ? "riscv,sv39" : Has(Sv32) ? "riscv,sv32" : null;

    /// <inheritdoc/>
    public bool Equals(IsaConfiguration? other) => other is not null && Is64 == other.Is64 && Extensions == other.Extensions;

    /// <inheritdoc/>
    public override int GetHashCode() => Extensions.GetHashCode() ^ (Is64 ? 1 : 0);

    /// <inheritdoc/>
    public override string ToString() => IsaString;

    /// <summary>
    /// Parses an ISA string: <c>rv32</c> or <c>rv64</c>, letters, names separated by underscores; or <c>max</c>, <c>rv64max</c>,
    /// <c>rv32max</c>; then, separated by commas, <c>+name</c> and <c>-name</c>. Supervisor and user mode, the counters, and Sv39 or
    /// Sv32 are present unless taken away.
    /// </summary>
    /// <param name="text">The string; upper and lower case are the same.</param>
    /// <exception cref="FormatException">It names what is not known, or what the base does not have.</exception>
    public static IsaConfiguration Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsaStringParser.Parse(text);
    }

    /// <summary>The closure of some extensions over a base.</summary>
    internal static IsaConfiguration Create(bool is64, ExtensionSet extensions) => new(is64, Close(is64, extensions));

    /// <summary>The configuration without an extension, its members if it is a group, and all that cannot be without them.</summary>
    internal static ExtensionSet Remove(bool is64, ExtensionSet extensions, RiscVExtension removed)
    {
        var row = ExtensionTable.Of(removed);
        ExtensionSet gone = removed;
        if (row.IsGroup) gone = gone.Union(row.Implies);
        if (removed == C) gone = gone.Union(ExtensionSet.Of(Zcd, Zcf));
        var kept = extensions.Except(gone);
        foreach (var extension in kept)
        {
            if (Close(is64, extension).Overlaps(gone)) kept = kept.Except(extension);
        }

        return kept;
    }

    private static ExtensionSet Close(bool is64, ExtensionSet extensions)
    {
        for (var before = ExtensionSet.Empty; before != extensions;)
        {
            before = extensions;
            foreach (var extension in before) extensions = extensions.Union(ExtensionTable.Of(extension).Implies);
            if (extensions.Contains(C)) extensions = extensions.Union(CompressedFloat(is64, extensions));
            foreach (var row in ExtensionTable.Rows)
            {
                var members = row.Extension == C ? row.Implies.Union(CompressedFloat(is64, extensions)) : row.Implies;
                if (row.IsGroup && extensions.ContainsAll(members)) extensions = extensions.Union(row.Extension);
            }
        }

        return extensions;
    }

    // C means Zcf and Zcd where the formats exist (Unpriv. spec, "C Extension").
    private static ExtensionSet CompressedFloat(bool is64, ExtensionSet extensions)
    {
        var result = ExtensionSet.Empty;
        if (extensions.Contains(D)) result = result.Union(Zcd);
        if (extensions.Contains(F) && !is64) result = result.Union(Zcf);
        return result;
    }

    // Without Svade the hart updates accessed and dirty bits from the start, which saves the guest a fault per page.
    private static IsaConfiguration MaxOf(bool is64)
    {
        var other = is64 ? BaseWidth.Rv32 : BaseWidth.Rv64;
        var all = ExtensionSet.Empty;
        foreach (var row in ExtensionTable.Rows)
        {
            if (row.Width != other && row.Extension != Svade) all = all.Union(row.Extension);
        }

        return Create(is64, all);
    }
}

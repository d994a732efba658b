using Emulator.Core.Loading;

namespace Emulator.Cli.Listing;

/// <summary>Names of places, by address.</summary>
internal sealed class SymbolMap
{
    // Names that assemblers and compilers make for themselves, and the mapping symbols of the RISC-V ELF psABI.
    private static readonly string[] NoNames = [".L", "$x", "$d"];

    private readonly ulong[] _addresses;
    private readonly string[][] _names;

    /// <summary>Takes the symbols that lie in code.</summary>
    public SymbolMap(IEnumerable<ElfSymbol> symbols, IReadOnlyList<CodeSection> sections)
    {
        var places = symbols.Where(symbol => !Array.Exists(NoNames, name => symbol.Name.StartsWith(name, StringComparison.Ordinal)))
            .Where(symbol => sections.Any(section => section.Contains(symbol.Address.Value)))
            .GroupBy(static symbol => symbol.Address.Value, static symbol => symbol.Name)
            .OrderBy(static place => place.Key).ToList();
        _addresses = [.. places.Select(static place => place.Key)];
        _names = [.. places.Select(static place => place.Distinct().ToArray())];
    }

    /// <summary>The names of exactly this place.</summary>
    public IReadOnlyList<string> NamesAt(ulong address) => Array.BinarySearch(_addresses, address) is var index and >= 0 ? _names[index] : [];

    /// <summary>The next named place behind an address; the end of the address space when there is none.</summary>
    public ulong NextAfter(ulong address)
    {
        int index = Array.BinarySearch(_addresses, address);
        int next = index < 0 ? ~index : index + 1;
        return next < _addresses.Length ? _addresses[next] : ulong.MaxValue;
    }

    /// <summary>A place by the name before it, as <c>main+0x10</c>; null when there is none.</summary>
    public string? Describe(ulong address)
    {
        int index = Array.BinarySearch(_addresses, address);
        int at = index < 0 ? ~index - 1 : index;
        if (at < 0) return null;
        ulong distance = address - _addresses[at];
        return distance == 0 ? _names[at][0] : $"{_names[at][0]}+0x{distance:x}";
    }
}

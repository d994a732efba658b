using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Isa;

/// <summary>Reads ISA strings; see <see cref="IsaConfiguration.Parse"/> for what they look like.</summary>
internal static class IsaStringParser
{
    private const int PrefixLength = 4; // "rv64"

    // Letters that Unpriv. spec names together as G.
    private static readonly ExtensionSet General = ExtensionSet.Of(I, M, A, F, D, Zicsr, Zifencei);

    public static IsaConfiguration Parse(string text)
    {
        string[] parts = text.Trim().ToLowerInvariant().Split(',');
        var (is64, extensions) = ParseBase(text, parts[0].Trim());
        foreach (string part in parts.Skip(1).Select(part => part.Trim()))
        {
            if (part.Length < 2 || part[0] is not ('+' or '-'))
            {
                throw Error(text, $"'{part}' after a comma", "+name or -name");
            }

            string name = part[1..];
            if (part[0] == '+') extensions = extensions.Union(name == "g" ? General : Named(text, name, is64));
            else extensions = IsaConfiguration.Remove(is64, IsaConfiguration.Create(is64, extensions).Extensions, Named(text, name, null));
        }

        if (!extensions.Contains(I)) throw Error(text, "no base", "extension i or g");
        return IsaConfiguration.Create(is64, extensions);
    }

    private static (bool Is64, ExtensionSet Extensions) ParseBase(string text, string name)
    {
        if (name is "max" or "rv64max") return (true, IsaConfiguration.Max.Extensions);
        if (name is "rv32max") return (false, IsaConfiguration.Max32.Extensions);
        bool is64 = name.StartsWith("rv64", StringComparison.Ordinal);
        if (!is64 && !name.StartsWith("rv32", StringComparison.Ordinal)) throw Error(text, $"'{name}'", "rv64..., rv32..., max or rv32max");

        var extensions = ExtensionSet.Of(S, U, Zicntr, Zihpm, is64 ? Sv39 : Sv32);
        string[] names = name[PrefixLength..].Split('_');
        var letters = new Queue<char>(names[0]);
        while (letters.TryDequeue(out char letter))
        {
            if (letter is 'z' or 's' or 'x' && letters.Count > 0)
            {
                // a long name may follow the letters without an underscore
                extensions = extensions.Union(Named(text, letter + string.Concat(letters), is64));
                break;
            }

            extensions = extensions.Union(letter == 'g' ? General : Named(text, letter.ToString(), is64));
        }

        foreach (string extension in names.Skip(1)) extensions = extensions.Union(Named(text, extension, is64));
        return (is64, extensions);
    }

    private static RiscVExtension Named(string text, string name, bool? is64)
    {
        if (ExtensionTable.Find(name) is not { } row)
        {
            throw Error(text, $"unknown extension '{name}'", string.Join(' ', ExtensionTable.Rows.Select(known => known.Name)));
        }

        if (is64 is { } wide && row.Width == (wide ? BaseWidth.Rv32 : BaseWidth.Rv64))
        {
            throw Error(text, $"extension '{name}'", wide ? "one that RV64 has" : "one that RV32 has");
        }

        return row.Extension;
    }

    private static FormatException Error(string text, string what, string expected) =>
        new($"ISA string '{text}': {what}; expected {expected}");
}

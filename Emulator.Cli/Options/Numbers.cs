using System.Globalization;

namespace Emulator.Cli.Options;

/// <summary>Numbers as the command line takes them: decimal or 0x..., sizes with K, M, G or T behind.</summary>
internal static class Numbers
{
    private const string Prefix = "0x";
    private const int BitsPerSuffix = 10;
    private const string Suffixes = "KMGT";

    /// <summary>Reads a number without sign.</summary>
    public static bool TryParse(string text, out ulong value) =>
        text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads a size in bytes: <c>512M</c>, <c>0x1000</c>, <c>1G</c>; also <c>512MiB</c>.</summary>
    public static bool TryParseSize(string text, out ulong bytes)
    {
        bytes = 0;
        string digits = text.EndsWith("iB", StringComparison.Ordinal) ? text[..^2] : text;
        int power = digits.Length == 0 ? -1 : Suffixes.IndexOf(char.ToUpperInvariant(digits[^1]), StringComparison.Ordinal);
        if (power < 0 && digits.Length != text.Length) return false;
        int shift = (power + 1) * BitsPerSuffix;
        if (!TryParse(power < 0 ? digits : digits[..^1], out ulong count) || count > ulong.MaxValue >> shift) return false;
        bytes = count << shift;
        return true;
    }
}

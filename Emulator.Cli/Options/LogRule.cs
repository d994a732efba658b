using Microsoft.Extensions.Logging;

namespace Emulator.Cli.Options;

/// <summary>What of one category is logged.</summary>
/// <param name="Category">The beginning of the category's name; empty for all.</param>
/// <param name="Level">The least level.</param>
internal sealed record LogRule(string Category, LogLevel Level)
{
    private const string Everything = "*";

    /// <summary>Reads <c>CATEGORY=LEVEL</c>; the category <c>*</c> is every one.</summary>
    public static LogRule? Parse(string text)
    {
        int equals = text.LastIndexOf('=');
        if (equals <= 0) return null;
        string level = text[(equals + 1)..];
        bool isName = level.Length > 0 && level.All(char.IsAsciiLetter);
        if (!isName || !Enum.TryParse(level, ignoreCase: true, out LogLevel parsed)) return null;
        string category = text[..equals];
        return new LogRule(category == Everything ? "" : category, parsed);
    }
}

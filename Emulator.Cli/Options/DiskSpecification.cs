using Emulator.Devices.Storage;

namespace Emulator.Cli.Options;

/// <summary>
/// A disk as <c>--disk</c> takes it: <c>FILE[,format=raw][,readonly][,snapshot]</c>. The words are recognised from the end on, so that
/// only a file whose name ends in one of them needs another name.
/// </summary>
internal static class DiskSpecification
{
    private const string FormatWord = "format=";

    /// <summary>Reads it.</summary>
    /// <param name="text">The specification.</param>
    /// <param name="error">What is wrong with it, or null.</param>
    public static DiskOptions? Parse(string text, out string? error)
    {
        error = null;
        string path = text;
        var format = DiskFormat.Auto;
        bool isReadOnly = false;
        bool isSnapshot = false;
        for (int comma = path.LastIndexOf(','); comma >= 0; comma = path.LastIndexOf(','))
        {
            string word = path[(comma + 1)..];
            if (word == "readonly") isReadOnly = true;
            else if (word == "snapshot") isSnapshot = true;
            else if (word == FormatWord + "raw") format = DiskFormat.Raw;
            else if (word.StartsWith(FormatWord, StringComparison.Ordinal)) error ??= $"disk format '{word[FormatWord.Length..]}'; expected raw";
            else if (!File.Exists(path)) error ??= $"'{word}' after a comma in disk '{text}'; expected format=raw, readonly or snapshot";
            else break;
            path = path[..comma];
        }

        if (path.Length == 0) error ??= $"disk '{text}' names no file";
        return error is null ? new DiskOptions { Path = path, Format = format, ReadOnly = isReadOnly, Snapshot = isSnapshot } : null;
    }
}

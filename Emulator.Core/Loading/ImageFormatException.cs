namespace Emulator.Core.Loading;

/// <summary>
/// A guest image or device tree that cannot be used. The message is one line: which file, where in it, what was found there and
/// what was expected. Thrown while loading only, never while a guest runs.
/// </summary>
public sealed class ImageFormatException : Exception
{
    /// <summary>Describes what is wrong with an image.</summary>
    /// <param name="source">The file's name, with what was unpacked from it where that matters.</param>
    /// <param name="offset">Bytes from the start of the (unpacked) data to the place of the fault.</param>
    /// <param name="found">What is there.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="innerException">The exception that told of the fault, when there was one.</param>
    public ImageFormatException(string source, ulong offset, string found, string expected, Exception? innerException = null)
        : base(OneLine($"{source}: at offset 0x{offset:x}: found {found}, expected {expected}"), innerException)
    {
        FileName = source;
        Offset = offset;
        Found = found;
        Expected = expected;
    }

    /// <summary>The file's name, as given to the loader, with what was unpacked from it where that matters.</summary>
    public string FileName { get; }

    /// <summary>Bytes from the start of the (unpacked) data to the place of the fault.</summary>
    public ulong Offset { get; }

    /// <summary>What is there.</summary>
    public string Found { get; }

    /// <summary>What should be there.</summary>
    public string Expected { get; }

    // Names and strings out of a hostile file must not forge lines in a log or move a terminal's cursor.
    private static string OneLine(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(static c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString())) : text;
}

namespace Emulator.Machines.DeviceTree;

/// <summary>
/// What names may be (Devicetree Specification 2.2.1 and 2.2.4.1), with the characters that <c>dtc</c> takes beyond that. The
/// specification's 31 characters are too few for names in use.
/// </summary>
internal static class DeviceTreeNames
{
    public const int MaximumLength = 255;

    // As deep as Linux unflattens (FDT_MAX_DEPTH).
    public const int MaximumDepth = 64;
    public const string NodeRule = "a name is 1 to 255 letters, digits and ',._+-', with one '@' before a unit address";
    public const string PropertyRule = "a name is 1 to 255 letters, digits and ',._+*?#-'";

    private const string NodePunctuation = ",._+-";
    private const string PropertyPunctuation = ",._+*?#-";

    public static bool IsNodeName(ReadOnlySpan<char> name)
    {
        int at = name.IndexOf('@');
        return name.Length <= MaximumLength
            && IsOf(at < 0 ? name : name[..at], NodePunctuation)
            && (at < 0 || IsOf(name[(at + 1)..], NodePunctuation));
    }

    public static bool IsPropertyName(ReadOnlySpan<char> name) => name.Length <= MaximumLength && IsOf(name, PropertyPunctuation);

    // A loop: SearchValues are compiled at run time, longer than a tree's names take.
    private static bool IsOf(ReadOnlySpan<char> text, string punctuation)
    {
        foreach (char character in text)
        {
            if (!char.IsAsciiLetterOrDigit(character) && !punctuation.Contains(character, StringComparison.Ordinal)) return false;
        }

        return text.Length > 0;
    }
}

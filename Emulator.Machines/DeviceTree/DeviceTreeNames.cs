using System.Buffers;

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

    private const string Alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<char> NodeCharacters = SearchValues.Create(Alphanumeric + ",._+-");
    private static readonly SearchValues<char> PropertyCharacters = SearchValues.Create(Alphanumeric + ",._+*?#-");

    public static bool IsNodeName(ReadOnlySpan<char> name)
    {
        int at = name.IndexOf('@');
        return name.Length <= MaximumLength
            && IsOf(at < 0 ? name : name[..at], NodeCharacters)
            && (at < 0 || IsOf(name[(at + 1)..], NodeCharacters));
    }

    public static bool IsPropertyName(ReadOnlySpan<char> name) => name.Length <= MaximumLength && IsOf(name, PropertyCharacters);

    private static bool IsOf(ReadOnlySpan<char> text, SearchValues<char> characters) => text.Length > 0 && !text.ContainsAnyExcept(characters);
}

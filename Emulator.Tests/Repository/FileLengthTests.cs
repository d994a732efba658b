namespace Emulator.Tests.Repository;

/// <summary>Files stay small enough to read: nine in ten under 300 lines, none over 600.</summary>
[TestFixture]
public sealed class FileLengthTests
{
    private const int UsualLimit = 300;
    private const int HardLimit = 600;
    private const double UsualShare = 0.9;

    // File, and why it may be longer than the hard limit. The list may only shrink.
    private static readonly Dictionary<string, string> Exceptions = [];

    private static Dictionary<string, int> Lengths { get; } =
        RepositoryFiles.CSharp.ToDictionary(static path => path, static path => RepositoryFiles.Lines(path).Length);

    [Test]
    public void Nine_files_in_ten_are_short()
    {
        string[] longer = [.. Lengths.Where(static file => file.Value >= UsualLimit).Select(static file => $"{file.Key}: {file.Value}")];
        Assert.That(longer, Has.Length.LessThanOrEqualTo((int)(Lengths.Count * (1 - UsualShare))), $"of {Lengths.Count}:\n{string.Join('\n', longer)}");
    }

    [Test]
    public void No_file_is_too_long() =>
        Assert.That(Lengths.Where(static file => file.Value > HardLimit && !Exceptions.ContainsKey(file.Key)), Is.Empty);

    [Test]
    public void Exceptions_are_still_needed() =>
        Assert.That(Exceptions.Keys.Where(static path => Lengths.GetValueOrDefault(path) <= HardLimit), Is.Empty);
}

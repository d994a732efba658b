namespace Emulator.Tests.Repository;

/// <summary>Tests wait for events, never for time to pass.</summary>
[TestFixture]
public sealed class TestHygieneTests
{
    [Test]
    public void No_test_sleeps() =>
        Assert.That(
            from path in RepositoryFiles.CSharp
            where path.StartsWith("Emulator.Tests/", StringComparison.Ordinal)
            from line in CSharpText.CodeOnly(RepositoryFiles.Read(path)).Split('\n').Index()
            where line.Item.Contains("Thread.Sleep(", StringComparison.Ordinal)
            select $"{path}:{line.Index + 1}",
            Is.Empty);
}

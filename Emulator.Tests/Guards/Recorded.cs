using System.Globalization;
using Emulator.Tests.Guests;

namespace Emulator.Tests.Guards;

/// <summary>
/// Figures that may get smaller but not larger, kept in <c>recorded.txt</c>. BLESS=1 writes what is measured: after an improvement, so that it
/// is not lost again, or when a figure grew for a good reason, which the commit then tells.
/// </summary>
internal static class Recorded
{
    /// <summary>How much larger a figure may be: noise of a refactoring; a lost optimisation costs more.</summary>
    public const double UsualSlack = 1.02;

    private static readonly string File = RepositoryFiles.Path("Emulator.Tests", "Guards", "recorded.txt");

    /// <summary>Fails when a figure is larger than recorded, or not recorded.</summary>
    public static void Check(string name, double value, double slack = UsualSlack)
    {
        var figures = Read();
        if (Environment.GetEnvironmentVariable("BLESS") == "1")
        {
            figures[name] = value;
            System.IO.File.WriteAllLines(File, figures.Select(static figure => string.Create(CultureInfo.InvariantCulture, $"{figure.Key} = {figure.Value:0.##}")));
        }

        Assert.That(figures, Does.ContainKey(name), "run the test with BLESS=1");
        Assert.That(Math.Round(value, 2), Is.LessThanOrEqualTo(figures[name] * slack), $"{name}: recorded is {figures[name]}; BLESS=1 accepts the new figure");
    }

    private static SortedDictionary<string, double> Read()
    {
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        if (!System.IO.File.Exists(File)) return figures;
        foreach (string line in System.IO.File.ReadLines(File))
        {
            string[] parts = line.Split(" = ");
            figures.Add(parts[0], double.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        return figures;
    }
}

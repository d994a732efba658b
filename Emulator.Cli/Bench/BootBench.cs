namespace Emulator.Cli.Bench;

/// <summary>A pulled Debian from the start of the process to its shell.</summary>
internal static class BootBench
{
    /// <summary>The image that is booted.</summary>
    public const string Image = "debian-riscv64";

    private const string Section = "boot";
    private const string Prompt = "# ";
    private const double MiB = 1 << 20;

    /// <summary>Measures it.</summary>
    public static async IAsyncEnumerable<BenchFigure> RunAsync(BenchSession session)
    {
        if (session.Images.Find(Image) is not { } image)
        {
            session.Report($"{Section} is left out: {Image} has not been pulled (emu images pull {Image})");
            yield break;
        }

        var comparison = await session.CompareAsync(
            $"{Section}: {Image}",
            ["--kernel", image.KernelPath, "--initrd", image.InitrdPath, "--append", image.Append],
            ["-kernel", image.KernelPath, "-initrd", image.InitrdPath, "-append", image.Append],
            Prompt);
        foreach (var figure in comparison.Times(Section, Image)) yield return figure;
        yield return comparison.Figure(Section, Image, "peak memory", "MiB", static times => times.PeakBytes / MiB);
    }
}

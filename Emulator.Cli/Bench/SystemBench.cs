using System.Globalization;
using System.Text.RegularExpressions;
using Emulator.Cli.Images;

namespace Emulator.Cli.Bench;

/// <summary>What an operating system does all day, inside a booted Debian: measured by a program of ours that runs as its first process.</summary>
internal static partial class SystemBench
{
    private const string Section = "system";
    private const string Program = "emu-bench";
    private const uint Executable = 0b111_101_101;
    private const int ArchiveAlignment = 4; // an archive after another begins at a multiple of it (Linux init/initramfs.c)
    private const string End = "end of measurement";

    /// <summary>Measures all of it.</summary>
    public static async IAsyncEnumerable<BenchFigure> RunAsync(BenchSession session)
    {
        if (CrossCompiler.Find() is not { } compiler)
        {
            session.Report($"{Section} is left out: {CrossCompiler.Name} is not installed (Debian: gcc-riscv64-linux-gnu, libc6-dev-riscv64-cross)");
            yield break;
        }

        if (session.Images.Find(BootBench.Image) is not { } image)
        {
            session.Report($"{Section} is left out: {BootBench.Image} has not been pulled (emu images pull {BootBench.Image})");
            yield break;
        }

        string program = await CrossCompiler.SystemAsync(compiler, session.Folder, session.Cancellation);
        string initrd = Path.Combine(session.Folder, "initrd");
        WriteInitrd(initrd, image.InitrdPath, await File.ReadAllBytesAsync(program, session.Cancellation));
        string append = $"{image.Append} quiet rdinit=/{Program}";
        var comparison = await session.CompareAsync(
            $"{Section}: operations in {BootBench.Image}",
            ["--kernel", image.KernelPath, "--initrd", initrd, "--append", append],
            ["-kernel", image.KernelPath, "-initrd", initrd, "-append", append]);
        foreach (var figure in Figures(comparison)) yield return figure;
    }

    /// <summary>The operations that every run has printed.</summary>
    /// <exception cref="InputException">A run did not come to its end.</exception>
    internal static IEnumerable<BenchFigure> Figures(Comparison comparison)
    {
        foreach (string output in comparison.Ours.Concat(comparison.Theirs).Select(static times => times.Output))
        {
            if (!output.Contains(End, StringComparison.Ordinal)) throw new InputException($"{Section}: the guest did not come to '{End}': {output.Trim().Split('\n')[^1].Trim()}");
        }

        var names = Operation().Matches(comparison.Ours[0].Output).Select(static match => match.Groups["name"].Value);
        return names.Select(name => comparison.Figure(Section, name, "", "ns", times => Time(times.Output, name)));
    }

    private static double Time(string output, string name) => double.Parse(
        Operation().Matches(output).First(match => match.Groups["name"].Value == name).Groups["time"].Value, CultureInfo.InvariantCulture);

    private static void WriteInitrd(string path, string first, byte[] program)
    {
        using var file = File.Create(path);
        using (var source = File.OpenRead(first)) source.CopyTo(file);
        file.Write(new byte[(int)(-file.Length & (ArchiveAlignment - 1))]);
        var archive = new CpioWriter(file);
        archive.File(Program, Executable, program);
        archive.Finish();
    }

    [GeneratedRegex(@"^(?<name>[a-zA-Z][^\r\n]*?) (?<time>\d+\.\d)\r?$", RegexOptions.Multiline)]
    private static partial Regex Operation();
}

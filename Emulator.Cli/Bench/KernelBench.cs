using System.Text.RegularExpressions;

namespace Emulator.Cli.Bench;

/// <summary>Small programs for the bare machine, each a cold process; both emulators must print the same checksum.</summary>
internal static partial class KernelBench
{
    private const string Section = "kernels";

    /// <summary>Measures all of them.</summary>
    public static async IAsyncEnumerable<BenchFigure> RunAsync(BenchSession session)
    {
        if (CrossCompiler.Find() is not { } compiler)
        {
            session.Report($"{Section} are left out: {CrossCompiler.Name} is not installed (Debian: gcc-riscv64-linux-gnu)");
            yield break;
        }

        var ratios = new List<double>();
        foreach (string kernel in CrossCompiler.Kernels)
        {
            string file = await CrossCompiler.KernelAsync(compiler, kernel, session.Folder, session.Cancellation);
            var comparison = await session.CompareAsync($"{Section}: {kernel}", ["--bios", "none", "--kernel", file], ["-bios", "none", "-kernel", file]);
            CheckSums(kernel, comparison);
            foreach (var figure in comparison.Times(Section, kernel))
            {
                if (figure is { Quantity: "CPU", Ratio: { } ratio }) ratios.Add(ratio);
                yield return figure;
            }
        }

        if (ratios.Count > 0) yield return new BenchFigure(Section, "geometric mean of CPU", "QEMU / emu", Math.Exp(ratios.Average(Math.Log)), "");
    }

    /// <summary>All runs have printed one and the same checksum.</summary>
    /// <exception cref="InputException">They have not.</exception>
    internal static void CheckSums(string kernel, Comparison comparison)
    {
        string[] sums = [.. comparison.Ours.Concat(comparison.Theirs).Select(static times => Sum().Match(times.Output).Value).Distinct()];
        if (sums is not [{ Length: > 0 }]) throw new InputException($"kernel {kernel}: checksums differ or are missing: {string.Join(", ", sums.Select(static sum => $"'{sum}'"))}");
    }

    [GeneratedRegex(@"checksum [0-9a-f]{16}")]
    private static partial Regex Sum();
}

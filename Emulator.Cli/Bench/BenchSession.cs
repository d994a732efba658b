using Emulator.Cli.Images;
using Emulator.Core.Execution;

namespace Emulator.Cli.Bench;

/// <summary>What the parts of one bench share: settings, the commands that are compared, progress.</summary>
internal sealed class BenchSession(int runs, EngineKind? engine, ImageStore images, string folder, Action<string> report, CancellationToken cancellation)
{
    private const string QemuName = "qemu-system-riscv64";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private readonly IReadOnlyList<string> _emu = SelfCommand.Find();

    /// <summary>How often each process is run; medians are reported.</summary>
    public int Runs { get; } = runs;

    /// <summary>The engine to measure; null for all, or for what `emu run` uses.</summary>
    public EngineKind? Engine { get; } = engine;

    /// <summary>Pulled images.</summary>
    public ImageStore Images { get; } = images;

    /// <summary>A folder for what is made; it goes away afterwards.</summary>
    public string Folder { get; } = folder;

    /// <summary>Gives up.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>QEMU, or null when it is not installed.</summary>
    public string? Qemu { get; } = HostTool.Find(QemuName);

    /// <summary>Tells the user one line: what is going on, or what is left out.</summary>
    public void Report(string line) => report(line);

    /// <summary>Runs the same guest in `emu run` and in QEMU, in alternation, each process cold.</summary>
    /// <param name="what">What it is, for progress.</param>
    /// <param name="emuArguments">After `emu run`.</param>
    /// <param name="qemuArguments">After the machine and its memory.</param>
    /// <param name="until">Stop at this text; null for a guest that powers off.</param>
    public async Task<Comparison> CompareAsync(string what, IReadOnlyList<string> emuArguments, IReadOnlyList<string> qemuArguments, string? until = null)
    {
        var ours = new List<ProcessTimes>();
        var theirs = new List<ProcessTimes>();
        string[] chosen = Engine is { } kind ? ["--engine", kind.ToString().ToLowerInvariant()] : [];
        for (int run = 1; run <= Runs; run++)
        {
            Report($"{what}, run {run} of {Runs}");
            ours.Add(await RunAsync([.. _emu, "run", "--memory", "512M", .. chosen, .. emuArguments], until));
            if (Qemu is not null) theirs.Add(await RunAsync([Qemu, "-M", "virt", "-m", "512M", "-nographic", .. qemuArguments], until));
        }

        return new Comparison(ours, theirs);
    }

    private async Task<ProcessTimes> RunAsync(IReadOnlyList<string> command, string? until)
    {
        var times = await MeasuredProcess.RunAsync(command, until, Limit, Cancellation);
        return times.Status is null or ExitStatus.Success ? times : throw new InputException(
            $"{MeasuredProcess.Line(command)}: exit status {times.Status}; expected {ExitStatus.Success}: {times.Error.Trim()}");
    }
}

/// <summary>The same guest several times in both.</summary>
internal sealed record Comparison(IReadOnlyList<ProcessTimes> Ours, IReadOnlyList<ProcessTimes> Theirs)
{
    /// <summary>The medians of one property.</summary>
    public BenchFigure Figure(string section, string name, string quantity, string unit, Func<ProcessTimes, double> of) =>
        new(section, name, quantity, Median(Ours.Select(of)), unit) { Qemu = Theirs.Count == 0 ? null : Median(Theirs.Select(of)) };

    /// <summary>Processor and wall seconds.</summary>
    public IEnumerable<BenchFigure> Times(string section, string name) =>
        [Figure(section, name, "CPU", "s", static times => times.Cpu), Figure(section, name, "wall", "s", static times => times.Wall)];

    /// <summary>The median; the mean of the two in the middle of an even number.</summary>
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }
}

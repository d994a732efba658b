using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Emulator.Core.Execution;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Cli.Bench;

/// <summary>How fast the embedded guest boots to its prompt, and what its own benchmark finds.</summary>
internal static partial class GuestBench
{
    private const string Section = "demo";
    private const string Prompt = "demo> ";
    private const string Command = "bench";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Measures the engines that are asked for.</summary>
    public static async IAsyncEnumerable<BenchFigure> RunAsync(BenchSession session)
    {
        foreach (var engine in session.Engine is { } only ? [only] : Enum.GetValues<EngineKind>())
        {
            session.Report($"{Section}: engine {engine.ToString().ToLowerInvariant()}");
            foreach (var figure in await RunAsync(engine, session.Cancellation)) yield return figure;
        }
    }

    private static async Task<IReadOnlyList<BenchFigure>> RunAsync(EngineKind engine, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        var description = RiscVVirtMachine.Describe() with { Kernel = EmbeddedGuests.RiscVDemo, Engine = new EngineOptions { Kind = engine } };
        long started = Stopwatch.GetTimestamp();
        await using var machine = await VirtualMachine.StartAsync(description, limit.Token);
        await machine.Console.WaitForAsync(Prompt, limit.Token);
        string name = engine.ToString().ToLowerInvariant();
        var boot = new BenchFigure(Section, "boot to the prompt", name, Stopwatch.GetElapsedTime(started).TotalMilliseconds, "ms");
        await machine.Console.WriteLineAsync(Command, limit.Token);
        string report = await machine.Console.WaitForAsync(Prompt, limit.Token);
        return [boot, .. Parse(report, name)];
    }

    /// <summary>The figures in what the guest's benchmark prints: lines of a name, MIPS and "ok".</summary>
    internal static IEnumerable<BenchFigure> Parse(string report, string engine) =>
        from Match line in Kernel().Matches(report)
        select new BenchFigure(Section, line.Groups["name"].Value, engine, double.Parse(line.Groups["mips"].Value, CultureInfo.InvariantCulture), "MIPS");

    [GeneratedRegex(@"^  (?<name>\S[^\r\n]*?) {2,}(?<mips>\d+\.\d) .*\bok\b", RegexOptions.Multiline)]
    private static partial Regex Kernel();
}

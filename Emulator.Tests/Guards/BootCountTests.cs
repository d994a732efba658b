using Emulator.Core.Execution;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Tests.Guards;

/// <summary>What a boot of the embedded guest takes, counted instead of timed; deterministic mode does the same every time until something is typed.</summary>
[TestFixture]
public sealed class BootCountTests
{
    private const string Prompt = "demo> ";
    private const int HotThreshold = 500; // low, so that a short boot compiles something

    // What is typed arrives between any two instructions, and while it does not come the guest goes on. The boot that waited least counts.
    private const double Slack = 1.1;
    private const int Boots = 5;

    [Test]
    [CancelAfter(120_000)]
    public async Task A_boot_takes_no_more_than_recorded(CancellationToken cancellation)
    {
        var least = new SortedDictionary<string, long>();
        for (int i = 0; i < Boots; i++)
        {
            foreach (var (name, count) in await CountsOfABootAsync(cancellation))
            {
                least[name] = Math.Min(count, least.GetValueOrDefault(name, long.MaxValue));
            }
        }

        foreach (var (name, count) in least) Recorded.Check($"demo boot: {name}", count, Slack);
        Assert.That(least["regions compiled"], Is.Positive, "what is recorded covers compiled code, too");
    }

    private static async Task<(string Name, long Count)[]> CountsOfABootAsync(CancellationToken cancellation)
    {
        var description = RiscVVirtMachine.Describe() with
        {
            Kernel = EmbeddedGuests.RiscVDemo, Engine = new EngineOptions { IsDeterministic = true, HotThreshold = HotThreshold },
        };
        await using var machine = await VirtualMachine.StartAsync(description, cancellation);
        await machine.Console.WaitForAsync(Prompt, cancellation);
        foreach (char key in "poweroff")
        {
            // each by itself: how many the guest finds at once would be a matter of time
            await machine.Console.WriteAsync($"{key}", cancellation);
            await machine.Console.WaitForAsync($"{key}", cancellation);
        }

        await machine.Console.WriteLineAsync("", cancellation);
        Assert.That((await machine.WaitForExitAsync(cancellation)).End, Is.EqualTo(MachineEnd.PowerOff));
        var counters = machine.Counters;
        return
        [
            ("guest instructions", (long)machine.InstructionCount), ("blocks translated", counters.BlocksTranslated),
            ("regions compiled", counters.RegionsCompiled), ("regions refused", counters.RegionsRefused), ("CIL bytes", counters.CilBytes),
            ("dispatches", counters.Dispatches), ("dispatch misses", counters.DispatchMisses), ("slow accesses", counters.SlowAccesses),
            ("single steps", counters.SingleSteps),
        ];
    }

    [Test]
    [CancelAfter(120_000)]
    public async Task Compiled_code_has_a_limit(CancellationToken cancellation)
    {
        var description = RiscVVirtMachine.Describe() with
        {
            Kernel = EmbeddedGuests.RiscVDemo, Engine = new EngineOptions { IsDeterministic = true, HotThreshold = HotThreshold, MaxCompiledBytes = 16_000 },
        };
        await using var machine = await VirtualMachine.StartAsync(description, cancellation);
        await machine.Console.WaitForAsync(Prompt, cancellation);
        await machine.Console.WriteLineAsync("poweroff", cancellation);
        Assert.That((await machine.WaitForExitAsync(cancellation)).End, Is.EqualTo(MachineEnd.PowerOff));
        Assert.That(machine.Counters.RegionsAged, Is.Positive.And.LessThan(machine.Counters.RegionsCompiled));
    }
}

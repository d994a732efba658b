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

    // What is typed arrives between any two instructions, and the guest looks for it in a loop.
    private const double Slack = 1.1;

    [Test]
    [CancelAfter(120_000)]
    public async Task A_boot_takes_no_more_than_recorded(CancellationToken cancellation)
    {
        var description = RiscVVirtMachine.Describe() with
        {
            Kernel = EmbeddedGuests.RiscVDemo, Engine = new EngineOptions { IsDeterministic = true, HotThreshold = HotThreshold },
        };
        await using var machine = await VirtualMachine.StartAsync(description, cancellation);
        await machine.Console.WaitForAsync(Prompt, cancellation);
        await machine.Console.WriteLineAsync("poweroff", cancellation);
        Assert.That((await machine.WaitForExitAsync(cancellation)).End, Is.EqualTo(MachineEnd.PowerOff));
        var counters = machine.Counters;
        Recorded.Check("demo boot: guest instructions", machine.InstructionCount, Slack);
        Recorded.Check("demo boot: blocks translated", counters.BlocksTranslated, Slack);
        Recorded.Check("demo boot: regions compiled", counters.RegionsCompiled, Slack);
        Recorded.Check("demo boot: regions refused", counters.RegionsRefused, Slack);
        Recorded.Check("demo boot: CIL bytes", counters.CilBytes, Slack);
        Recorded.Check("demo boot: dispatches", counters.Dispatches, Slack);
        Recorded.Check("demo boot: dispatch misses", counters.DispatchMisses, Slack);
        Recorded.Check("demo boot: slow accesses", counters.SlowAccesses, Slack);
        Recorded.Check("demo boot: single steps", counters.SingleSteps, Slack);
        Assert.That(counters.RegionsCompiled, Is.Positive, "what is recorded covers compiled code, too");
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

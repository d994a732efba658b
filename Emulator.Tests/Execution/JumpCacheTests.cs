using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Tests.Execution;

/// <summary>An empty jump cache knows no address, not even the one whose tag is zero: the address that is its salt.</summary>
[TestFixture]
public sealed class JumpCacheTests
{
    private const ulong CodeStart = 0x1_0000;
    private const ulong Instructions = 100;

    [Test]
    public void An_empty_cache_does_not_know_the_salt([Values(EngineKind.Interpreter, EngineKind.Auto)] EngineKind kind, [Values] bool isEmptiedBefore)
    {
        var architecture = new ToyArchitecture();
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(CodeStart), 4 * GuestPage.Size);
        var world = new World { IsSingleThreaded = true };
        var options = new EngineOptions { Kind = kind, IsDeterministic = true, MaxTranslationBytes = isEmptiedBefore ? 1 : long.MaxValue };
        var counters = new ExecutionCounters();
        using var cache = new TranslationCache(architecture, memory, world, options, counters);
        using var cpu = new ToyCpu(architecture, memory);
        cpu.Attach(world, cache);
        cpu.Reset();
        if (isEmptiedBefore)
        {
            cpu.LimitTime(Instructions);
            cpu.Run(new StopSignal());
            Assert.That(counters.CacheFlushes, Is.Positive);
        }

        cpu.ProgramCounter = StateBlock.SaltOf(new AddressSpaces().Targets, cpu.Mode);
        cpu.LimitTime(cpu.TimeSpent + Instructions);
        long faults = counters.Faults;
        cpu.Run(new StopSignal());
        Assert.That(counters.Faults, Is.GreaterThan(faults), "there is no memory");
    }
}

using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.RiscV.Engines;

/// <summary>
/// A region notes that it is in use when that is news, and leaves the note alone otherwise: harts that run the same code would take the
/// cache line with it from each other at every entry.
/// </summary>
public sealed class RegionUseTests
{
    private const ulong Start = 0x8000_0000;
    private const ulong Steps = 1000;
    private const ushort Noted = 1;
    private const ushort NotedByTest = 2;

    [Test]
    public void A_note_of_use_is_written_once([Values(EngineKind.Auto, EngineKind.Jit)] EngineKind kind)
    {
        var architecture = new RiscVArchitecture(IsaConfiguration.Parse("rv64gc"));
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(Start), GuestPage.Size);
        memory.TryWrite(new GuestPhysicalAddress(Start), [0x93, 0x80, 0x10, 0x00, 0x6f, 0xf0, 0xdf, 0xff]); // addi x1, x1, 1; j . - 4
        var world = new World { IsSingleThreaded = true };
        var options = new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = 10 };
        using var cache = new TranslationCache(architecture, memory, world, options, new ExecutionCounters());
        using var hart = new RiscVHart(architecture, memory, 0, new RiscVHartEnvironment(new ManualClock()));
        hart.Attach(world, cache);
        hart.Reset();
        hart.ProgramCounter = Start;
        Run();
        var block = cache.Peek(new BlockKey(Start, hart.Mode, false));
        Assert.That(block?.Region, Is.Not.Null);
        Assert.That(block!.UseNote, Is.Not.Zero);
        block.UseNote = NotedByTest;
        Run();
        Assert.That(block.UseNote, Is.EqualTo(NotedByTest));
        block.UseNote = 0;
        Run();
        Assert.That(block.UseNote, Is.EqualTo(Noted));

        void Run()
        {
            hart.LimitTime(hart.TimeSpent + Steps);
            hart.Run(new StopSignal());
            Assert.That(hart.ProgramCounter - Start, Is.LessThan(8ul));
        }
    }
}

using System.Runtime.InteropServices;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Guards;

/// <summary>A hot loop goes round without the dispatcher, also through what is lifted alone.</summary>
[TestFixture]
public sealed class DispatchTests
{
    private const ulong Code = 0x8000_0000;
    private const ulong Start = Code + 0xfee; // so that one instruction lies on both pages
    private const ulong Rounds = 10_000;
    private const long MostDispatches = 100;
    private const uint Mstatus = 0x300;
    private const ulong FloatInitial = 1 << 13;
    private const int S0 = 8;
    private const int A0 = 10;

    private static readonly uint[] Loop =
    [
        0x00102773, // fee: frflags a4
        0xa2b507d3, // fle.d a5, fa0, fa1
        0x00171073, // fsflags a4
        0x00150513, // addi a0, a0, 1
        0x00158593, // ffe: addi a1, a1, 1
        0xfff40413, // addi s0, s0, -1
        0xfe0414e3, // bnez s0, fee
        0x10500073, // wfi
    ];

    [Test]
    public void A_loop_over_a_page_end_with_saved_flags_stays_in_translated_code(
        [Values(EngineKind.Interpreter, EngineKind.Auto, EngineKind.Jit)] EngineKind kind, [Values] bool isDeterministic)
    {
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(Code), 2 * GuestPage.Size);
        memory.TryWrite(new GuestPhysicalAddress(Start), MemoryMarshal.AsBytes(Loop.AsSpan()));
        var architecture = new RiscVArchitecture(IsaConfiguration.Max);
        var world = new World { IsSingleThreaded = isDeterministic };
        using var cache = new TranslationCache(architecture, memory, world, new EngineOptions { Kind = kind, IsDeterministic = isDeterministic, HotThreshold = 100 }, new ExecutionCounters());
        using var hart = new RiscVHart(architecture, memory, 0, new RiscVHartEnvironment(new ManualClock()));
        hart.Attach(world, cache);
        hart.Reset();
        Assert.That(hart.TryWriteCsr(Mstatus, FloatInitial));
        hart.ProgramCounter = Start;
        hart[RiscVSlots.X(S0)] = Rounds;
        hart.LimitTime(long.MaxValue);
        world.Enter();
        hart.Run(new StopSignal());
        world.Exit();
        Assert.That(hart.IsHalted);
        Assert.That(hart[RiscVSlots.X(A0)], Is.EqualTo(Rounds));
        Assert.That(hart.Dispatches, Is.LessThan(MostDispatches));
    }
}

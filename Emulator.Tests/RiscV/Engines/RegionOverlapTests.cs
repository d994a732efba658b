using Emulator.Arch.RiscV;
using Emulator.Core.Execution;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Engines;

/// <summary>Whether a region has again what another region is entered at: only where it is likely to pay.</summary>
[TestFixture]
public sealed class RegionOverlapTests
{
    private const ulong Outer = HartFixture.RamStart;
    private const ulong Rounds = HartFixture.RamStart + 0x1000; // of the inner loop, 32 bits
    private const uint Many = 5000;
    private const uint Few = 2;
    private const int Heat = 1600;
    private const int OuterLength = 5; // instructions: a block of four with the inner loop's first round, and the way back
    private const int InnerLength = 2;

    [Test]
    public void A_block_that_was_slow_to_become_hot_leaves_the_loop_to_its_region()
    {
        using var machine = MachineInLoop();
        RunUntilNext(machine, Many);
        Assert.That(machine.Cache.Counters.InstructionsCompiled, Is.EqualTo(InnerLength + OuterLength));
    }

    [Test]
    public void A_block_that_was_hot_soon_has_the_loop_in_its_region_too()
    {
        using var machine = MachineInLoop();
        machine.Write(Rounds, 4, Few);
        RunUntilNext(machine, Few);
        Assert.That(machine.Cache.Counters.InstructionsCompiled, Is.EqualTo(InnerLength + OuterLength + InnerLength));
    }

    // Until another region is compiled.
    private static void RunUntilNext(HartFixture machine, uint rounds)
    {
        long compiled = machine.Cache.Counters.RegionsCompiled;
        for (int i = 0; i < 2 * Heat && machine.Cache.Counters.RegionsCompiled == compiled; i++) machine.Run(OuterLength + (InnerLength * (ulong)rounds));
        Assert.That(machine.Cache.Counters.RegionsCompiled, Is.EqualTo(compiled + 1));
    }

    // A loop in a loop, of which the inner one is compiled.
    private static HartFixture MachineInLoop()
    {
        var machine = new HartFixture(engine: EngineKind.Auto, hotThreshold: Heat).OpenProtection();
        var program = new GuestProgram((RiscVArchitecture)machine.Hart.Architecture, Outer)
            .Emit("auipc", GuestProgram.A1, immediate: (int)(Rounds - Outer))
            .Emit("lw", GuestProgram.T0, GuestProgram.A1)
            .Emit("addi", GuestProgram.T0, GuestProgram.T0, immediate: -1)
            .Emit("bne", rs1: GuestProgram.T0, immediate: -4)
            .Emit("jal", immediate: -16);
        machine.Load(Outer, program.Bytes);
        machine.Write(Rounds, 4, Many);
        machine.Hart.ProgramCounter = Outer;
        machine.Run(InnerLength * (Heat + 1) * 2);
        Assert.That(machine.Cache.Counters.InstructionsCompiled, Is.EqualTo(InnerLength), "the inner loop");
        return machine;
    }
}

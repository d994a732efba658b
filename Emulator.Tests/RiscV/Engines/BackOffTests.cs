using Emulator.Arch.RiscV;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Engines;

/// <summary>Code that is rewritten early is asked for more heat the next time: how much, and what that means for what has some already.</summary>
[TestFixture]
public sealed class BackOffTests
{
    private const ulong Loop = HartFixture.RamStart;
    private const ulong OtherLoop = HartFixture.RamStart + 0x1000;
    private const uint JumpToNext = 0x0040_006f; // jal x0, 4
    private const ulong Some = 200; // instructions: enough for some heat
    private const ulong Many = 5 << 18; // enough for compiled code to have paid
    private const int Heat = 1600;
    private const int Warm = Heat / 4;

    [Test]
    public void One_write_counts_once_however_much_it_drops()
    {
        using var machine = LoopMachine(harts: 1);
        machine.Run(Some);
        var block = BlockAt(machine, Loop);
        Assert.That(machine.Cache.Counters.RegionsCompiled, Is.Positive);
        machine.Write(Loop, 8, JumpToNext | ((ulong)JumpToNext << 32));
        Assert.That(machine.Cache.Counters.BlocksInvalidated, Is.GreaterThan(1));
        Assert.That(BackOffOf(machine, block), Is.EqualTo(1));
    }

    [Test]
    public void What_other_harts_execute_does_not_pay()
    {
        using var machine = LoopMachine(harts: 2);
        machine.Run(Some);
        var block = BlockAt(machine, Loop);
        Rewrite(compiled: 1);
        Assert.That(BackOffOf(machine, block), Is.EqualTo(1));
        machine.Run(Some);
        HartFixture.Run(machine.Harts[1], Many);
        Rewrite(compiled: 2);
        Assert.That(BackOffOf(machine, block), Is.EqualTo(2), "the other hart was not in it");
        machine.Run(Many);
        Rewrite(compiled: 3);
        Assert.That(BackOffOf(machine, block), Is.EqualTo(1), "it has paid");

        void Rewrite(int compiled)
        {
            Assert.That(machine.Cache.Counters.RegionsCompiled, Is.GreaterThanOrEqualTo(compiled));
            machine.Write(Loop, 4, JumpToNext);
        }
    }

    /// <summary>How warm a block is depends on what it was given, not on what a new one would be.</summary>
    [Test]
    public void A_block_that_was_not_executed_stays_cold_when_more_or_less_is_asked_for()
    {
        using var machine = LoopMachine(harts: 1, Heat);
        var early = Translate(machine, Loop);
        var page = TranslationCache.PageOf(early);
        Assert.That(IsWarm(early), Is.False);
        page.BackOff(ulong.MaxValue);
        Assert.That(IsWarm(early), Is.False, "given less than is asked for now");
        var late = Translate(machine, Loop + 4);
        Assert.That(IsWarm(late), Is.False);
        page.Recover(ulong.MaxValue);
        Assert.That(IsWarm(late), Is.False, "given more than is asked for now");
        page.BackOff(ulong.MaxValue);
        machine.Run(3 * (Warm + 2));
        Assert.That(IsWarm(early), Is.True, "executed often enough");

        bool IsWarm(TranslatedBlock block) => machine.Cache.Locked(() => machine.Cache.IsWarm(block));
    }

    // Three blocks that jump from one to the next and back; each hart in its own.
    private static HartFixture LoopMachine(int harts, int heat = HartFixture.LowHeat)
    {
        var machine = new HartFixture(harts: harts, engine: EngineKind.Auto, hotThreshold: heat).OpenProtection();
        foreach (var hart in machine.Harts)
        {
            ulong start = hart.Index == 0 ? Loop : OtherLoop;
            var program = new GuestProgram((RiscVArchitecture)hart.Architecture, start);
            machine.Load(start, program.Emit("jal", immediate: 4).Emit("jal", immediate: 4).Emit("jal", immediate: -8).Bytes);
            hart.ProgramCounter = start;
        }

        return machine;
    }

    private static TranslatedBlock BlockAt(HartFixture machine, ulong address) =>
        machine.Cache.Locked(() => machine.Cache.Peek(new BlockKey(address, machine.Hart.Mode, false)))!;

    private static TranslatedBlock Translate(HartFixture machine, ulong address)
    {
        var physical = new GuestPhysicalAddress(address);
        if (!machine.Memory.TryGetCode(physical, out var ram, out ulong offset)) Assert.Fail("no memory");
        return machine.Cache.FindOrTranslate(new FetchPlace(physical, ram!, offset), null, machine.Hart.Mode, isSingle: false)!;
    }

    private static int BackOffOf(HartFixture machine, TranslatedBlock block) => machine.Cache.Locked(() => TranslationCache.PageOf(block).BackOffOf(block));
}

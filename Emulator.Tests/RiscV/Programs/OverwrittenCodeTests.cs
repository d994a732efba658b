using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>A guest overwrites an instruction that it has executed in ways that are easily missed, and executes it again.</summary>
[TestFixture]
public sealed class OverwrittenCodeTests
{
    private const ulong Start = HartFixture.RamStart;
    private const ulong Target = Start + 0x200;
    private const int Passes = 10;
    private const int Before = 1;
    private const int After = 100;

    /// <summary>
    /// Two virtual pages in a row are the same physical page, and an instruction begins on one and ends on the other: its second half is
    /// at the beginning of the page that its first half ends.
    /// </summary>
    [Test]
    public void The_second_half_of_an_instruction_on_a_page_that_follows_itself([Values] EngineKind engine)
    {
        const ulong Page = 0x4000_0000;
        const ulong Straddling = Page + 0xffe;
        const ulong Flags = Pte.V | Pte.R | Pte.W | Pte.X | Pte.A | Pte.D;
        using var machine = new HartFixture(engine: engine).OpenProtection();
        var hart = machine.Hart;
        var architecture = (RiscVArchitecture)hart.Architecture;
        uint before = Addition(architecture, Before);
        uint after = Addition(architecture, After);
        Assert.That((ushort)after, Is.EqualTo((ushort)before), "only the second half is another");
        var table = new PageTable(machine, SvFormat.Sv39);
        table.SetEntry(Page, 0, PageTable.Entry(Start, Flags));
        table.SetEntry(Page + GuestPage.Size, 0, PageTable.Entry(Start, Flags));
        machine.Write(Start + 0xffe, 2, (ushort)before);
        machine.Write(Start, 2, before >> 16);
        machine.Load(Start + 2, new GuestProgram(architecture, Page + GuestPage.Size + 2)
            .Emit("addi", GuestProgram.S0, GuestProgram.S0, immediate: -1)
            .Emit("bne", rs1: GuestProgram.S0, immediate: -8)
            .Emit("sh", rs1: GuestProgram.A1, rs2: GuestProgram.A2)
            .Emit("fence.i")
            .Emit("addi", GuestProgram.S0, immediate: Passes)
            .Emit("jalr", rs1: GuestProgram.A3)
            .Bytes);
        hart[RiscVSlots.X(GuestProgram.S0)] = Passes;
        hart[RiscVSlots.X(GuestProgram.A1)] = Page; // the same physical page, whichever of the two
        hart[RiscVSlots.X(GuestProgram.A2)] = after >> 16;
        hart[RiscVSlots.X(GuestProgram.A3)] = Straddling;
        hart.WriteSatp(table.Satp);
        hart.Registers.Privilege = Privilege.Supervisor;
        hart.ProgramCounter = Straddling;
        machine.Run((3 * Passes) + 4 + (3 * Passes));
        Assert.That(hart.ProgramCounter, Is.EqualTo(Page + GuestPage.Size + 10), "two rounds");
        Assert.That(hart[RiscVSlots.X(GuestProgram.A0)], Is.EqualTo((ulong)(Passes * (Before + After))));
    }

    /// <summary>
    /// Those who hear of an atomic operation on code are told before it, and again after it: another hart, played here by who is told, may
    /// have translated what was there in between.
    /// </summary>
    [Test]
    public void An_instruction_that_another_hart_translates_while_it_is_swapped([Values] EngineKind engine, [Values("amoswap.w", "sc.w")] string mnemonic)
    {
        using var machine = new HartFixture(engine: engine).OpenProtection();
        var hart = machine.Hart;
        var architecture = (RiscVArchitecture)hart.Architecture;
        machine.Load(Start, new GuestProgram(architecture, Start)
            .Emit("jalr", GuestProgram.S1, GuestProgram.A1)
            .Emit("addi", GuestProgram.S0, GuestProgram.S0, immediate: -1)
            .Branch("bne", GuestProgram.S0, 0, Start)
            .Emit("lr.w", GuestProgram.T0, GuestProgram.A1)
            .Emit(mnemonic, GuestProgram.T0, GuestProgram.A1, GuestProgram.A2)
            .Emit("fence.i")
            .Emit("jalr", GuestProgram.S1, GuestProgram.A1)
            .Emit("jal")
            .Bytes);
        machine.Load(Target, new GuestProgram(architecture, Target)
            .Emit("addi", GuestProgram.A0, GuestProgram.A0, immediate: Before)
            .Emit("jalr", rs1: GuestProgram.S1)
            .Bytes);
        var other = new OtherHart(machine, Target);
        hart[RiscVSlots.X(GuestProgram.S0)] = Passes;
        hart[RiscVSlots.X(GuestProgram.A1)] = Target;
        hart[RiscVSlots.X(GuestProgram.A2)] = Addition(architecture, After);
        hart.ProgramCounter = Start;
        machine.Run((Passes * 5) + 10);
        Assert.That(other.Translations, Is.Positive);
        Assert.That(hart.ProgramCounter, Is.EqualTo(Start + 28), "the jump to itself");
        Assert.That(hart[RiscVSlots.X(GuestProgram.A0)], Is.EqualTo((ulong)((Passes * Before) + After)));
    }

    private static uint Addition(RiscVArchitecture architecture, int number) =>
        new GuestProgram(architecture, 0).Emit("addi", GuestProgram.A0, GuestProgram.A0, immediate: number).Words[0];

    /// <summary>Translates an instruction whenever its translation has been dropped.</summary>
    private sealed class OtherHart : ICodeObserver
    {
        private readonly HartFixture _machine;
        private readonly ICodeObserver _cache;
        private readonly FetchPlace _place;

        public OtherHart(HartFixture machine, ulong address)
        {
            var physical = new GuestPhysicalAddress(address);
            if (!machine.Memory.TryGetCode(physical, out var ram, out ulong offset)) Assert.Fail("no memory");
            _machine = machine;
            _cache = machine.Memory.CodeObserver!;
            _place = new FetchPlace(physical, ram!, offset);
            machine.Memory.CodeObserver = this;
        }

        public int Translations { get; private set; }

        public bool HoldsCode(RamBlock block, ulong offset, int length) => _cache.HoldsCode(block, offset, length);

        public void OnCodeWritten(RamBlock block, ulong offset, int length)
        {
            _cache.OnCodeWritten(block, offset, length);
            if (Translations++ > 0) return; // after the write, too, it would see what is written
            _machine.Cache.FindOrTranslate(_place, null, _machine.Hart.Mode, isSingle: false);
        }
    }
}

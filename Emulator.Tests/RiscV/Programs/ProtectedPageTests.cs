using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>Entries of PMP that end inside a page, on every engine: code stops at the border, and no access crosses it.</summary>
[TestFixture]
public sealed class ProtectedPageTests
{
    private const ulong Start = HartFixture.RamStart;
    private const ulong Handler = Start + 0x1000;
    private const ulong Border = Start + 0x40;
    private const int Additions = 24;
    private const int Passes = 20;
    private const ushort CompressedNop = 0x0001;
    private const ushort PmpAddress0 = 0x3b0;
    private const ushort PmpConfig0 = 0x3a0;
    private const uint Mtvec = 0x305;
    private const uint Mepc = 0x341;
    private const uint Mcause = 0x342;
    private const uint Mtval = 0x343;

    [Test]
    public void Code_that_ran_before_stops_at_the_border(
        [Values] EngineKind engine, [Values("rv64max", "rv32max")] string isa, [Values] bool isMisaligned)
    {
        using var machine = new HartFixture(isa, engine: engine);
        var hart = machine.Hart;
        var program = new GuestProgram((RiscVArchitecture)hart.Architecture, Start);
        for (int i = 0; i < Additions; i++) program.Emit("addi", GuestProgram.T0, GuestProgram.T0, immediate: 1);
        program.Emit("addi", GuestProgram.S0, GuestProgram.S0, immediate: -1)
            .Branch("bne", GuestProgram.S0, 0, Start)
            .Emit("csrrw", rs1: GuestProgram.A0, csr: PmpAddress0)
            .Emit("csrrw", rs1: GuestProgram.A1, csr: PmpConfig0)
            .Branch("beq", 0, 0, Start);
        byte[] code = isMisaligned ? [(byte)CompressedNop, CompressedNop >> 8, .. program.Bytes] : program.Bytes;
        machine.Load(Start, code);
        machine.Load(Handler, new GuestProgram((RiscVArchitecture)hart.Architecture, Handler).Branch("beq", 0, 0, Handler).Bytes);
        hart.SetCsr(Mtvec, Handler);
        hart[RiscVSlots.X(GuestProgram.S0)] = Passes;
        hart[RiscVSlots.X(GuestProgram.A0)] = Border >> PmpConfig.AddressShift;
        hart[RiscVSlots.X(GuestProgram.A1)] = PmpConfig.L | PmpConfig.Na4 | PmpConfig.R;
        hart.ProgramCounter = Start;
        machine.Run(5000);
        ulong firstHalf = isMisaligned ? Border - 2 : Border;
        ulong beforeBorder = (Border - Start) / 4 - (isMisaligned ? 1u : 0);
        Assert.That(hart.Csr(Mcause), Is.EqualTo((ulong)ExceptionCause.InstructionAccessFault));
        Assert.That((uint)hart.Csr(Mepc), Is.EqualTo(firstHalf), "mepc");
        Assert.That((uint)hart.Csr(Mtval), Is.EqualTo(Border), "the part that may not be fetched");
        Assert.That(hart[RiscVSlots.X(GuestProgram.T0)], Is.EqualTo((Additions * Passes) + beforeBorder));
    }

    [Test]
    public void An_access_that_an_entry_matches_in_part_fails_even_in_machine_mode([Values] EngineKind engine)
    {
        const ulong Data = Start + 0x2000;
        using var machine = new HartFixture(engine: engine);
        var hart = machine.Hart;
        var architecture = (RiscVArchitecture)hart.Architecture;
        machine.Load(Start, new GuestProgram(architecture, Start)
            .Emit("lw", GuestProgram.T0, GuestProgram.A0)
            .Emit("lw", GuestProgram.T1, GuestProgram.A0, immediate: 4)
            .Emit("ld", GuestProgram.S0, GuestProgram.A0)
            .Bytes);
        machine.Load(Handler, new GuestProgram(architecture, Handler).Branch("beq", 0, 0, Handler).Bytes);
        machine.Write(Data, 8, 0x1111_2222_3333_4444);
        hart.SetCsr(Mtvec, Handler);
        hart.SetCsr(PmpAddress0, (Data + 4) >> PmpConfig.AddressShift);
        hart.SetCsr(PmpConfig0, PmpConfig.Na4);
        hart[RiscVSlots.X(GuestProgram.A0)] = Data;
        hart.ProgramCounter = Start;
        machine.Run(20);
        Assert.That(hart[RiscVSlots.X(GuestProgram.T0)], Is.EqualTo(0x3333_4444ul));
        Assert.That(hart[RiscVSlots.X(GuestProgram.T1)], Is.EqualTo(0x1111_2222ul));
        Assert.That(hart[RiscVSlots.X(GuestProgram.S0)], Is.Zero);
        Assert.That((hart.Csr(Mcause), hart.Csr(Mepc), hart.Csr(Mtval)), Is.EqualTo(((ulong)ExceptionCause.LoadAccessFault, Start + 8, Data)));
    }
}

using Emulator.Arch.RiscV;
using Emulator.Core.Execution;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>Exception flags that a loop clears, sets again and reads, on every engine: each result is looked at again after the clearing.</summary>
[TestFixture]
public sealed class ClearedFlagsTests
{
    private const ulong Start = HartFixture.RamStart;
    private const ushort Fflags = 1;
    private const uint Mstatus = 0x300;
    private const ulong FsInitial = 1ul << 13;
    private const int Passes = 200;
    private const byte F1 = 1;
    private const byte F2 = 2;
    private const byte F3 = 3;
    private const byte F4 = 4;

    [Test]
    public void A_result_sets_the_flag_that_was_cleared_before_it([Values] EngineKind engine, [Values("fadd.d", "fsub.d", "fmul.d", "fdiv.d")] string operation, [Values] bool isInexact)
    {
        using var machine = new HartFixture(engine: engine);
        var hart = machine.Hart;
        hart.SetCsr(Mstatus, FsInitial);
        var program = new GuestProgram((RiscVArchitecture)hart.Architecture, Start);
        program.Emit("csrrw", csr: Fflags)
            .Emit(operation, F3, F1, F2)
            .Emit("csrrs", GuestProgram.T0, csr: Fflags)
            .Emit("add", GuestProgram.S1, GuestProgram.S1, GuestProgram.T0)
            .Emit("fdiv.d", F4, F2, F1) // inexact: the flag is set when the next pass clears it
            .Emit("addi", GuestProgram.S0, GuestProgram.S0, immediate: -1)
            .Branch("bne", GuestProgram.S0, 0, Start)
            .Branch("beq", 0, 0, Start + 28);
        machine.Load(Start, program.Bytes);
        hart[RiscVSlots.F(F1)] = BitConverter.DoubleToUInt64Bits(isInexact ? 1.1 : 3);
        hart[RiscVSlots.F(F2)] = BitConverter.DoubleToUInt64Bits(isInexact ? 0.3 : operation == "fdiv.d" ? 0.5 : 1);
        hart[RiscVSlots.X(GuestProgram.S0)] = Passes;
        hart.ProgramCounter = Start;
        machine.Run(7 * Passes);
        Assert.That(hart[RiscVSlots.X(GuestProgram.S1)], Is.EqualTo(isInexact ? (ulong)Passes : 0));
        Assert.That(hart.Csr(Fflags), Is.EqualTo(1ul));
    }
}

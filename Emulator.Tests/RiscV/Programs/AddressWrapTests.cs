using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>With 32 bits the address space is a circle: execution and accesses go on at 0 after its last byte, on every engine.</summary>
[TestFixture]
public sealed class AddressWrapTests
{
    private const ulong LastPage = 0xffff_f000;
    private const ulong PageSize = 0x1000;
    private const ulong HighCode = HartFixture.RamStart + 0x1_0000;
    private const ulong LowCode = HartFixture.RamStart + 0x2_0000;
    private const ulong Handler = HartFixture.RamStart + 0x3_0000;
    private const ulong Code = Pte.V | Pte.R | Pte.X | Pte.A;
    private const int Passes = 20;
    private const uint Mtvec = 0x305;
    private const uint Mepc = 0x341;
    private const uint Mcause = 0x342;

    [Test]
    public void Execution_goes_on_at_0([Values] EngineKind engine, [Values] bool straddles)
    {
        using var machine = new HartFixture("rv32max", engine: engine).OpenProtection();
        var hart = machine.Hart;
        var architecture = (RiscVArchitecture)hart.Architecture;
        var table = new PageTable(machine, SvFormat.Sv32);
        table.SetEntry(LastPage, 0, PageTable.Entry(HighCode, Code));
        table.SetEntry(0, 0, PageTable.Entry(LowCode, Code));

        // the last instructions of the space, one of them perhaps half beyond it, and the first
        ulong shift = straddles ? 2ul : 0;
        var program = new GuestProgram(architecture, LastPage + PageSize - 8 + shift)
            .Emit("addi", GuestProgram.T0, GuestProgram.T0, immediate: 1)
            .Emit("addi", GuestProgram.T1, GuestProgram.T1, immediate: 1)
            .Emit("auipc", GuestProgram.A0)
            .Emit("addi", GuestProgram.S0, GuestProgram.S0, immediate: -1)
            .Emit("bne", rs1: GuestProgram.S0, immediate: -16)
            .Emit("ecall");
        byte[] code = program.Bytes;
        int inHigh = 8 - (int)shift;
        machine.Load(HighCode + PageSize - (ulong)inHigh, code.AsSpan(0, inHigh));
        machine.Load(LowCode, code.AsSpan(inHigh));
        machine.Load(Handler, new GuestProgram(architecture, Handler).Emit("jal").Bytes);
        hart.SetCsr(Mtvec, Handler);
        hart[RiscVSlots.X(GuestProgram.S0)] = Passes;
        hart.EnterSupervisor(LastPage + PageSize - 8 + shift, 0);
        hart.WriteSatp(table.Satp);
        machine.Run(2);
        Assert.That(hart.ProgramCounter, Is.EqualTo(shift), "pc after the last instruction");
        machine.Run(1000);
        Assert.That(hart.Csr(Mcause), Is.EqualTo((ulong)ExceptionCause.EnvironmentCallFromSupervisor));
        Assert.That(hart.Csr(Mepc), Is.EqualTo(12 + shift), "mepc");
        Assert.That(hart[RiscVSlots.X(GuestProgram.T0)], Is.EqualTo(Passes));
        Assert.That(hart[RiscVSlots.X(GuestProgram.T1)], Is.EqualTo(Passes));
        Assert.That(hart[RiscVSlots.X(GuestProgram.A0)], Is.EqualTo(shift), "pc as AUIPC sees it");
    }
}

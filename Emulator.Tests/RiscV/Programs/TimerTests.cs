using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Machines.RiscVVirt;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>Time as programs see it, on every engine.</summary>
[TestFixture]
public sealed class TimerTests
{
    private const ushort Menvcfg = 0x30a;
    private const ushort Stimecmp = 0x14d;
    private const ushort Mie = 0x304;
    private const ushort Mip = 0x344;
    private const ushort Mtvec = 0x305;
    private const ushort MhartId = 0xf14;
    private const ushort TimeCsr = 0xc01;
    private const int SupervisorTimer = 1 << 5;
    private const int MtimeBelow = -8; // the last register of its 48 KiB
    private const uint MtimeEnd = (uint)RiscVVirtMap.Clint + 0xc000;

    [Test]
    public async Task Setting_mtime_makes_a_distant_stimecmp_due([Values] EngineKind engine, [Values] bool isDeterministic)
    {
        var program = Begin("rv64max")
            .Emit("addi", GuestProgram.T0, 0, immediate: 1)
            .Emit("slli", GuestProgram.T1, GuestProgram.T0, immediate: 63)
            .Emit("csrrs", rs1: GuestProgram.T1, csr: Menvcfg)
            .Emit("slli", GuestProgram.T1, GuestProgram.T0, immediate: 40)
            .Emit("csrrw", rs1: GuestProgram.T1, csr: Stimecmp)
            .Emit("addi", GuestProgram.T0, 0, immediate: SupervisorTimer)
            .Emit("csrrw", rs1: GuestProgram.T0, csr: Mie)
            .Load(GuestProgram.A0, MtimeEnd)
            .Emit("sd", rs1: GuestProgram.A0, rs2: GuestProgram.T1, immediate: MtimeBelow);
        ulong wait = program.Here;
        program.Emit("wfi")
            .Emit("csrrs", GuestProgram.T1, csr: Mip)
            .Emit("and", GuestProgram.T1, GuestProgram.T1, GuestProgram.T0)
            .Branch("beq", GuestProgram.T1, 0, wait)
            .Finish();
        await using var machine = MachineProgram.Create(new EngineOptions { Kind = engine, IsDeterministic = isDeterministic }, 1, "rv64max", program.Bytes);
        await MachineProgram.AssertPasses(machine);
    }

    [Test]
    public async Task A_hart_that_faults_for_ever_does_not_stop_time_for_the_others([Values] EngineKind engine)
    {
        const int Ticks = 1000;
        var program = Begin("rv64i_zicsr_zicntr")
            .Emit("csrrs", GuestProgram.T0, csr: MhartId);
        program.Branch("bne", GuestProgram.T0, 0, program.Here + 12)
            .Emit("csrrw", csr: Mtvec)
            .Emit("ecall"); // its handler is where nothing is
        program.Emit("csrrs", GuestProgram.S0, csr: TimeCsr)
            .Emit("addi", GuestProgram.S0, GuestProgram.S0, immediate: Ticks);
        ulong wait = program.Here;
        program.Emit("csrrs", GuestProgram.T0, csr: TimeCsr)
            .Branch("bltu", GuestProgram.T0, GuestProgram.S0, wait)
            .Finish();
        await using var machine = MachineProgram.Create(
            new EngineOptions { Kind = engine, IsDeterministic = true }, 2, "rv64i_zicsr_zicntr", program.Bytes);
        await MachineProgram.AssertPasses(machine);
    }

    private static GuestProgram Begin(string isa) => new(new RiscVArchitecture(IsaConfiguration.Parse(isa)), RiscVVirtMap.Ram);
}

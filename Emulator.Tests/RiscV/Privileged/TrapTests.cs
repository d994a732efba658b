using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Entry to traps and return from them.</summary>
[TestFixture]
public sealed class TrapTests
{
    private const ulong Pc = 0x8000_0104;
    private const ulong MachineVector = 0x8000_1000;
    private const ulong SupervisorVector = 0x8000_2000;
    private const uint Bits = 0x1234_5678;

    private static readonly Privilege[] Privileges = [Privilege.User, Privilege.Supervisor, Privilege.Machine];

    [Test]
    public void Exceptions_go_where_they_are_delegated([Values("rv64max", "rv32max")] string isa)
    {
        using var machine = new HartFixture(isa);
        var hart = machine.Hart;
        foreach (var cause in Enum.GetValues<ExceptionCause>())
        foreach (var privilege in Privileges)
        foreach (bool isDelegated in (bool[])[false, true])
        foreach (bool interruptsOn in (bool[])[false, true])
        {
            hart.Reset();
            Prepare(hart, privilege, interruptsOn);
            hart.WriteMedeleg(isDelegated ? ulong.MaxValue : 0);
            bool canDelegate = ((0xb3ffu >> (int)cause) & 1) != 0;
            bool toSupervisor = isDelegated && canDelegate && privilege != Privilege.Machine;
            hart.Raise(cause, 0xdead_beef);
            string what = $"{isa} {cause} in {privilege} delegated {isDelegated} interrupts {interruptsOn}";
            AssertTrapped(hart, toSupervisor, privilege, interruptsOn, (ulong)cause, 0xdead_beef, what);
            Assert.That(hart.ProgramCounter, Is.EqualTo(toSupervisor ? SupervisorVector : MachineVector), what);
        }
    }

    [Test]
    public void Interrupts_use_the_vector_of_their_cause([Values("rv64max", "rv32max")] string isa)
    {
        foreach (byte cause in (byte[])[1, 3, 5, 7, 9, 11])
        foreach (bool isDelegated in (bool[])[false, true])
        {
            using var machine = Create(isa, Privilege.User, true);
            var hart = machine.Hart;
            hart.Registers.Privilege = Privilege.Machine;
            hart.SetCsr(0x303, isDelegated ? ulong.MaxValue : 0);
            hart.SetCsr(0x304, ulong.MaxValue);
            hart.SetCsr(0x305, MachineVector | 1);
            hart.SetCsr(0x105, SupervisorVector | 1);
            hart.Registers.Privilege = Privilege.User;
            SetPending(hart, 1ul << cause);
            bool toSupervisor = isDelegated && (cause is 1 or 5 or 9);
            Assert.That(hart.TakeInterrupt(), Is.True);
            AssertTrapped(hart, toSupervisor, Privilege.User, true, cause, 0, $"{cause} {isDelegated}", isInterrupt: true);
            Assert.That(hart.ProgramCounter, Is.EqualTo((toSupervisor ? SupervisorVector : MachineVector) + (4ul * cause)));

            // exceptions use the base in vectored mode, too
            hart.Raise(ExceptionCause.IllegalInstruction);
            Assert.That(hart.ProgramCounter, Is.EqualTo(MachineVector));
        }
    }

    [Test]
    public void The_most_urgent_enabled_interrupt_is_taken()
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        using var machine = new HartFixture();
        var hart = machine.Hart;
        byte[] order = [11, 3, 7, 9, 1, 5];
        for (int i = 0; i < 5000; i++)
        {
            hart.Reset();
            SetPending(hart, (ulong)random.Next(0x1000) & 0xaaa);
            hart.WriteMideleg((ulong)random.Next(0x1000));
            hart.WriteMie((ulong)random.Next(0x1000));
            hart.Registers.Status = (ulong)random.Next(16);
            var privilege = random.GetItems(Privileges, 1)[0];
            hart.Registers.Privilege = privilege;
            ulong ready = hart.Pending & hart.Registers.Mie;
            var expected = Candidates().FirstOrDefault();
            string What() => $"seed {seed} {i}: mip {hart.Pending:x} mie {hart.Registers.Mie:x} mideleg {hart.Registers.Mideleg:x} status {hart.Registers.Status:x} {privilege}";
            Check.Same(hart.HasEnabledInterrupt, ready != 0, What);
            Check.Same(hart.TakeInterrupt(), expected != default, What);
            if (expected == default) continue;
            ulong cause = (expected.ToSupervisor ? hart.Registers.Scause : hart.Registers.Mcause) & 0xff;
            Check.Same(cause, (ulong)expected.Cause, What);
            Check.Same(hart.Privilege, expected.ToSupervisor ? Privilege.Supervisor : Privilege.Machine, What);

            IEnumerable<(byte Cause, bool ToSupervisor)> Candidates()
            {
                ulong status = hart.Registers.Status;
                bool m = privilege < Privilege.Machine || (status & 8) != 0;
                bool s = privilege < Privilege.Supervisor || (privilege == Privilege.Supervisor && (status & 2) != 0);
                var machineLevel = order.Where(c => m && ((ready & ~hart.Registers.Mideleg) >> c & 1) != 0).Select(c => (c, false));
                var supervisorLevel = order.Where(c => s && ((ready & hart.Registers.Mideleg) >> c & 1) != 0).Select(c => (c, true));
                return machineLevel.Concat(supervisorLevel);
            }
        }
    }

    [Test]
    public void Mret_returns_as_the_stack_says()
    {
        foreach (var previous in Privileges)
        foreach (bool enable in (bool[])[false, true])
        foreach (bool mprv in (bool[])[false, true])
        {
            using var machine = Create("rv64max", Privilege.Machine, false);
            var hart = machine.Hart;
            hart.WriteMstatus(((ulong)previous << Mstatus.MppShift) | (enable ? Mstatus.Mpie : 0) | (mprv ? Mstatus.Mprv : 0));
            hart.SetCsr(0x341, Pc + 0x101);
            Assert.That(hart.TryMret(Bits), Is.True);
            Assert.That(hart.ProgramCounter, Is.EqualTo(Pc + 0x100));
            Assert.That(hart.Privilege, Is.EqualTo(previous));
            ulong expected = Mstatus.Mpie | (enable ? Mstatus.Mie : 0) | (mprv && previous == Privilege.Machine ? Mstatus.Mprv : 0);
            Assert.That(hart.Registers.Status, Is.EqualTo(expected), $"{previous} {enable} {mprv}");
        }
    }

    [Test]
    public void Sret_returns_as_the_stack_says()
    {
        foreach (var from in (Privilege[])[Privilege.Supervisor, Privilege.Machine])
        foreach (bool toSupervisor in (bool[])[false, true])
        foreach (bool enable in (bool[])[false, true])
        {
            using var machine = Create("rv64max", from, false);
            var hart = machine.Hart;
            hart.WriteMstatus((toSupervisor ? Mstatus.Spp : 0) | (enable ? Mstatus.Spie : 0) | Mstatus.Mprv);
            hart.Registers.Sepc = Pc;
            Assert.That(hart.TrySret(Bits), Is.True);
            Assert.That(hart.ProgramCounter, Is.EqualTo(Pc));
            Assert.That(hart.Privilege, Is.EqualTo(toSupervisor ? Privilege.Supervisor : Privilege.User));
            Assert.That(hart.Registers.Status, Is.EqualTo(Mstatus.Spie | (enable ? Mstatus.Sie : 0)));
        }
    }

    [Test]
    public void Without_less_privileged_modes_mret_stays_in_M()
    {
        using var machine = new HartFixture("rv64imac,-s,-u");
        var hart = machine.Hart;
        hart.WriteMstatus(0);
        Assert.That(hart.Registers.Status & Mstatus.Mpp, Is.EqualTo(Mstatus.Mpp));
        Assert.That(hart.TryMret(Bits), Is.True);
        Assert.That((hart.Privilege, hart.Registers.Status & Mstatus.Mpp), Is.EqualTo((Privilege.Machine, Mstatus.Mpp)));
    }

    // MRET, SRET, WFI, SFENCE.VMA in U, S and M, by the bit that forbids them in S
    [TestCase("mret", "ii.", 0ul)]
    [TestCase("sret", "i..", 0ul)]
    [TestCase("sret", "ii.", Mstatus.Tsr)]
    [TestCase("wfi", "i..", 0ul)]
    [TestCase("wfi", "ii.", Mstatus.Tw)]
    [TestCase("sfence", "i..", 0ul)]
    [TestCase("sfence", "ii.", Mstatus.Tvm)]
    public void Privileged_instructions_are_illegal_below_their_privilege(string instruction, string illegal, ulong status)
    {
        for (int i = 0; i < Privileges.Length; i++)
        {
            using var machine = Create("rv64max", Privileges[i], false);
            var hart = machine.Hart;
            hart.WriteMstatus(status);
            switch (instruction)
            {
                case "mret": hart.TryMret(Bits); break;
                case "sret": hart.TrySret(Bits); break;
                case "wfi": hart.WaitForInterrupt(Bits); break;
                default: hart.SfenceVma(0, 0, Bits); break;
            }

            GuestFault? expected = illegal[i] == 'i' ? new GuestFault((uint)ExceptionCause.IllegalInstruction, Bits) : null;
            Assert.That(hart.TakeRaisedFault(), Is.EqualTo(expected), $"{instruction} in {Privileges[i]}");
            if (instruction == "wfi") Assert.That(hart.IsHalted, Is.EqualTo(expected is null));
        }
    }

    [TestCase(Privilege.User, ExceptionCause.EnvironmentCallFromUser)]
    [TestCase(Privilege.Supervisor, ExceptionCause.EnvironmentCallFromSupervisor)]
    [TestCase(Privilege.Machine, ExceptionCause.EnvironmentCallFromMachine)]
    public void Environment_calls_and_breakpoints(Privilege privilege, ExceptionCause cause)
    {
        using var machine = Create("rv64max", privilege, false);
        machine.Hart.EnvironmentCall();
        Assert.That(machine.Hart.TakeRaisedFault(), Is.EqualTo(new GuestFault((uint)cause)));
        machine.Hart.Breakpoint(Pc);
        Assert.That(machine.Hart.TakeRaisedFault(), Is.EqualTo(new GuestFault((uint)ExceptionCause.Breakpoint, Pc)));
    }

    [Test]
    public void Access_and_alignment_faults_name_the_kind_of_access()
    {
        using var machine = new HartFixture();
        VirtualCpu hart = machine.Hart;
        var address = new GuestVirtualAddress(Pc);
        Assert.That(
            Enum.GetValues<AccessKind>().Select(kind => hart.AccessFault(address, kind).Code),
            Is.EqualTo(new uint[] { 5, 7, 1 }));
        Assert.That(
            Enum.GetValues<AccessKind>().Select(kind => hart.MisalignedFault(address, kind, 8).Code),
            Is.EqualTo(new uint[] { 4, 6, 0 }));
        Assert.That(hart.AccessFault(address, AccessKind.Read).Value, Is.EqualTo(Pc));
    }

    [Test]
    public void Data_accesses_use_the_privilege_that_MPRV_names()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        foreach (var privilege in Privileges)
        foreach (var previous in Privileges)
        foreach (bool mprv in (bool[])[false, true])
        foreach (bool sum in (bool[])[false, true])
        {
            hart.Registers.Privilege = privilege;
            hart.Registers.Status = ((ulong)previous << Mstatus.MppShift) | (mprv ? Mstatus.Mprv : 0) | (sum ? Mstatus.Sum : 0);
            var effective = mprv && privilege == Privilege.Machine ? previous : privilege;
            var expected = effective switch
            {
                Privilege.User => RiscVMmuIndex.User,
                Privilege.Machine => RiscVMmuIndex.Machine,
                _ => sum ? RiscVMmuIndex.SupervisorUserAccess : RiscVMmuIndex.Supervisor,
            };
            Assert.That(RiscVMode.Unpack(hart.Mode).DataMmuIndex, Is.EqualTo(expected), $"{privilege} {previous} {mprv} {sum}");
        }
    }

    private static HartFixture Create(string isa, Privilege privilege, bool interruptsOn)
    {
        var machine = new HartFixture(isa);
        Prepare(machine.Hart, privilege, interruptsOn);
        return machine;
    }

    private static void Prepare(RiscVHart hart, Privilege privilege, bool interruptsOn)
    {
        hart.SetCsr(0x305, MachineVector);
        hart.SetCsr(0x105, SupervisorVector);
        hart.WriteMstatus(interruptsOn ? Mstatus.Mie | Mstatus.Sie : 0);
        hart.Registers.Privilege = privilege;
        hart.ProgramCounter = Pc;
    }

    private static void SetPending(RiscVHart hart, ulong bits)
    {
        foreach (int cause in (int[])[3, 7, 9, 11]) hart.GetInterruptLine(cause).Set(((bits >> cause) & 1) != 0);
        hart.Registers.SoftwarePending = bits & (InterruptCause.Ssip | InterruptCause.Stip);
    }

    private static void AssertTrapped(
        RiscVHart hart, bool toSupervisor, Privilege from, bool enabled, ulong cause, ulong value, string what, bool isInterrupt = false)
    {
        ulong flag = isInterrupt ? hart.Isa.Is64 ? 1ul << 63 : 1ul << 31 : 0;
        var actual = toSupervisor
            ? (hart.Registers.Sepc, hart.Registers.Scause, hart.Registers.Stval)
            : (hart.Registers.Mepc, hart.Registers.Mcause, hart.Registers.Mtval);
        Assert.That(actual, Is.EqualTo((Pc, cause | flag, value)), what);
        ulong status = enabled
            ? toSupervisor ? Mstatus.Mie | Mstatus.Spie : Mstatus.Sie | Mstatus.Mpie
            : 0;
        if (toSupervisor) status |= from == Privilege.Supervisor ? Mstatus.Spp : 0;
        else status |= (ulong)from << Mstatus.MppShift;
        Assert.That(hart.Registers.Status, Is.EqualTo(status), what);
        Assert.That(hart.Privilege, Is.EqualTo(toSupervisor ? Privilege.Supervisor : Privilege.Machine), what);
    }
}

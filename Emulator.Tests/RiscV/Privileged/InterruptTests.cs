using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>mip and its views, the timer comparison, and waiting.</summary>
[TestFixture]
public sealed class InterruptTests
{
    private const uint Mip = 0x344;
    private const uint Sip = 0x144;
    private const ulong Microsecond = 1000;

    [Test]
    public void Lines_show_in_mip_and_cannot_be_written([Values(3, 7, 11)] int cause)
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        hart.GetInterruptLine(cause).Set(true);
        hart.SetCsr(Mip, 0);
        Assert.That(hart.Csr(Mip), Is.EqualTo(1ul << cause));
        hart.GetInterruptLine(cause).Set(false);
        hart.SetCsr(Mip, ulong.MaxValue);
        Assert.That(hart.Csr(Mip), Is.EqualTo(InterruptCause.Supervisor));
    }

    [Test]
    public void There_are_no_other_lines([Values(0, 2, 5, 13, 64)] int cause)
    {
        using var machine = new HartFixture();
        Assert.That(() => machine.Hart.GetInterruptLine(cause), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void The_external_level_is_not_written_back_by_a_read_modify_write()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        var line = hart.GetInterruptLine(InterruptCause.SupervisorExternal);
        line.Set(true);
        Assert.That(hart.TryExchangeCsr(Mip, ulong.MaxValue, InterruptCause.Ssip, out ulong old), Is.True);
        Assert.That(old, Is.EqualTo(InterruptCause.Seip));
        line.Set(false);
        Assert.That(hart.Csr(Mip), Is.EqualTo(InterruptCause.Ssip));
        Assert.That(hart.TryExchangeCsr(Mip, ulong.MaxValue, InterruptCause.Seip, out _), Is.True);
        Assert.That(hart.Csr(Mip), Is.EqualTo(InterruptCause.Ssip | InterruptCause.Seip), "software sets it");
    }

    [Test]
    public void Software_interrupts_of_S_are_edges()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        var line = hart.GetInterruptLine(InterruptCause.SupervisorSoftware);
        line.Set(true);
        line.Set(false);
        Assert.That(hart.Csr(Mip), Is.EqualTo(InterruptCause.Ssip));
        hart.SetCsr(Sip, 0);
        Assert.That(hart.Csr(Mip), Is.EqualTo(InterruptCause.Ssip), "not delegated");
        hart.SetCsr(0x303, ulong.MaxValue);
        hart.SetCsr(Sip, 0);
        Assert.That(hart.Csr(Mip), Is.Zero);
        hart.SetCsr(Sip, ulong.MaxValue);
        Assert.That(hart.Csr(Sip), Is.EqualTo(InterruptCause.Ssip), "the only one S can set");
    }

    [Test]
    public void Views_of_S_show_what_is_delegated()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        hart.SetCsr(Mip, InterruptCause.Supervisor);
        hart.SetCsr(0x304, InterruptCause.Machine | InterruptCause.Supervisor);
        hart.SetCsr(0x303, InterruptCause.Stip);
        Assert.That((hart.Csr(Sip), hart.Csr(0x104)), Is.EqualTo((InterruptCause.Stip, InterruptCause.Stip)));
        hart.SetCsr(0x104, 0);
        Assert.That(hart.Csr(0x304), Is.EqualTo(InterruptCause.Machine | InterruptCause.Ssip | InterruptCause.Seip));
    }

    [Test]
    public void The_timer_is_pending_from_its_tick_on()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        hart.SetCsr(0x303, InterruptCause.Stip);
        hart.SetCsr(0x104, InterruptCause.Stip);
        hart.SetCsr(0x14d, 50);
        Assert.That(hart.Pending, Is.Zero);
        machine.Clock.Advance(10 * Microsecond);
        Assert.That(hart.Pending, Is.Zero, "the comparison is off until menvcfg.STCE");
        hart.WriteMenvcfg(Envcfg.Stce);
        Assert.That(hart.Pending, Is.EqualTo(InterruptCause.Stip), "time 100 >= 50");
        hart.SetCsr(Mip, 0);
        Assert.That(hart.Pending, Is.EqualTo(InterruptCause.Stip), "cannot be written now");
        hart.SetCsr(0x14d, 110);
        Assert.That(hart.Pending, Is.Zero);

        hart.Registers.Privilege = Privilege.Supervisor;
        hart.WaitForInterrupt(0);
        machine.Service(hart);
        Assert.That(hart.IsHalted, Is.True);
        machine.Clock.Advance(Microsecond - 1);
        Assert.That(hart.IsIdle, Is.True);
        machine.Clock.Advance(1);
        Assert.That(hart.IsIdle, Is.False, "the alarm asked for attention");
        machine.Service(hart);
        Assert.That(hart.IsHalted, Is.False, "SIE is off, WFI ends all the same");
    }

    [Test]
    public void Setting_the_time_moves_deadlines()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        hart.WriteMenvcfg(Envcfg.Stce);
        hart.SetCsr(0x14d, 1000);
        Assert.That(machine.Clock.NextDeadline, Is.EqualTo(100 * Microsecond));
        machine.Clock.Advance(250);
        hart.OnTimeChanged();
        machine.Service(hart);
        Assert.That(machine.Clock.NextDeadline, Is.EqualTo(100 * Microsecond), "on the tick");
        hart.SetCsr(0x14d, ulong.MaxValue);
        Assert.That(machine.Clock.NextDeadline, Is.Null);
        hart.SetCsr(0x14d, ulong.MaxValue - 1);
        Assert.That(machine.Clock.NextDeadline, Is.GreaterThan(ulong.MaxValue - 200), "as far as the clock goes");
        hart.Reset();
        Assert.That(machine.Clock.NextDeadline, Is.Null);
    }

    [Test]
    public void Waiting_ends_with_an_enabled_interrupt_only()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        hart.WriteMie(InterruptCause.Meip);
        hart.WaitForInterrupt(0);
        hart.GetInterruptLine(InterruptCause.MachineTimer).Set(true);
        machine.Service(hart);
        Assert.That(hart.IsHalted, Is.True, "not enabled in mie");
        hart.GetInterruptLine(InterruptCause.MachineExternal).Set(true);
        machine.Service(hart);
        Assert.That(hart.IsHalted, Is.False);
        hart.WaitForInterrupt(0);
        Assert.That(hart.IsHalted, Is.False, "pending already");
        hart.GetInterruptLine(InterruptCause.MachineExternal).Set(false);
        hart.WaitForInterrupt(0);
        hart.Reset();
        machine.Service(hart);
        Assert.That(hart.IsHalted, Is.False, "reset ends it");
    }

    [Test]
    public void A_sleeping_hart_sleeps_on_when_restored()
    {
        using var machine = new HartFixture(harts: 2);
        var (hart, other) = (machine.Harts[0], machine.Harts[1]);
        hart.WriteMie(InterruptCause.Meip);
        hart.WaitForInterrupt(0);
        other.Restore(hart.Save());
        machine.Service(other);
        Assert.That(other.IsHalted, Is.True);
        hart.GetInterruptLine(InterruptCause.MachineExternal).Set(true);
        machine.Service(hart);
        other.Restore(hart.Save());
        machine.Service(other);
        Assert.That(other.IsHalted, Is.False);
    }
}

using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Memory;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Calls in which harts deal with one another: HSM and RFENCE.</summary>
[TestFixture]
public sealed class SbiHartTests
{
    private const uint Hsm = 0x48_534d;
    private const uint Rfence = 0x5246_4e43;
    private const ulong Start = HartFixture.RamStart + 0x40_0000;
    private const ulong Address = 0x4020_0000;
    private const ulong Flags = Pte.V | Pte.R | Pte.W | Pte.A | Pte.D;

    [Test]
    public void A_hart_is_started_and_stops()
    {
        using var sbi = new SbiFixture(harts: 2);
        var other = sbi.Machine.Harts[1];
        Assert.That(Status(sbi, 1), Is.EqualTo(1ul), "stopped");
        Assert.That(sbi.Call(Hsm, 0, 2, Start, 5).Error, Is.EqualTo(-3L), "no such hart");
        Assert.That(sbi.Call(Hsm, 0, 1, 0x10, 5).Error, Is.EqualTo(-5L), "no memory there");
        Assert.That(sbi.Call(Hsm, 0, 1, Start, 5).Error, Is.Zero);
        Assert.That(Status(sbi, 1), Is.EqualTo(2ul), "start pending");
        Assert.That(sbi.Call(Hsm, 0, 1, Start, 5).Error, Is.EqualTo(-6L));
        sbi.Machine.Service(other);
        Assert.That(Status(sbi, 1), Is.Zero, "started");
        Assert.That((other.IsHalted, other.ProgramCounter, other.Privilege), Is.EqualTo((false, Start, Privilege.Supervisor)));
        Assert.That((other[RiscVSlots.X(10)], other[RiscVSlots.X(11)]), Is.EqualTo((1ul, 5ul)));
        SbiFixture.Call(other, Hsm, 1);
        other.SetSoftwarePending(InterruptCause.Ssip);
        other.WriteMie(ulong.MaxValue);
        sbi.Machine.Service(other);
        Assert.That((other.IsHalted, Status(sbi, 1)), Is.EqualTo((true, 1ul)), "interrupts do not start it");
        Assert.That(sbi.Call(Hsm, 0, 0, Start, 0).Error, Is.EqualTo(-6L), "itself");
    }

    [Test]
    public void Suspension_ends_with_an_interrupt([Values] bool isRetentive)
    {
        using var sbi = new SbiFixture();
        var hart = sbi.Hart;
        hart.SetCsr(0x104, InterruptCause.Stip);
        hart.SetCsr(0x14d, 100);
        hart.ProgramCounter = SbiFixture.Entry;
        SbiFixture.Call(hart, Hsm, 3, isRetentive ? 0 : 0xffff_ffff_8000_0000 & 0xffff_ffff, Start, 9);
        sbi.Machine.Service(hart);
        Assert.That((hart.IsHalted, hart.IsSuspended), Is.EqualTo((true, true)));
        sbi.Machine.Clock.Advance(10_000);
        sbi.Machine.Service(hart);
        Assert.That((hart.IsHalted, hart.IsSuspended), Is.EqualTo((false, false)));
        var expected = isRetentive ? (SbiFixture.Entry, 0ul, 0ul) : (Start, 0ul, 9ul);
        Assert.That((hart.ProgramCounter, hart[RiscVSlots.X(10)], hart[RiscVSlots.X(11)]), Is.EqualTo(expected));
    }

    [TestCase(1ul, -3L)]
    [TestCase(0x1000_0000ul, -2L)]
    [TestCase(0x8000_0001ul, -3L)]
    [TestCase(0x9000_0000ul, -2L)]
    [TestCase(0x1_0000_0000ul, -3L)]
    public void Other_suspensions_are_refused(ulong type, long error)
    {
        using var sbi = new SbiFixture();
        Assert.That(sbi.Call(Hsm, 3, type, Start, 0).Error, Is.EqualTo(error));
        Assert.That(sbi.Hart.IsHalted, Is.False);
    }

    [Test]
    public void A_call_for_fences_ends_when_all_harts_have_executed_them([Values(0, 1)] int level, [Values] bool isLegacy)
    {
        using var sbi = new SbiFixture(harts: 3);
        var harts = sbi.Machine.Harts;
        foreach (var other in harts.Skip(1))
        {
            Assert.That(sbi.Call(Hsm, 0, (ulong)other.Index, Start, 0).Error, Is.Zero);
            sbi.Machine.Service(other);
        }

        var table = new PageTable(sbi.Machine, SvFormat.Sv39);
        table.SetEntry(Address, level, PageTable.Entry(Start, Flags));
        sbi.Machine.Write(Start, 8, 1);
        sbi.Machine.Write(Start + 0x20_0000, 8, 2);
        foreach (var hart in harts)
        {
            hart.WriteSatp(table.Satp);
            Assert.That(Load(hart), Is.EqualTo(1ul));
        }

        table.SetEntry(Address, level, PageTable.Entry(Start + 0x20_0000, Flags));
        if (isLegacy) sbi.Call(6, 0, 0, Address, 4096);
        else Assert.That(sbi.Call(Rfence, 1, 0b111, 0, Address, 4096).Error, Is.Zero);
        Assert.That(Load(harts[0]), Is.EqualTo(2ul), "its own at once");
        sbi.Machine.Service(harts[0]);
        Assert.That(harts[0].IsHalted, Is.True);
        Assert.That(Load(harts[2]), Is.EqualTo(1ul));
        harts[0].SetSoftwarePending(InterruptCause.Ssip);
        harts[0].WriteMie(ulong.MaxValue);
        sbi.Machine.Service(harts[0]);
        Assert.That(harts[0].IsHalted, Is.True, "an interrupt does not end it");
        sbi.Machine.Service(harts[1]);
        sbi.Machine.Service(harts[0]);
        Assert.That(harts[0].IsHalted, Is.True, "hart 2 is missing");
        sbi.Machine.Service(harts[2]);
        sbi.Machine.Service(harts[0]);
        Assert.That(harts[0].IsHalted, Is.False);
        Assert.That(harts.Select(Load), Is.All.EqualTo(2ul));
    }

    [Test]
    public void Harts_that_fence_one_another_do_not_wait_for_ever()
    {
        using var sbi = new SbiFixture(harts: 2);
        var harts = sbi.Machine.Harts;
        Assert.That(sbi.Call(Hsm, 0, 1, Start, 0).Error, Is.Zero);
        sbi.Machine.Service(harts[1]);
        Assert.That(SbiFixture.Call(harts[0], Rfence, 0, 2, 0).Error, Is.Zero);
        Assert.That(SbiFixture.Call(harts[1], Rfence, 0, 1, 0).Error, Is.Zero);
        Assert.That(harts.Select(h => h.IsHalted), Is.All.True);
        sbi.Machine.Service(harts[0]);
        Assert.That(harts.Select(h => h.IsHalted), Is.All.True);
        sbi.Machine.Service(harts[1]);
        sbi.Machine.Service(harts[0]);
        Assert.That(harts.Select(h => h.IsHalted), Is.All.False);
    }

    [Test]
    public void Stopped_harts_are_not_waited_for_and_wrong_calls_refused()
    {
        using var sbi = new SbiFixture(harts: 2);
        Assert.That(sbi.Call(Rfence, 2, ulong.MaxValue, ulong.MaxValue, 0, 0).Error, Is.Zero);
        Assert.That(sbi.Hart.IsHalted, Is.False);
        Assert.That(sbi.Call(Rfence, 1, 4, 0, 0, 0).Error, Is.EqualTo(-3L));
        Assert.That(sbi.Call(Rfence, 3, 1, 0, 0, 0).Error, Is.EqualTo(-2L), "there is no H extension");
    }

    // start, size and an address: forgotten or not
    [TestCase(Address, 4096ul, true)]
    [TestCase(Address - 4096, 4096ul, false)]
    [TestCase(Address - 4096, 4097ul, true)]
    [TestCase(Address + 4095, 1ul, true)]
    [TestCase(Address + 4096, 4096ul, false)]
    [TestCase(0ul, 0ul, true)]
    [TestCase(0ul, ulong.MaxValue, true)]
    [TestCase(0x10_0000ul, 0x5000_0000ul, true)]
    public void Ranges_are_forgotten_page_by_page(ulong start, ulong size, bool isForgotten)
    {
        using var sbi = new SbiFixture();
        var table = new PageTable(sbi.Machine, SvFormat.Sv39);
        table.SetEntry(Address, 0, PageTable.Entry(Start, Flags));
        sbi.Machine.Write(Start, 8, 1);
        sbi.Hart.WriteSatp(table.Satp);
        Assert.That(Load(sbi.Hart), Is.EqualTo(1ul));
        table.SetEntry(Address, 0, PageTable.Entry(Start + 8, Flags) + (1 << 10));
        Assert.That(sbi.Call(Rfence, 1, 1, 0, start, size).Error, Is.Zero);
        Assert.That(Load(sbi.Hart), Is.EqualTo(isForgotten ? 0ul : 1));
    }

    [Test]
    public void A_legacy_mask_that_cannot_be_read_is_an_exception_of_the_caller()
    {
        using var sbi = new SbiFixture();
        var hart = sbi.Hart;
        hart.SetCsr(0x105, 0x9000);
        SbiFixture.Call(hart, 4, 0, 0x10);
        Assert.That((hart.ProgramCounter, hart.Registers.Sepc), Is.EqualTo((0x9000ul, SbiFixture.Entry)));
        Assert.That((hart.Registers.Scause, hart.Registers.Stval), Is.EqualTo(((ulong)ExceptionCause.LoadAccessFault, 0x10ul)));
    }

    private static ulong Status(SbiFixture sbi, ulong hart)
    {
        var (error, value) = sbi.Call(Hsm, 2, hart);
        Assert.That(error, Is.Zero);
        return value;
    }

    private static ulong Load(RiscVHart hart)
    {
        Assert.That(hart.TryLoad(new GuestVirtualAddress(Address), 8, (int)RiscVMmuIndex.Supervisor, out ulong value), Is.True);
        return value;
    }
}

using Emulator.Core.Bus;
using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

internal sealed class AclintTests
{
    private const uint Mtime = 0xBFF8;
    private const ulong Tick = 100;

    private ManualClock _clock = null!;
    private FakeInterruptLine[] _software = null!;
    private FakeInterruptLine[] _timer = null!;
    private Aclint _aclint = null!;

    public static DeviceCase Case => DeviceCase.Of<Aclint, AclintState>(
        static environment => new Aclint(environment.Clock, [.. Enumerable.Range(0, 3).Select(_ => new AclintHart(environment.Line(), environment.Line()))]),
        Aclint.WindowSize,
        [0, 4, 8, 12, Mtimecmp(0), Mtimecmp(0) + 4, Mtimecmp(1), Mtimecmp(2), Mtimecmp(3), Mtime, Mtime + 4]);

    public static DeviceCase SswiCase => DeviceCase.Of<AclintSswi, AclintSswiState>(
        static environment => new AclintSswi(environment.Lines(3)), AclintSswi.WindowSize, [0, 4, 8, 12]);

    [SetUp]
    public void SetUp()
    {
        _clock = new ManualClock(12_345); // a machine may be built at any time; mtime starts at 0 all the same
        _software = FakeInterruptLine.Many(4);
        _timer = FakeInterruptLine.Many(4);
        _aclint = new Aclint(_clock, [.. _software.Zip(_timer, static (software, timer) => new AclintHart(software, timer))]);
    }

    [TearDown]
    public void TearDown() => _aclint.Dispose();

    [Test]
    public void Mtime_counts_at_10_MHz_from_zero()
    {
        Assert.That(_aclint.Read64(Mtime), Is.Zero);
        _clock.Advance(1_000_000_000);
        Assert.Multiple(() =>
        {
            Assert.That(_aclint.Read64(Mtime), Is.EqualTo(Aclint.Frequency));
            Assert.That(_aclint.Time, Is.EqualTo(Aclint.Frequency));
            Assert.That(_aclint.Read32(Mtime), Is.EqualTo((uint)Aclint.Frequency));
        });
    }

    [Test]
    public void Setting_mtime_is_announced_and_nothing_else_is()
    {
        int announced = 0;
        using var aclint = new Aclint(_clock, [new AclintHart(_software[0], _timer[0])], () => announced++);
        aclint.Write64(Mtimecmp(0), 5);
        _clock.Advance(10 * Tick);
        aclint.Write64(Mtime, 10);
        Assert.That(announced, Is.Zero, "it was 10 already");
        aclint.Write64(Mtime, 1000);
        Assert.That(announced, Is.EqualTo(1));
        aclint.Write32(Mtime + 4, 1);
        Assert.That(announced, Is.EqualTo(2));
        aclint.Reset();
        Assert.That(announced, Is.EqualTo(3));
    }

    [Test]
    public void Mtime_can_be_set_whole_and_by_halves()
    {
        _aclint.Write64(Mtime, 0x0123_4567_89AB_CDEF);
        _clock.Advance(3 * Tick);
        Assert.That(_aclint.Read64(Mtime), Is.EqualTo(0x0123_4567_89AB_CDF2));
        _aclint.Write32(Mtime, 0xFFFF_FFFF);
        _aclint.Write32(Mtime + 4, 7);
        _clock.Advance(Tick);
        Assert.Multiple(() =>
        {
            Assert.That(_aclint.Time, Is.EqualTo(0x8_0000_0000));
            Assert.That(_aclint.Read32(Mtime + 4), Is.EqualTo(8));
        });
    }

    [Test]
    public void The_timer_rises_at_its_tick_and_falls_with_a_new_deadline()
    {
        _clock.Advance(55); // 12,400 ns: exactly one tick after the chip was made
        _aclint.Write64(Mtimecmp(2), 10);
        _clock.Advance((9 * Tick) - 1);
        Assert.That(_timer[2].IsAsserted, Is.False, "one nanosecond early");
        _clock.Advance(1);
        Assert.Multiple(() =>
        {
            Assert.That(_timer[2].IsAsserted, Is.True);
            Assert.That(_timer[2].Rises, Is.EqualTo(1));
            Assert.That(_timer.Where(static line => line.IsAsserted).Count(), Is.EqualTo(1), "other harts");
        });
        _aclint.Write64(Mtimecmp(2), 20);
        Assert.That(_timer[2].IsAsserted, Is.False);
        _clock.Advance(10 * Tick);
        Assert.That(_timer[2].IsAsserted, Is.True);
    }

    [Test]
    public void Deadlines_of_several_harts_fire_in_turn()
    {
        _aclint.Write64(Mtimecmp(0), 300);
        _aclint.Write64(Mtimecmp(1), 100);
        _aclint.Write64(Mtimecmp(3), 200);
        var order = new List<int>();
        while (_clock.AdvanceToNextDeadline())
        {
            order.Add(Array.FindIndex(_timer, static line => line.IsAsserted));
            _aclint.Write64(Mtimecmp(order[^1]), ulong.MaxValue);
        }

        Assert.That(order, Is.EqualTo(new[] { 1, 3, 0 }));
    }

    [Test]
    public void A_compare_value_centuries_away_sets_no_alarm()
    {
        _aclint.Write64(Mtimecmp(0), 100);
        Assert.That(_clock.NextDeadline, Is.Not.Null);
        _aclint.Write64(Mtimecmp(0), ulong.MaxValue);
        Assert.That(_clock.NextDeadline, Is.Null);
        _aclint.Write64(Mtimecmp(0), ulong.MaxValue / 2);
        Assert.That(_clock.NextDeadline, Is.Null);
    }

    [Test]
    public void Setting_mtime_moves_the_deadlines()
    {
        _aclint.Write64(Mtimecmp(0), 1_000_000);
        _aclint.Write64(Mtime, 999_999);
        Assert.That(_timer[0].IsAsserted, Is.False);
        _clock.Advance(Tick);
        Assert.That(_timer[0].IsAsserted, Is.True);
        _aclint.Write64(Mtime, 0);
        Assert.That(_timer[0].IsAsserted, Is.False);
    }

    [Test]
    public void Msip_drives_the_software_interrupt_by_bit_0()
    {
        _aclint.Write32(4, 0xFFFF_FFFF);
        Assert.Multiple(() =>
        {
            Assert.That(_aclint.Read32(4), Is.EqualTo(1));
            Assert.That(_software.Select(static line => line.IsAsserted), Is.EqualTo(new[] { false, true, false, false }));
        });
        _aclint.Write32(4, 0xFFFF_FFFE);
        Assert.That(_software[1].IsAsserted, Is.False);
        _aclint.Write64(8, 0x1_0000_0001);
        Assert.That(_software.Select(static line => line.IsAsserted), Is.EqualTo(new[] { false, false, true, true }));
    }

    [Test]
    public void Registers_of_harts_that_do_not_exist_read_zero()
    {
        _aclint.Write32(16, 1);
        _aclint.Write64(Mtimecmp(4), 5);
        Assert.Multiple(() =>
        {
            Assert.That(_aclint.Read32(16), Is.Zero);
            Assert.That(_aclint.Read64(Mtimecmp(4)), Is.Zero);
        });
    }

    [TestCase(0u, 1)]
    [TestCase(0u, 2)]
    [TestCase(Mtime + 4, 8)]
    [TestCase(Mtime + 2, 4)]
    public void Odd_accesses_fault(uint offset, int size)
    {
        Assert.Multiple(() =>
        {
            Assert.That(_aclint.Read(new MmioAccess(offset, size), out _), Is.EqualTo(BusStatus.AccessFault));
            Assert.That(_aclint.Write(new MmioAccess(offset, size), 1), Is.EqualTo(BusStatus.AccessFault));
        });
    }

    [Test]
    public void A_restored_timer_fires()
    {
        _aclint.Write64(Mtimecmp(1), 50);
        AclintState saved = _aclint.Save();
        _clock.Advance(100 * Tick);
        _aclint.Write64(Mtimecmp(1), ulong.MaxValue);
        _aclint.Restore(saved);
        Assert.That(_timer[1].IsAsserted, Is.True, "the deadline has passed by now");

        var laterLine = new FakeInterruptLine();
        var otherClock = new ManualClock(12_345);
        using var other = new Aclint(otherClock, [new(new FakeInterruptLine(), new FakeInterruptLine()), new(new FakeInterruptLine(), laterLine)]);
        other.Restore(saved);
        Assert.That(laterLine.IsAsserted, Is.False);
        otherClock.Advance(50 * Tick);
        Assert.That(laterLine.IsAsserted, Is.True);
    }

    [Test]
    public void Sswi_pulses_the_hart_written_to()
    {
        FakeInterruptLine[] lines = FakeInterruptLine.Many(2);
        var sswi = new AclintSswi(lines);
        sswi.Write32(4, 1);
        sswi.Write32(4, 0xFFFF_FFFE);
        sswi.Write32(8, 1);
        Assert.Multiple(() =>
        {
            Assert.That(lines.Select(static line => line.Rises), Is.EqualTo(new[] { 0, 1 }));
            Assert.That(lines[1].IsAsserted, Is.False);
            Assert.That(sswi.Read32(4), Is.Zero);
        });
    }

    private static uint Mtimecmp(int hart) => 0x4000 + (8 * (uint)hart);
}

using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

internal sealed class GoldfishRtcTests
{
    private const uint TimeLow = 0x00, TimeHigh = 0x04, AlarmLow = 0x08, AlarmHigh = 0x0C, IrqEnabled = 0x10, ClearAlarm = 0x14, AlarmStatus = 0x18, ClearInterrupt = 0x1C;
    private const ulong Start = 1_700_000_000_000_000_000;

    private ManualClock _clock = null!;
    private FakeInterruptLine _line = null!;
    private GoldfishRtc _rtc = null!;

    public static DeviceCase Case => DeviceCase.Of<GoldfishRtc, GoldfishRtcState>(
        static environment => new GoldfishRtc(environment.Line(), environment.Clock, new GoldfishRtcOptions { StartNanoseconds = Start }),
        GoldfishRtc.WindowSize,
        [TimeLow, TimeHigh, AlarmLow, AlarmHigh, IrqEnabled, ClearAlarm, AlarmStatus, ClearInterrupt]);

    [SetUp]
    public void SetUp()
    {
        _clock = new ManualClock();
        _line = new FakeInterruptLine();
        _rtc = new GoldfishRtc(_line, _clock, new GoldfishRtcOptions { StartNanoseconds = Start });
    }

    [TearDown]
    public void TearDown() => _rtc.Dispose();

    [Test]
    public void Time_follows_the_virtual_clock()
    {
        Assert.That(ReadTime(), Is.EqualTo(Start));
        _clock.Advance(123_456_789);
        Assert.That(ReadTime(), Is.EqualTo(Start + 123_456_789));
    }

    [Test]
    public void Reading_the_low_half_keeps_the_high_half()
    {
        uint low = _rtc.Read32(TimeLow);
        _clock.Advance(1UL << 33);
        Assert.That(((ulong)_rtc.Read32(TimeHigh) << 32) | low, Is.EqualTo(Start));
    }

    [Test]
    public void The_guest_may_set_the_time()
    {
        _clock.Advance(5);
        WriteTime(0x1234_5678_9ABC_DEF0);
        _clock.Advance(0x10);
        Assert.That(ReadTime(), Is.EqualTo(0x1234_5678_9ABC_DF00));
    }

    [Test]
    public void The_alarm_interrupts_at_its_time()
    {
        SetAlarm(Start + 1_000);
        _rtc.Write32(IrqEnabled, 1);
        Assert.That((_rtc.Read32(AlarmStatus), _rtc.Read32(AlarmLow), _rtc.Read32(AlarmHigh)), Is.EqualTo((1u, unchecked((uint)(Start + 1_000)), (uint)(Start >> 32))));
        _clock.Advance(999);
        Assert.That(_line.IsAsserted, Is.False);
        _clock.Advance(1);
        Assert.Multiple(() =>
        {
            Assert.That(_line.IsAsserted, Is.True);
            Assert.That(_rtc.Read32(AlarmStatus), Is.Zero, "fired once");
        });
        _rtc.Write32(ClearInterrupt, 1);
        Assert.That(_line.IsAsserted, Is.False);
        _clock.Advance(1_000_000);
        Assert.That(_line.IsAsserted, Is.False);
    }

    [Test]
    public void An_alarm_in_the_past_fires_at_once()
    {
        _rtc.Write32(IrqEnabled, 1);
        SetAlarm(Start - 1);
        Assert.That(_line.IsAsserted, Is.True);
    }

    [Test]
    public void A_cleared_alarm_does_not_fire()
    {
        _rtc.Write32(IrqEnabled, 1);
        SetAlarm(Start + 1_000);
        _rtc.Write32(ClearAlarm, 1);
        Assert.That((_rtc.Read32(AlarmStatus), _clock.NextDeadline), Is.EqualTo((0u, (ulong?)null)));
        _clock.Advance(2_000);
        Assert.That(_line.IsAsserted, Is.False);
    }

    [Test]
    public void A_masked_alarm_shows_when_it_is_enabled()
    {
        SetAlarm(Start + 1_000);
        _clock.Advance(1_000);
        Assert.That(_line.IsAsserted, Is.False);
        _rtc.Write32(IrqEnabled, 1);
        Assert.That(_line.IsAsserted, Is.True);
    }

    [Test]
    public void Setting_the_time_moves_the_alarm()
    {
        _rtc.Write32(IrqEnabled, 1);
        SetAlarm(Start + 1_000_000);
        WriteTime(Start + 999_990);
        Assert.That(_line.IsAsserted, Is.False);
        _clock.Advance(10);
        Assert.That(_line.IsAsserted, Is.True);
    }

    [Test]
    public void A_start_may_be_given_as_a_date()
    {
        var options = GoldfishRtcOptions.StartingAt(new DateTimeOffset(2023, 11, 14, 22, 13, 20, TimeSpan.Zero));
        Assert.Multiple(() =>
        {
            Assert.That(options.StartNanoseconds, Is.EqualTo(Start));
            Assert.That(() => GoldfishRtcOptions.StartingAt(new DateTimeOffset(1969, 12, 31, 0, 0, 0, TimeSpan.Zero)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }

    private ulong ReadTime()
    {
        uint low = _rtc.Read32(TimeLow);
        return ((ulong)_rtc.Read32(TimeHigh) << 32) | low;
    }

    private void WriteTime(ulong time)
    {
        _rtc.Write32(TimeHigh, (uint)(time >> 32));
        _rtc.Write32(TimeLow, (uint)time);
    }

    private void SetAlarm(ulong time)
    {
        _rtc.Write32(AlarmHigh, (uint)(time >> 32));
        _rtc.Write32(AlarmLow, (uint)time);
    }
}

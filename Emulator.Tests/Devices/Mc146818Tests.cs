using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

/// <summary>The PC's clock by the data sheet.</summary>
internal sealed class Mc146818Tests
{
    private const uint Index = 0, Data = 1;
    private const byte A = 0x0a, B = 0x0b, C = 0x0c, D = 0x0d, Century = 0x32;
    private const ulong Second = 1_000_000_000;
    private static readonly DateTimeOffset Start = new(1999, 12, 31, 23, 59, 58, TimeSpan.Zero);

    private ManualClock _clock = null!;
    private FakeInterruptLine _line = null!;
    private Mc146818 _chip = null!;

    public static DeviceCase Case => DeviceCase.Of<Mc146818, Mc146818State>(
        static environment =>
        {
            environment.Clock.FiresLate = true; // it may have to interrupt thousands of times a second
            return Create(environment.Line(), environment.Clock);
        },
        Mc146818.WindowSize + 6,
        [Index, Data],
        static (chip, random) =>
        {
            chip.Write8(Index, (byte)random.Next(16));
            if (random.Next(2) == 0) chip.Write8(Data, (byte)random.Next(256));
            else chip.Read8(Data);
        });

    [SetUp]
    public void SetUp()
    {
        _clock = new ManualClock();
        _line = new FakeInterruptLine();
        _chip = Create(_line, _clock);
    }

    [TearDown]
    public void TearDown() => _chip.Dispose();

    [TestCase(0x02, "58 59 23 06 31 12 99 19")]
    [TestCase(0x06, "3a 3b 17 06 1f 0c 63 13", Description = "binary")]
    [TestCase(0x00, "58 59 91 06 31 12 99 19", Description = "12 hours: 11 in the afternoon")]
    public void Time_is_encoded(byte control, string expected)
    {
        Set(B, control);
        Assert.That(Time(), Is.EqualTo(expected));
    }

    [Test]
    public void Time_goes_on()
    {
        _clock.Advance((2 * Second) - 1);
        Assert.That(Time(), Is.EqualTo("59 59 23 06 31 12 99 19"));
        _clock.Advance(1);
        Assert.That(Time(), Is.EqualTo("00 00 00 07 01 01 00 20"));
    }

    [Test]
    public void Time_is_set_while_updates_are_held_off()
    {
        Set(B, 0x82);
        foreach (var (register, value) in new (byte, byte)[] { (0, 0x12), (2, 0x34), (4, 0x05), (7, 0x29), (8, 0x02), (9, 0x24), (Century, 0x20) }) Set(register, value);
        _clock.Advance(5 * Second);
        Assert.That(Get(0), Is.EqualTo(0x12), "stands still");
        Set(B, 0x02);
        Assert.That(Time(), Is.EqualTo("12 34 05 05 29 02 24 20"));
        _clock.Advance(Second - 1);
        Assert.That(Get(0), Is.EqualTo(0x12));
        _clock.Advance(1);
        Assert.That(Get(0), Is.EqualTo(0x13));
    }

    [Test]
    public void Time_may_be_set_while_it_goes()
    {
        Set(4, 0x07);
        Assert.That(Time(), Is.EqualTo("58 59 07 06 31 12 99 19"));
    }

    [Test]
    public void Update_interrupts_every_second()
    {
        Set(B, 0x12);
        _clock.Advance(Second);
        Assert.That(_line.IsAsserted, Is.True);
        Assert.That(Get(C), Is.EqualTo(0x80 | 0x10 | 0x40));
        Assert.That(_line.IsAsserted, Is.False);
        Assert.That(Get(C) & 0x90, Is.Zero);
        _clock.Advance(Second);
        Assert.That(_line.IsAsserted, Is.True);
    }

    [TestCase(6, 976_562ul)]
    [TestCase(15, 500_000_000ul)]
    [TestCase(1, 3_906_250ul)]
    [TestCase(3, 122_070ul)]
    public void Periodic_interrupts_come_at_their_rate(byte rate, ulong period)
    {
        Set(A, (byte)(0x20 | rate));
        Set(B, 0x42);
        for (int i = 0; i < 5; i++)
        {
            _clock.Advance(period - 1);
            Assert.That(_line.IsAsserted, Is.False, $"{i}");
            _clock.Advance(1);
            Assert.That(_line.IsAsserted, Is.True, $"{i}");
            Assert.That(Get(C) & 0xc0, Is.EqualTo(0xc0));
        }
    }

    [Test]
    public void Alarm_interrupts_at_its_time_and_with_wildcards_often()
    {
        Set(1, 0x01);
        Set(3, 0x00);
        Set(5, 0x00);
        Set(B, 0x22);
        _clock.Advance(2 * Second);
        Assert.That(_line.IsAsserted, Is.False);
        _clock.Advance(Second);
        Assert.That(_line.IsAsserted, Is.True, "00:00:01");
        Get(C);
        Set(3, 0xff);
        Set(5, 0xc0);
        _clock.Advance(59 * Second);
        Assert.That(_line.IsAsserted, Is.False);
        _clock.Advance(Second);
        Assert.That(_line.IsAsserted, Is.True, "a minute later");
    }

    [Test]
    public void Update_in_progress_warns()
    {
        Assert.That(Get(A), Is.EqualTo(0x26));
        _clock.Advance(Second - 244_001);
        Assert.That(Get(A), Is.EqualTo(0x26));
        _clock.Advance(1);
        Assert.That(Get(A), Is.EqualTo(0xa6));
        _clock.Advance(244_000);
        Assert.That(Get(A), Is.EqualTo(0x26));
    }

    [Test]
    public void Memory_keeps_what_is_written()
    {
        Assert.That(Get(0x15), Is.EqualTo(0x80), "as it was given");
        Set(0x40, 0x77);
        Assert.That(Get(0x40), Is.EqualTo(0x77));
        Assert.That(Get(0xc0), Is.EqualTo(0x77), "bit 7 is not part of the index");
        Set(D, 0);
        Assert.That(Get(D), Is.EqualTo(0x80), "valid");
    }

    private static Mc146818 Create(FakeInterruptLine line, ManualClock clock) =>
        new(line, clock, new Mc146818Options { Start = Start, Memory = new Dictionary<byte, byte> { [0x15] = 0x80 } });

    private byte Get(byte register)
    {
        _chip.Write8(Index, register);
        return _chip.Read8(Data);
    }

    private void Set(byte register, byte value)
    {
        _chip.Write8(Index, register);
        _chip.Write8(Data, value);
    }

    private string Time() => string.Join(' ', new byte[] { 0, 2, 4, 6, 7, 8, 9, Century }.Select(register => $"{Get(register):x2}"));
}

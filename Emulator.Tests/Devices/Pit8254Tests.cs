using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

/// <summary>The 8254 by the figures of its data sheet, tick by tick.</summary>
internal sealed class Pit8254Tests
{
    private const uint Control = 3, SystemControl = 4;
    private const byte LowThenHigh = 0x30, LowOnly = 0x10;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    private ManualClock _clock = null!;
    private FakeInterruptLine _output = null!;
    private Pit8254 _pit = null!;
    private ulong _tick;

    public static DeviceCase Case => DeviceCase.Of<Pit8254, Pit8254State>(
        static environment =>
        {
            environment.Clock.FiresLate = true; // it may have to interrupt millions of times a second
            return new Pit8254(environment.Line(), environment.Clock);
        },
        Pit8254.WindowSize + 3,
        [0, 1, 2, Control, SystemControl]);

    [SetUp]
    public void SetUp()
    {
        _clock = new ManualClock();
        _output = new FakeInterruptLine();
        _pit = new Pit8254(_output, _clock);
        _tick = 0;
    }

    [TearDown]
    public void TearDown() => _pit.Dispose();

    // OUT in the ticks after the count was written; the first loads it.
    [TestCase(0, 4, "-----#####", TestName = "Mode 0 rises at the terminal count")]
    [TestCase(0, 1, "--########", TestName = "Mode 0 with the shortest count")]
    [TestCase(2, 3, "###-##-##-##", TestName = "Mode 2 is low for the last tick")]
    [TestCase(2, 2, "##-#-#-#-", TestName = "Mode 2 with the shortest count")]
    [TestCase(3, 4, "###--##--##--", TestName = "Mode 3 with an even count")]
    [TestCase(3, 5, "####--###--###", TestName = "Mode 3 with an odd count")]
    [TestCase(4, 3, "####-#####", TestName = "Mode 4 strobes once")]
    public void Output_of_software_started_modes(int mode, byte count, string expected)
    {
        Program(0, mode, count);
        Assert.That(Outputs(0, expected.Length), Is.EqualTo(expected));
    }

    [TestCase(1, 3, "#---####", TestName = "Mode 1 is low for the count after a trigger")]
    [TestCase(5, 3, "####-###", TestName = "Mode 5 strobes after a trigger")]
    public void Output_of_triggered_modes(int mode, byte count, string expected)
    {
        Program(2, mode, count);
        Assert.That(Outputs(2, 5), Is.EqualTo("#####"), "nothing happens before");
        Gate(true);
        Assert.That(Outputs(2, expected.Length), Is.EqualTo(expected));
        Gate(false);
        Assert.That(Outputs(2, 5), Is.EqualTo("#####"));
        Gate(true);
        Assert.That(Outputs(2, expected.Length), Is.EqualTo(expected), "again");
    }

    [Test]
    public void Trigger_in_a_one_shot_starts_it_anew()
    {
        Program(2, 1, 3);
        Gate(true);
        Assert.That(Outputs(2, 3), Is.EqualTo("#--"));
        Gate(false);
        Gate(true);
        Assert.That(Outputs(2, 5), Is.EqualTo("----#"));
    }

    [Test]
    public void Gate_stops_the_count_in_mode_0()
    {
        Gate(true);
        Program(2, 0, 4);
        Assert.That(Outputs(2, 3), Is.EqualTo("---"));
        Gate(false);
        Assert.That(Outputs(2, 10), Is.EqualTo("----------"));
        Gate(true);
        Assert.That(Outputs(2, 4), Is.EqualTo("---#").Or.EqualTo("--##"));
    }

    [TestCase(2, 4, "####-###-")]
    [TestCase(3, 4, "###--##--")]
    public void Gate_starts_a_period_anew(int mode, byte count, string expected)
    {
        Gate(true);
        Program(2, mode, count);
        Assert.That(Outputs(2, expected.Length), Is.EqualTo(expected));
        Gate(false);
        Assert.That(Outputs(2, 6), Is.EqualTo("######"), "high while the gate is low");
        Gate(true);
        Assert.That(Outputs(2, expected.Length), Is.EqualTo(expected));
    }

    [Test]
    public void New_count_waits_for_the_end_of_the_period()
    {
        Program(0, 2, 4);
        Assert.That(Outputs(0, 2), Is.EqualTo("##"));
        _pit.Write8(0, 2);
        Assert.That(Outputs(0, 7), Is.EqualTo("##-#-#-"));
    }

    [Test]
    public void First_of_two_bytes_stops_mode_0()
    {
        _pit.Write8(Control, LowThenHigh);
        _pit.Write8(0, 3);
        _pit.Write8(0, 0);
        Assert.That(Outputs(0, 6), Is.EqualTo("----##"));
        _pit.Write8(0, 2);
        Assert.That(Outputs(0, 6), Is.EqualTo("------"));
        _pit.Write8(0, 0);
        Assert.That(Outputs(0, 4), Is.EqualTo("---#"));
    }

    [TestCase(0, false, 5, "5 4 3 2 1 0 65535")]
    [TestCase(0, true, 5, "5 4 3 2 1 0 39321", Description = "0x9999")]
    [TestCase(0, true, 0x12, "18 17 16 9 8", Description = "0x12, 0x11, 0x10, 0x09")]
    [TestCase(2, false, 3, "3 2 1 3 2 1")]
    [TestCase(3, false, 4, "4 2 4 2 4")]
    [TestCase(3, false, 5, "4 2 0 4 2 4 2 0")]
    [TestCase(4, false, 2, "2 1 0 65535 65534")]
    public void Count_is_read_while_it_runs(int mode, bool isDecimal, int count, string expected)
    {
        _pit.Write8(Control, (byte)(LowThenHigh | (mode << 1) | (isDecimal ? 1 : 0)));
        _pit.Write8(0, (byte)count);
        _pit.Write8(0, (byte)(count >> 8));
        List<int> seen = [];
        for (int i = 0; i < expected.Split(' ').Length; i++)
        {
            Tick();
            seen.Add(_pit.Read8(0) | (_pit.Read8(0) << 8));
        }

        Assert.That(string.Join(' ', seen), Is.EqualTo(expected));
    }

    [Test]
    public void Count_of_zero_is_the_greatest([Values] bool isDecimal)
    {
        _pit.Write8(Control, (byte)(LowThenHigh | (isDecimal ? 1 : 0)));
        _pit.Write8(0, 0);
        _pit.Write8(0, 0);
        ulong count = isDecimal ? 10_000u : 65_536u;
        Tick(count);
        Assert.That(_output.IsAsserted, Is.False);
        Tick();
        Assert.That(_output.IsAsserted, Is.True);
    }

    [Test]
    public void Latched_count_stays_until_it_is_read()
    {
        Program(0, 0, 0x34);
        Tick();
        _pit.Write8(Control, 0);
        Tick(5);
        _pit.Write8(Control, 0); // already latched
        Assert.That(_pit.Read8(0), Is.EqualTo(0x34));
        Assert.That(_pit.Read8(0), Is.EqualTo(0x2f));
    }

    [Test]
    public void Read_back_gives_status_then_count()
    {
        _pit.Write8(Control, 0xb4 | 1); // counter 2, both bytes, mode 2, decimal
        _pit.Write8(Control, 0xe8); // status of counter 2
        Assert.That(_pit.Read8(2), Is.EqualTo(0x80 | 0x40 | 0x35), "high, no count yet");
        Gate(true);
        _pit.Write8(2, 0x50);
        _pit.Write8(2, 0x01);
        Tick();
        Tick();
        _pit.Write8(Control, 0xc8); // both
        Tick(10);
        Assert.That(_pit.Read8(2), Is.EqualTo(0x80 | 0x35));
        Assert.That(_pit.Read8(2) | (_pit.Read8(2) << 8), Is.EqualTo(0x149));
    }

    [Test]
    public void Interrupt_comes_once_a_period()
    {
        Program(0, 2, 100);
        int before = _output.Rises;
        Tick(1 + (100 * 50));
        Assert.That(_output.Rises - before, Is.EqualTo(50));
    }

    [Test]
    public void Late_alarm_is_one_interrupt()
    {
        Program(0, 3, 100);
        int before = _output.Rises;
        _clock.FiresLate = true;
        Tick(1 + (100 * 50));
        Assert.That(_output.Rises - before, Is.EqualTo(1));
        Tick(100);
        Assert.That(_output.Rises - before, Is.EqualTo(2), "and it goes on");
    }

    [Test]
    public void System_control_shows_gate_output_and_refresh()
    {
        Assert.That(_pit.Read8(SystemControl) & 0x2f, Is.Zero);
        _pit.Write8(SystemControl, 0xff);
        Assert.That(_pit.Read8(SystemControl) & 0x0f, Is.EqualTo(0x0f));
        Program(2, 0, 3);
        Tick(3);
        Assert.That(_pit.Read8(SystemControl) & 0x20, Is.Zero);
        Tick();
        Assert.That(_pit.Read8(SystemControl) & 0x20, Is.EqualTo(0x20));
        int refresh = _pit.Read8(SystemControl) & 0x10;
        Tick(18);
        Assert.That(_pit.Read8(SystemControl) & 0x10, Is.Not.EqualTo(refresh));
    }

    // One that is looked at every tick and one that is only looked at when something is written are the same.
    [Test]
    public void Time_may_pass_in_any_steps([Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        var otherClock = new ManualClock();
        using var other = new Pit8254(new FakeInterruptLine(), otherClock);
        for (int step = 0; step < 60; step++)
        {
            uint register = (uint)random.Next(5);
            byte value = register < Control ? (byte)random.Next(12) : (byte)random.Next(256);
            _pit.Write8(register, value);
            other.Write8(register, value);
            int ticks = random.Next(50);
            for (int i = 0; i < ticks; i++)
            {
                Tick();
                _ = _pit.Read8(SystemControl);
            }

            otherClock.Advance(_clock.Nanoseconds - otherClock.Nanoseconds);
            _ = other.Read8(SystemControl);
            Assert.That(other.Save(), Is.EqualTo(_pit.Save()), $"seed {seed}, step {step}");
        }
    }

    private void Program(int counter, int mode, byte count)
    {
        _pit.Write8(Control, (byte)((counter << 6) | LowOnly | (mode << 1)));
        _pit.Write8((uint)counter, count);
    }

    private void Gate(bool level) => _pit.Write8(SystemControl, level ? (byte)1 : (byte)0);

    private string Outputs(int counter, int ticks)
    {
        string seen = "";
        for (int i = 0; i < ticks; i++)
        {
            seen += IsHigh(counter) ? '#' : '-';
            Tick();
        }

        return seen;
    }

    private bool IsHigh(int counter)
    {
        _pit.Write8(Control, (byte)(0xe0 | (2 << counter)));
        return (_pit.Read8((uint)counter) & 0x80) != 0;
    }

    private void Tick(ulong count = 1)
    {
        _tick += count;
        ulong due = ((_tick * NanosecondsPerSecond) + Pit8254.Frequency - 1) / Pit8254.Frequency;
        _clock.Advance(due - _clock.Nanoseconds);
    }
}

using System.Text;
using Emulator.Core.Bus;
using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

internal sealed class Uart16550Tests
{
    private const uint Data = 0, Ier = 1, Iir = 2, Fcr = 2, Lcr = 3, Mcr = 4, Lsr = 5, Msr = 6, Scr = 7;
    private const byte Idle = 0x60;
    private const byte NoInterrupt = 0x01, Timeout = 0xCC, Received = 0xC4, Empty = 0xC2, None = 0xC1;

    private FakeInterruptLine _line = null!;
    private FakeCharacterHost _host = null!;
    private Uart16550 _uart = null!;

    public static DeviceCase Case => DeviceCase.Of<Uart16550, Uart16550State>(
        static environment => new Uart16550(environment.Line(), new FakeCharacterHost()),
        0x100,
        [0, 1, 2, 3, 4, 5, 6, 7],
        Type);

    public static DeviceCase ShiftedCase => DeviceCase.Of<Uart16550, Uart16550State>(
        static environment => new Uart16550(environment.Line(), new FakeCharacterHost(), new Uart16550Options { RegisterShift = 2 }),
        0x20,
        [0, 4, 8, 12, 16, 20, 24, 28],
        Type,
        name: "Uart16550 with registers 4 bytes apart");

    [SetUp]
    public void SetUp()
    {
        _line = new FakeInterruptLine();
        _host = new FakeCharacterHost();
        _uart = new Uart16550(_line, _host);
    }

    [Test]
    public void Sends_what_is_written_to_THR()
    {
        foreach (byte character in "boot\r\n"u8)
        {
            Assert.That(_uart.Read8(Lsr), Is.EqualTo(Idle));
            _uart.Write8(Data, character);
        }

        Assert.That(_host.Text, Is.EqualTo("boot\r\n"));
    }

    [Test]
    public void Linux_finds_a_16550A()
    {
        // drivers/tty/serial/8250: what autoconfig asks, in its order.
        _uart.Write8(Ier, 0);
        Assert.That(_uart.Read8(Ier), Is.Zero);
        _uart.Write8(Ier, 0xFF);
        Assert.That(_uart.Read8(Ier), Is.EqualTo(0x0F), "bits 7:4 do not exist: no XScale");
        _uart.Write8(Ier, 0);
        _uart.Write8(Mcr, 0x1A); // loop, OUT2, RTS
        Assert.That(_uart.Read8(Msr) & 0xF0, Is.EqualTo(0x90), "loopback test");
        _uart.Write8(Mcr, 0);
        _uart.Write8(Lcr, 0xBF);
        _uart.Write8(Fcr, 0);
        _uart.Write8(Lcr, 0);
        _uart.Write8(Fcr, 0x01);
        Assert.That(_uart.Read8(Iir) >> 6, Is.EqualTo(3), "FIFOs that work");
        _uart.Write8(Lcr, 0x80);
        Assert.That(_uart.Read8(Iir), Is.EqualTo(None), "no EFR: not a 16650");
        _uart.Write8(Lcr, 0);
        _uart.Write8(Fcr, 0x21);
        Assert.That(_uart.Read8(Iir) >> 5, Is.EqualTo(6), "no 64-byte FIFO: not a 16750");
        _uart.Write8(Scr, 0xA5);
        Assert.That(_uart.Read8(Scr), Is.EqualTo(0xA5));
    }

    [Test]
    public void Linux_trusts_the_transmitter_interrupt()
    {
        // serial8250_do_startup: the THRE test, then the TXEN test.
        _uart.Write8(Fcr, 0x07);
        _uart.Write8(Fcr, 0);
        _uart.Write8(Ier, 0x02);
        byte first = _uart.Read8(Iir);
        _uart.Write8(Ier, 0);
        _uart.Write8(Ier, 0x02);
        byte second = _uart.Read8(Iir);
        _uart.Write8(Ier, 0);
        Assert.That((first, second), Is.EqualTo(((byte)0x02, (byte)0x02)), "enabling raises it each time");
        _uart.Write8(Ier, 0x02);
        byte lineStatus = _uart.Read8(Lsr);
        byte third = _uart.Read8(Iir);
        _uart.Write8(Ier, 0);
        Assert.That((lineStatus, third), Is.EqualTo((Idle, (byte)0x02)));
    }

    [Test]
    public void The_divisor_latch_hides_data_and_IER()
    {
        _uart.Write8(Ier, 0x05);
        _uart.Write8(Lcr, 0x83);
        _uart.Write8(Data, 0x12);
        _uart.Write8(Ier, 0x34);
        Assert.That((_uart.Read8(Data), _uart.Read8(Ier)), Is.EqualTo(((byte)0x12, (byte)0x34)));
        _uart.Write8(Lcr, 0x03);
        Assert.Multiple(() =>
        {
            Assert.That(_uart.Read8(Ier), Is.EqualTo(0x05));
            Assert.That(_uart.Read8(Lcr), Is.EqualTo(0x03));
            Assert.That(_host.Written, Is.Empty);
        });
    }

    [Test]
    public void Reading_IIR_clears_only_the_transmitter_interrupt_it_shows()
    {
        _uart.Write8(Fcr, 0x01);
        _uart.Write8(Ier, 0x03);
        Assert.That(_line.IsAsserted, Is.True);
        _uart.Receive("x"u8);
        Assert.That(_uart.Read8(Iir), Is.EqualTo(Received), "trigger level 1");
        _uart.Read8(Data);
        Assert.That(_line.IsAsserted, Is.True, "the transmitter's was not shown yet");
        Assert.That(_uart.Read8(Iir), Is.EqualTo(Empty));
        Assert.That(_line.IsAsserted, Is.False);
        Assert.That(_uart.Read8(Iir), Is.EqualTo(None));
        _uart.Write8(Data, (byte)'y');
        Assert.That(_line.IsAsserted, Is.True, "sent, so empty again");
    }

    [Test]
    public void Interrupts_come_in_the_order_of_table_III()
    {
        _uart.Write8(Fcr, 0x01);
        _uart.Write8(Mcr, 0x10); // loopback: every source can be made at will
        _uart.Read8(Msr);
        _uart.Write8(Ier, 0x0F);
        _uart.Write8(Mcr, 0x12); // RTS comes back as a change of CTS
        for (int i = 0; i < 17; i++)
        {
            _uart.Write8(Data, (byte)i); // one too many
        }

        Assert.Multiple(() =>
        {
            Assert.That(_uart.Read8(Iir), Is.EqualTo(0xC6));
            Assert.That(_uart.Read8(Lsr), Is.EqualTo(0x63), "overrun and data ready");
            Assert.That(_uart.Read8(Lsr), Is.EqualTo(0x61), "reading clears the overrun");
            Assert.That(_uart.Read8(Iir), Is.EqualTo(Received));
            Assert.That(Enumerable.Range(0, 16).Select(_ => _uart.Read8(Data)), Is.EqualTo(Enumerable.Range(0, 16)), "what was there stays");
            Assert.That(_uart.Read8(Iir), Is.EqualTo(Empty));
            Assert.That(_uart.Read8(Iir), Is.EqualTo(0xC0), "modem status");
            Assert.That(_uart.Read8(Msr), Is.EqualTo(0x11));
            Assert.That(_uart.Read8(Msr), Is.EqualTo(0x10));
            Assert.That(_uart.Read8(Iir), Is.EqualTo(None));
            Assert.That(_line.IsAsserted, Is.False);
            Assert.That(_host.Written, Is.Empty, "nothing leaves the chip");
        });
    }

    [TestCase(0x01, 1)]
    [TestCase(0x41, 4)]
    [TestCase(0x81, 8)]
    [TestCase(0xC1, 14)]
    public void Below_the_trigger_level_received_characters_time_out(byte fifoControl, int trigger)
    {
        _uart.Write8(Fcr, fifoControl);
        _uart.Write8(Ier, 0x01);
        for (int count = 1; count <= 16; count++)
        {
            Assert.That(_uart.Receive("a"u8), Is.EqualTo(1));
            Assert.That(_uart.Read8(Iir), Is.EqualTo(count >= trigger ? Received : Timeout), $"{count} characters");
        }
    }

    [Test]
    public void Without_FIFOs_there_is_room_for_one()
    {
        _uart.Write8(Ier, 0x01);
        Assert.Multiple(() =>
        {
            Assert.That(_uart.Receive("ab"u8), Is.EqualTo(1));
            Assert.That(_uart.Read8(Iir), Is.EqualTo(0x04));
            Assert.That(_uart.Receive("b"u8), Is.Zero);
            Assert.That(_uart.Read8(Data), Is.EqualTo((byte)'a'));
            Assert.That(_uart.Read8(Iir), Is.EqualTo(NoInterrupt));
        });
    }

    [Test]
    public void Input_refused_is_asked_for_again([Values(0x00, 0x01, 0xC1)] byte fifoControl)
    {
        _uart.Write8(Fcr, fifoControl);
        byte[] typed = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 300).Select(static i => $"{i} ")));
        int sent = 0;
        int asked = 0;
        var got = new List<byte>();
        while (got.Count < typed.Length)
        {
            if (sent == 0 || _host.ReadyCalls != asked)
            {
                asked = _host.ReadyCalls;
                sent += _uart.Receive(typed.AsSpan(sent));
            }

            Assert.That(_uart.Read8(Lsr) & 1, Is.EqualTo(1), $"stuck after {got.Count}");
            got.Add(_uart.Read8(Data));
        }

        Assert.That(got, Is.EqualTo(typed));
    }

    [Test]
    public void Loopback_cuts_off_the_input_until_it_ends()
    {
        _uart.Write8(Mcr, 0x10);
        Assert.That(_uart.Receive("a"u8), Is.Zero);
        int before = _host.ReadyCalls;
        _uart.Write8(Mcr, 0);
        Assert.Multiple(() =>
        {
            Assert.That(_host.ReadyCalls, Is.EqualTo(before + 1));
            Assert.That(_uart.Receive("a"u8), Is.EqualTo(1));
        });
    }

    [Test]
    public void Clearing_or_switching_the_FIFO_empties_it()
    {
        _uart.Write8(Fcr, 0x01);
        _uart.Receive("abcdef"u8);
        _uart.Write8(Fcr, 0x03);
        Assert.That(_uart.Read8(Lsr), Is.EqualTo(Idle));
        _uart.Receive("abcdef"u8);
        _uart.Write8(Fcr, 0x02);
        Assert.That(_uart.Read8(Lsr), Is.EqualTo(Idle));
    }

    [Test]
    public void A_host_that_falls_behind_keeps_the_transmitter_busy()
    {
        _uart.Write8(Ier, 0x02);
        _uart.Read8(Iir);
        _host.CanWrite = false;
        _uart.Write8(Data, (byte)'a');
        Assert.Multiple(() =>
        {
            Assert.That(_uart.Read8(Lsr), Is.Zero);
            Assert.That(_line.IsAsserted, Is.False);
            Assert.That(_host.Text, Is.EqualTo("a"), "taken all the same");
        });
        _host.CanWrite = true;
        _uart.SinkReady();
        Assert.Multiple(() =>
        {
            Assert.That(_uart.Read8(Lsr), Is.EqualTo(Idle));
            Assert.That(_line.IsAsserted, Is.True);
        });
    }

    [Test]
    public void Ring_shows_its_trailing_edge_only()
    {
        _uart.Write8(Mcr, 0x10);
        _uart.Read8(Msr);
        _uart.Write8(Mcr, 0x14);
        Assert.That(_uart.Read8(Msr), Is.EqualTo(0x40));
        _uart.Write8(Mcr, 0x10);
        Assert.That(_uart.Read8(Msr), Is.EqualTo(0x04));
    }

    [Test]
    public void Registers_may_lie_apart()
    {
        var uart = new Uart16550(_line, _host, new Uart16550Options { RegisterShift = 2 });
        uart.Write32(7 << 2, 0x1FF);
        Assert.Multiple(() =>
        {
            Assert.That(uart.Read32(7 << 2), Is.EqualTo(0xFF));
            Assert.That(uart.Read8((7 << 2) + 1), Is.Zero, "between two registers");
            Assert.That(uart.Read(new MmioAccess(8 << 2, 1), out _), Is.EqualTo(BusStatus.AccessFault));
        });
    }

    [Test]
    public void The_line_is_right_after_threads_stop_typing_and_reading()
    {
        _uart.Write8(Fcr, 0x01);
        _uart.Write8(Ier, 0x01);
        Parallel.For(0, 4, worker =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                if (worker % 2 == 0)
                {
                    _uart.Receive("ab"u8);
                }
                else
                {
                    _uart.Read8(Data);
                }
            }
        });
        Assert.That(_line.IsAsserted, Is.EqualTo((_uart.Read8(Lsr) & 1) != 0));
        while ((_uart.Read8(Lsr) & 1) != 0)
        {
            _uart.Read8(Data);
        }

        Assert.That(_line.IsAsserted, Is.False);
    }

    [Test]
    public void Register_shifts_that_make_no_sense_are_refused([Values(-1, 4)] int shift) =>
        Assert.That(() => new Uart16550(_line, _host, new Uart16550Options { RegisterShift = shift }), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static void Type(Uart16550 uart, Random random)
    {
        byte[] typed = new byte[random.Next(1, 20)];
        random.NextBytes(typed);
        uart.Receive(typed);
    }
}

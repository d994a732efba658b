using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

/// <summary>UART and PLIC as the virt machine joins them, with handlers of teaching systems, which do less than the data sheet asks for.</summary>
internal sealed class UartInterruptTests
{
    private const int Source = 10;
    private const uint Data = 0, InterruptEnable = 1, LineStatus = 5;
    private const uint PriorityRegister = 4 * Source, EnableRegister = 0x2000, ClaimRegister = 0x20_0004;

    private FakeInterruptLine _hart = null!;
    private Plic _plic = null!;
    private Uart16550 _uart = null!;

    [SetUp]
    public void SetUp()
    {
        _hart = new FakeInterruptLine();
        _plic = new Plic(95, [_hart], Source);
        _uart = new Uart16550(_plic.Source(Source), new FakeCharacterHost());
        _plic.Write32(PriorityRegister, 1);
        _plic.Write32(EnableRegister, 1 << Source);
        _uart.Write8(InterruptEnable, 3);
        while (_hart.IsAsserted) Handle(() => { });
    }

    // xv6 never reads IIR, so the transmitter's interrupt stays.
    [Test]
    public void An_empty_transmitter_that_nobody_quietens_interrupts_once()
    {
        _uart.Write8(Data, (byte)'x');
        Assert.That(_hart.IsAsserted);
        Handle(() => _uart.Read8(LineStatus));
        Assert.That(_hart.IsAsserted, Is.False);
    }

    [Test]
    public void Input_interrupts_though_the_transmitter_was_not_quietened()
    {
        _uart.Receive("a"u8);
        Assert.That(_hart.IsAsserted);
        Handle(() => Assert.That(_uart.Read8(Data), Is.EqualTo((byte)'a')));
        while (_hart.IsAsserted) Handle(() => { });
        _uart.Receive("b"u8);
        Assert.That(_hart.IsAsserted);
    }

    [Test]
    public void A_handler_may_take_one_character_at_a_time()
    {
        _uart.Write8(2, 1); // FIFOs
        _uart.Receive("abc"u8);
        string taken = "";
        while (_hart.IsAsserted)
        {
            Handle(() =>
            {
                if ((_uart.Read8(LineStatus) & 1) != 0) taken += (char)_uart.Read8(Data);
            });
            Assert.That(taken.Length, Is.LessThanOrEqualTo(3));
        }

        Assert.That(taken, Is.EqualTo("abc"));
    }

    [Test]
    public void A_handler_may_send_one_character_at_a_time()
    {
        int sent = 0;
        _uart.Write8(Data, 0);
        for (int i = 0; i < 10 && _hart.IsAsserted; i++)
        {
            Handle(() =>
            {
                if (sent < 5) _uart.Write8(Data, (byte)sent++);
            });
        }

        Assert.That(sent, Is.EqualTo(5));
        Assert.That(_hart.IsAsserted, Is.False);
    }

    private void Handle(Action handler)
    {
        Assert.That(_plic.Read32(ClaimRegister), Is.EqualTo(Source));
        handler();
        _plic.Write32(ClaimRegister, Source);
    }
}

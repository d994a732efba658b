using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

internal sealed class PcSystemControlTests
{
    private const uint PortA = PcSystemControl.PortAOffset, ResetControl = PcSystemControl.ResetControlOffset, Power = PcSystemControl.PowerControlOffset;

    private FakeMachineControl _machine = null!;
    private FakeInterruptLine _a20 = null!;
    private PcSystemControl _device = null!;

    public static DeviceCase Case => DeviceCase.Of<PcSystemControl, PcSystemControlState>(
        static environment => new PcSystemControl(new FakeMachineControl(), environment.Line()), PcSystemControl.WindowSize + 4, [PortA, ResetControl, Power, Power + 1]);

    [SetUp]
    public void SetUp()
    {
        _machine = new FakeMachineControl();
        _a20 = new FakeInterruptLine();
        _device = new PcSystemControl(_machine, _a20);
    }

    [Test]
    public void A20_follows_its_bit()
    {
        Assert.That(_a20.IsAsserted, Is.True, "after power-on");
        _device.Write8(PortA, 0);
        Assert.That(_a20.IsAsserted, Is.False);
        Assert.That(_device.Read8(PortA), Is.Zero);
        _device.Write8(PortA, 2);
        Assert.That(_a20.IsAsserted, Is.True);
        Assert.That(_device.Read8(PortA), Is.EqualTo(2));
        Assert.That(_machine.Request, Is.Empty);
    }

    [TestCase(PortA, 0x02, 0x03, "reset")]
    [TestCase(PortA, 0x01, 0x01, "", Description = "only the edge resets")]
    [TestCase(ResetControl, 0x02, 0x06, "reset")]
    [TestCase(ResetControl, 0x00, 0x02, "")]
    [TestCase(ResetControl, 0x04, 0x06, "")]
    public void Reset_bits_count_when_they_rise(uint register, byte before, byte after, string expected)
    {
        _device.Restore(register == PortA
            ? new PcSystemControlState { PortA = (PcSystemControl.PortA)before }
            : new PcSystemControlState { ResetControl = (PcSystemControl.ResetControl)before });
        _device.Write8(register, after);
        Assert.That(_machine.Request, Is.EqualTo(expected));
    }

    [TestCase(0x2000, "off 0")]
    [TestCase(0x2400, "", Description = "another sleep type")]
    [TestCase(0x0000, "")]
    [TestCase(0x1c00, "")]
    public void Soft_off_ends_the_machine(int value, string expected)
    {
        _device.WriteOk(Power, 2, (ulong)value);
        Assert.That(_machine.Request, Is.EqualTo(expected));
        Assert.That(_device.ReadOk(Power, 2), Is.EqualTo((ulong)value & ~0x2000ul), "the enable bit is for writing");
    }

    [Test]
    public void Power_control_is_written_by_bytes_too()
    {
        _device.Write8(Power, 1);
        Assert.That(_machine.Request, Is.Empty);
        _device.Write8(Power + 1, 0x20);
        Assert.That(_machine.Request, Is.EqualTo("off 0"));
    }
}

using Emulator.Core.Bus;
using Emulator.Devices;

namespace Emulator.Tests.Devices;

internal sealed class TestFinisherTests
{
    public static DeviceCase Case => DeviceCase.Of<TestFinisher, TestFinisherState>(
        static _ => new TestFinisher(new RecordingControl()), TestFinisher.WindowSize, [0, 4]);

    [TestCase(0x5555UL, 4, "off 0")]
    [TestCase(0x5555UL, 2, "off 0")]
    [TestCase(0x0003_3333UL, 4, "off 3")]
    [TestCase(0xFFFF_3333UL, 4, "off 65535")]
    [TestCase(0x3333UL, 4, "off 1", Description = "a failure never looks like success")]
    [TestCase(0x7777UL, 4, "reset")]
    [TestCase(0x1234UL, 4, "")]
    [TestCase(0x55UL, 1, "")]
    public void Commands_reach_the_machine(ulong value, int size, string expected)
    {
        var control = new RecordingControl();
        new TestFinisher(control).Write(new MmioAccess(0, size), value);
        Assert.That(control.Request, Is.EqualTo(expected));
    }

    [Test]
    public void Only_the_first_register_counts()
    {
        var control = new RecordingControl();
        var finisher = new TestFinisher(control);
        Assert.Multiple(() =>
        {
            Assert.That(finisher.Write(new MmioAccess(4, 4), 0x5555), Is.EqualTo(BusStatus.Ok));
            Assert.That(control.Request, Is.Empty);
            Assert.That(finisher.Read(new MmioAccess(0, 4), out ulong value), Is.EqualTo(BusStatus.Ok));
            Assert.That(value, Is.Zero);
        });
    }

    private sealed class RecordingControl : IMachineControl
    {
        public string Request { get; private set; } = "";

        public void PowerOff(int exitCode) => Request = $"off {exitCode}";

        public void RequestReset() => Request = "reset";
    }
}

using Emulator.Core.Bus;
using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

internal sealed class DebugPortTests
{
    public static DeviceCase ExitCase => DeviceCase.Of<DebugExit, DebugExitState>(static _ => new DebugExit(new FakeMachineControl()), DebugExit.WindowSize + 4, [0]);

    public static DeviceCase ConsoleCase =>
        DeviceCase.Of<DebugConsole, DebugConsoleState>(static _ => new DebugConsole(new FakeCharacterHost()), DebugConsole.WindowSize + 7, [0]);

    [TestCase(0ul, 1, "off 1")]
    [TestCase(0x10ul, 1, "off 33")]
    [TestCase(0xfful, 4, "off 511")]
    [TestCase(0xffff_fffful, 4, "off 65535")]
    public void Exit_value_becomes_a_status(ulong value, int size, string expected)
    {
        var control = new FakeMachineControl();
        new DebugExit(control).Write(new MmioAccess(0, size), value);
        Assert.That(control.Request, Is.EqualTo(expected));
    }

    [Test]
    public void Bytes_go_to_the_host()
    {
        var host = new FakeCharacterHost();
        var console = new DebugConsole(host);
        foreach (char character in "Hello") console.Write8(0, (byte)character);
        Assert.That(host.Text, Is.EqualTo("Hello"));
        Assert.That(console.Read8(0), Is.EqualTo(0xe9));
    }
}

using Emulator.Core.Bus;

namespace Emulator.Tests.Fakes;

/// <summary>Remembers what a guest asked for last: <c>off CODE</c> or <c>reset</c>.</summary>
internal sealed class FakeMachineControl : IMachineControl
{
    public string Request { get; private set; } = "";

    public void PowerOff(int exitCode) => Request = $"off {exitCode}";

    public void RequestReset() => Request = "reset";
}

using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

/// <summary>What a device case builds its device from: one clock and every line handed out, so that the tests can look at them.</summary>
internal sealed class DeviceEnvironment
{
    private readonly List<FakeInterruptLine> _lines = [];

    public DeviceEnvironment(ulong nanoseconds = 0) => Clock = new ManualClock(nanoseconds);

    public ManualClock Clock { get; }

    /// <summary>A new interrupt line, watched by the tests.</summary>
    public FakeInterruptLine Line()
    {
        var line = new FakeInterruptLine();
        _lines.Add(line);
        return line;
    }

    /// <summary>As <see cref="Line"/>, several.</summary>
    public FakeInterruptLine[] Lines(int count) => [.. Enumerable.Range(0, count).Select(_ => Line())];

    /// <summary>The levels of all lines in the order they were handed out.</summary>
    public string Levels() => string.Concat(_lines.Select(static line => line.IsAsserted ? '1' : '0'));
}

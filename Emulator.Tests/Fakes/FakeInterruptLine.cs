using Emulator.Core.Bus;

namespace Emulator.Tests.Fakes;

/// <summary>An interrupt input that remembers its level and how often it rose and fell.</summary>
internal sealed class FakeInterruptLine : IInterruptLine
{
    private readonly Lock _lock = new();
    private bool _asserted;
    private int _rises;
    private int _falls;

    /// <summary>The level last driven.</summary>
    public bool IsAsserted
    {
        get
        {
            lock (_lock)
            {
                return _asserted;
            }
        }
    }

    /// <summary>How often the level went from low to high.</summary>
    public int Rises
    {
        get
        {
            lock (_lock)
            {
                return _rises;
            }
        }
    }

    /// <summary>How often the level went from high to low.</summary>
    public int Falls
    {
        get
        {
            lock (_lock)
            {
                return _falls;
            }
        }
    }

    public static FakeInterruptLine[] Many(int count) => [.. Enumerable.Range(0, count).Select(static _ => new FakeInterruptLine())];

    public void Set(bool asserted)
    {
        lock (_lock)
        {
            if (asserted != _asserted)
            {
                _asserted = asserted;
                _ = asserted ? _rises++ : _falls++;
            }
        }
    }

    public override string ToString() => IsAsserted ? "high" : "low";
}

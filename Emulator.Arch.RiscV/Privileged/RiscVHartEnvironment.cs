using Emulator.Core.Time;

namespace Emulator.Arch.RiscV;

/// <summary>What a hart gets from its machine besides the bus.</summary>
/// <param name="Clock">For alarms.</param>
public sealed record RiscVHartEnvironment(IVirtualClock Clock)
{
    /// <summary>Nanoseconds of a tick of <see cref="Time"/>: it runs at 10 MHz.</summary>
    public const ulong NanosecondsPerTick = 100;

    /// <summary>The machine's mtime register, in ticks; when null, the clock's time since power-on. Called on any thread.</summary>
    public Func<ulong>? Time { get; init; }

    /// <summary>Gives the seed CSR 16 bits of entropy; when null, the host's random numbers.</summary>
    public Func<ushort>? Entropy { get; init; }
}

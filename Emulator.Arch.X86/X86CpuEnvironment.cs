using Emulator.Core.Bus;
using Emulator.Core.Time;

namespace Emulator.Arch.X86;

/// <summary>What a processor gets from its machine besides the memory bus.</summary>
public sealed record X86CpuEnvironment
{
    /// <summary>Nothing: no ports, no interrupts, time stands still.</summary>
    public static X86CpuEnvironment None { get; } = new();

    /// <summary>The port space; when null, all ports read as ones.</summary>
    public IPortBus? Ports { get; init; }

    /// <summary>What drives INTR; when null, nothing does.</summary>
    public IInterruptSource? Interrupts { get; init; }

    /// <summary>The time-stamp counter counts its nanoseconds; when null, instructions.</summary>
    public IVirtualClock? Clock { get; init; }
}

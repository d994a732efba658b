using Emulator.Core.Bus;

namespace Emulator.Devices;

/// <summary>
/// A port that ends the machine with a status, as test programs use it (QEMU's <c>isa-debug-exit</c>): writing v gives the exit code
/// (v &lt;&lt; 1) | 1, which is never 0. Reads give 0. Answers accesses of any width.
/// </summary>
/// <param name="machine">Takes the request.</param>
public sealed class DebugExit(IMachineControl machine) : IMmioDevice, IResettable, IStateful<DebugExitState>
{
    /// <summary>Bytes of registers: an access may be as wide.</summary>
    public const uint WindowSize = 4;

    private const int HighestCode = 0xffff;
    private readonly IMachineControl _machine = machine;

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        _machine.PowerOff((int)Math.Min((value << 1) | 1, HighestCode));
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset()
    {
    }

    /// <inheritdoc/>
    public DebugExitState Save() => default;

    /// <inheritdoc/>
    public void Restore(DebugExitState state)
    {
    }
}

/// <summary>What a snapshot carries of a <see cref="DebugExit"/>: nothing, it only passes requests on.</summary>
public readonly record struct DebugExitState;

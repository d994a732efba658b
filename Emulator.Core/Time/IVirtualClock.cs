namespace Emulator.Core.Time;

/// <summary>
/// The machine's time: it stands still while the machine is paused, and counts instructions in deterministic mode. Devices know no
/// other clock.
/// </summary>
public interface IVirtualClock
{
    /// <summary>Nanoseconds since the machine was switched on; never goes back.</summary>
    ulong Nanoseconds { get; }

    /// <summary>Creates an alarm, not yet set.</summary>
    /// <param name="callback">Called once for each deadline that passes, on a thread of the clock's choosing; must be short.</param>
    IClockTimer CreateTimer(Action callback);
}

/// <summary>An alarm on a <see cref="IVirtualClock"/>. Members may be called from any thread.</summary>
public interface IClockTimer : IDisposable
{
    /// <summary>Sets or moves the deadline, in the clock's nanoseconds. One in the past fires at once.</summary>
    void Schedule(ulong deadlineNanoseconds);

    /// <summary>Clears the deadline. A callback already under way still runs.</summary>
    void Cancel();
}

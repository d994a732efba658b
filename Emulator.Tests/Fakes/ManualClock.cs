using Emulator.Core.Time;

namespace Emulator.Tests.Fakes;

/// <summary>
/// A clock that moves only when a test says so. Alarms fire on the calling thread, in the order of their deadlines, each at its own
/// time; one set in the past fires inside <see cref="IClockTimer.Schedule"/>, which is the harshest reading of the contract.
/// </summary>
internal sealed class ManualClock : IVirtualClock
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private ulong _now;

    public ManualClock(ulong nanoseconds = 0) => _now = nanoseconds;

    /// <summary>Alarms go off when the time has moved, one each, as on a host that is busy: for devices with periodic ones.</summary>
    public bool FiresLate { get; set; }

    public ulong Nanoseconds
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    /// <summary>The nearest deadline set, or null when no alarm is.</summary>
    public ulong? NextDeadline
    {
        get
        {
            lock (_lock)
            {
                return _timers.Min(static timer => timer.Deadline);
            }
        }
    }

    public IClockTimer CreateTimer(Action callback)
    {
        var timer = new Timer(this, callback);
        lock (_lock)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    /// <summary>Moves the time on and fires what falls due on the way.</summary>
    public void Advance(ulong nanoseconds)
    {
        ulong target;
        lock (_lock)
        {
            target = ulong.MaxValue - _now < nanoseconds ? ulong.MaxValue : _now + nanoseconds;
            if (FiresLate)
            {
                _now = target;
            }
        }

        while (TakeDue(target) is { } due)
        {
            due.Fire();
        }
    }

    /// <summary>Moves to the next alarm, as an idle machine does.</summary>
    /// <returns>False when no alarm is set.</returns>
    public bool AdvanceToNextDeadline()
    {
        if (NextDeadline is not { } deadline)
        {
            return false;
        }

        ulong now = Nanoseconds;
        Advance(deadline > now ? deadline - now : 0);
        return true;
    }

    private Timer? TakeDue(ulong target)
    {
        lock (_lock)
        {
            Timer? due = _timers.Where(timer => timer.Deadline <= target).MinBy(static timer => timer.Deadline);
            _now = Math.Max(_now, due?.Deadline ?? target);
            due?.Deadline = null;
            return due;
        }
    }

    private sealed class Timer(ManualClock clock, Action callback) : IClockTimer
    {
        public ulong? Deadline { get; set; }

        public void Fire() => callback();

        public void Schedule(ulong deadlineNanoseconds)
        {
            bool due;
            lock (clock._lock)
            {
                due = deadlineNanoseconds <= clock._now;
                Deadline = due ? null : deadlineNanoseconds;
            }

            if (due)
            {
                callback();
            }
        }

        public void Cancel()
        {
            lock (clock._lock)
            {
                Deadline = null;
            }
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                Deadline = null;
                clock._timers.Remove(this);
            }
        }
    }
}

namespace Emulator.Core.Time;

/// <summary>
/// A virtual clock that counts instructions and exceptions: one nanosecond each. Harts take turns of equal length; while one runs, the clock stands at
/// the start of the turn plus what that hart has executed of it.
/// </summary>
internal sealed class InstructionClock : IVirtualClock
{
    private readonly Lock _lock = new();
    private readonly List<Alarm> _alarms = [];
    private ulong _turnStart;
    private Func<ulong> _executedInTurn = static () => 0;
    private Action<ulong>? _onEarlierDeadline;

    /// <inheritdoc/>
    public ulong Nanoseconds => _turnStart + _executedInTurn();

    /// <summary>The earliest deadline, or null.</summary>
    public ulong? NextDeadline
    {
        get
        {
            lock (_lock) return _alarms.Min(a => a.Deadline);
        }
    }

    /// <summary>A hart's turn begins.</summary>
    /// <param name="executed">Instructions it has executed in the turn.</param>
    /// <param name="onEarlierDeadline">Called when it sets an alarm, with the deadline as nanoseconds from the start of the turn.</param>
    public void BeginTurn(Func<ulong> executed, Action<ulong> onEarlierDeadline)
    {
        _executedInTurn = executed;
        _onEarlierDeadline = onEarlierDeadline;
    }

    /// <summary>All turns are over: time goes on to a moment, and alarms that are due go off in order.</summary>
    public void AdvanceTo(ulong nanoseconds)
    {
        _executedInTurn = static () => 0;
        _onEarlierDeadline = null;
        _turnStart = Math.Max(_turnStart, nanoseconds);
        while (TakeDue() is { } alarm) alarm.Callback();
    }

    private Alarm? TakeDue()
    {
        lock (_lock)
        {
            var due = _alarms.Where(a => a.Deadline <= _turnStart).OrderBy(a => a.Deadline).FirstOrDefault();
            if (due is not null) due.Deadline = null;
            return due;
        }
    }

    /// <inheritdoc/>
    public IClockTimer CreateTimer(Action callback)
    {
        var alarm = new Alarm(this, callback);
        lock (_lock) _alarms.Add(alarm);
        return alarm;
    }

    private sealed class Alarm(InstructionClock clock, Action callback) : IClockTimer
    {
        public Action Callback { get; } = callback;

        public ulong? Deadline { get; set; }

        public void Schedule(ulong deadlineNanoseconds)
        {
            lock (clock._lock) Deadline = deadlineNanoseconds;
            clock._onEarlierDeadline?.Invoke(deadlineNanoseconds > clock._turnStart ? deadlineNanoseconds - clock._turnStart : 0);
        }

        public void Cancel()
        {
            lock (clock._lock) Deadline = null;
        }

        public void Dispose()
        {
            lock (clock._lock) clock._alarms.Remove(this);
        }
    }
}

using System.Diagnostics;

namespace Emulator.Core.Time;

/// <summary>A virtual clock that follows the host's, except while it is stopped. Alarms go off on a thread of its own, which begins with the first.</summary>
public sealed class HostClock : IVirtualClock, IDisposable
{
    private const long NanosecondsPerMillisecond = 1_000_000;
    private readonly object _gate = new();
    private readonly List<Alarm> _set = []; // alarms that have a deadline; a machine has a few
    private Thread? _thread;
    private ulong _accumulated;
    private long _startedAt;
    private bool _isRunning;
    private bool _isDisposed;

    /// <inheritdoc/>
    public ulong Nanoseconds
    {
        get
        {
            lock (_gate) return Now();
        }
    }

    /// <summary>Lets time go on.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_isRunning) return;
            _startedAt = Stopwatch.GetTimestamp();
            _isRunning = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Stops time.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _accumulated = Now();
            _isRunning = false;
            Monitor.PulseAll(_gate);
        }
    }

    /// <inheritdoc/>
    public IClockTimer CreateTimer(Action callback) => new Alarm(this, callback);

    private ulong Now() => _accumulated + (_isRunning ? (ulong)Stopwatch.GetElapsedTime(_startedAt).Ticks * 100 : 0);

    private void StartThread()
    {
        _thread = new Thread(FireLoop) { IsBackground = true, Name = "emulator clock" };
        _thread.Start();
    }

    private void FireLoop()
    {
        while (NextDue() is { } alarm) alarm.Callback();
    }

    /// <summary>Waits for the next alarm that is due; null when the clock is disposed.</summary>
    private Alarm? NextDue()
    {
        lock (_gate)
        {
            while (!_isDisposed)
            {
                if (!_isRunning || First() is not { } alarm)
                {
                    Monitor.Wait(_gate);
                }
                else if (Now() is var now && alarm.Deadline <= now)
                {
                    alarm.Cancel();
                    return alarm;
                }
                else
                {
                    ulong left = Math.Min(alarm.Deadline - now, int.MaxValue);
                    Monitor.Wait(_gate, (int)((left + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond));
                }
            }

            return null;
        }
    }

    private Alarm? First()
    {
        Alarm? first = null;
        foreach (var alarm in _set)
        {
            if (first is null || alarm.Deadline < first.Deadline) first = alarm;
        }

        return first;
    }

    /// <summary>Ends the clock's thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.PulseAll(_gate);
        }

        if (Thread.CurrentThread != _thread) _thread?.Join();
    }

    private sealed class Alarm(HostClock clock, Action callback) : IClockTimer
    {
        public Action Callback { get; } = callback;

        public ulong Deadline { get; private set; }

        private bool IsSet { get; set; }

        public void Schedule(ulong deadlineNanoseconds)
        {
            lock (clock._gate)
            {
                if (IsSet && Deadline == deadlineNanoseconds) return;
                if (!IsSet) clock._set.Add(this);
                (IsSet, Deadline) = (true, deadlineNanoseconds);
                if (clock.First() != this) return;
                if (clock._thread is null) clock.StartThread();
                else Monitor.PulseAll(clock._gate);
            }
        }

        public void Cancel()
        {
            lock (clock._gate)
            {
                if (IsSet) clock._set.Remove(this);
                IsSet = false;
            }
        }

        public void Dispose() => Cancel();
    }
}

namespace Emulator.Core.Execution;

/// <summary>
/// Stops and starts all harts of a machine: the one mechanism behind pause, map changes, code release and first code on a page.
/// A hart is "inside" while it may run guest code or look at shared translations; it steps outside at safepoints.
/// </summary>
internal sealed class World
{
    private readonly object _gate = new();
    private readonly List<VirtualCpu> _cpus = [];
    private int _inside;
    private int _holds;
    private bool _exclusive;

    public IReadOnlyList<VirtualCpu> Cpus => _cpus;

    /// <summary>All harts take turns on one thread, so that a hart that runs has the others at a safepoint.</summary>
    public bool IsSingleThreaded { get; set; }

    public void Add(VirtualCpu cpu) => _cpus.Add(cpu);

    /// <summary>A hart's thread comes in; waits while the world is stopped.</summary>
    public void Enter()
    {
        lock (_gate)
        {
            while (_holds > 0) Monitor.Wait(_gate);
            _inside++;
        }
    }

    /// <summary>A hart's thread goes out: it will not touch guest state until it has come in again.</summary>
    public void Exit()
    {
        lock (_gate)
        {
            _inside--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>At a safepoint of a hart that is inside: stays while the world is stopped.</summary>
    public void Safepoint()
    {
        lock (_gate)
        {
            if (_holds == 0) return;
            _inside--;
            Monitor.PulseAll(_gate);
            while (_holds > 0) Monitor.Wait(_gate);
            _inside++;
        }
    }

    /// <summary>Stops all harts and returns when none is inside. Not from a hart that is inside.</summary>
    public void Hold()
    {
        lock (_gate)
        {
            _holds++;
            foreach (var cpu in _cpus) cpu.RequestAttention();
            while (_inside > 0) Monitor.Wait(_gate);
        }
    }

    /// <summary>Ends one <see cref="Hold"/>.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _holds--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Runs an action while no other hart is inside.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="callerIsInside">The caller is the thread of a hart that is inside.</param>
    public void RunExclusive(Action action, bool callerIsInside)
    {
        if (callerIsInside && IsSingleThreaded)
        {
            action();
            return;
        }

        lock (_gate)
        {
            if (callerIsInside) _inside--;
            Monitor.PulseAll(_gate);
            while (_exclusive) Monitor.Wait(_gate);
            _exclusive = true;
            _holds++;
            if (_inside > 0)
            {
                foreach (var cpu in _cpus) cpu.RequestAttention();
            }

            while (_inside > 0) Monitor.Wait(_gate);
        }

        try
        {
            action();
        }
        finally
        {
            lock (_gate)
            {
                _exclusive = false;
                _holds--;
                Monitor.PulseAll(_gate);
                if (callerIsInside)
                {
                    while (_holds > 0) Monitor.Wait(_gate);
                    _inside++;
                }
            }
        }
    }
}

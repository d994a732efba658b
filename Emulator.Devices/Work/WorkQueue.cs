using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Emulator.Devices.Work;

/// <summary>
/// The two ways of doing device work: on a few threads of its own, started when first needed, or inline on the thread that posts.
/// A fault that escapes a piece of work is logged and goes no further.
/// </summary>
public sealed class WorkQueue : IWorkQueue, IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly Queue<IWorkItem> _items = new();
    private readonly List<Waiter> _waiters = [];
    private readonly int _maxThreads;
    private readonly ILogger _logger;
    private int _threads;
    private int _idleThreads;
    private int _active;
    private volatile bool _paused;
    private volatile bool _disposed;

    private WorkQueue(int maxThreads, ILogger? logger)
    {
        _maxThreads = maxThreads;
        _logger = logger ?? NullLogger.Instance;
    }

    private enum WaitFor
    {
        Quiet,
        Empty,
        NoThreads,
    }

    /// <inheritdoc/>
    public bool PauseRequested => _paused || _disposed;

    private bool IsInline => _maxThreads == 0;

    /// <summary>Work is done before <see cref="Post"/> returns, on its thread: the same run twice gives the same result.</summary>
    /// <param name="logger">Where faults in work are reported.</param>
    public static WorkQueue CreateInline(ILogger? logger = null) => new(0, logger);

    /// <summary>Work is done on background threads.</summary>
    /// <param name="threads">How many at most, 1 or more; each starts when work waits and none is idle.</param>
    /// <param name="logger">Where faults in work are reported.</param>
    public static WorkQueue CreateThreaded(int threads = 2, ILogger? logger = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        return new WorkQueue(threads, logger);
    }

    /// <inheritdoc/>
    public void Post(IWorkItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _items.Enqueue(item);
        }

        StartWork();
    }

    /// <inheritdoc/>
    public Task PauseAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            _paused = true;
        }

        return WaitAsync(WaitFor.Quiet, cancellationToken);
    }

    /// <inheritdoc/>
    public void Resume()
    {
        lock (_gate)
        {
            _paused = false;
            Monitor.PulseAll(_gate);
        }

        StartWork();
    }

    /// <inheritdoc/>
    public Task DrainAsync(CancellationToken cancellationToken = default) => WaitAsync(WaitFor.Empty, cancellationToken);

    /// <summary>Completes when no work is under way any more; what had not begun is dropped. Call it before guest memory goes.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
            _items.Clear();
            CompleteWaiters();
            Monitor.PulseAll(_gate);
        }

        await WaitAsync(WaitFor.NoThreads, CancellationToken.None).ConfigureAwait(false);
    }

    private void StartWork()
    {
        if (IsInline)
        {
            RunInline();
            return;
        }

        lock (_gate)
        {
            if (_idleThreads > 0)
            {
                Monitor.Pulse(_gate);
            }

            // A thread just woken still counts as idle: compare with what waits, or a second item would sit behind the first.
            if (CanTake && _items.Count > _idleThreads && _threads < _maxThreads)
            {
                _threads++;
                new Thread(RunThread) { IsBackground = true, Name = "emulator devices" }.Start();
            }
        }
    }

    /// <summary>One thread at a time works the queue off, so that work that posts work does not recurse.</summary>
    private void RunInline()
    {
        while (TryTake(maxActive: 1) is { } item)
        {
            RunGuarded(item);
        }
    }

    private void RunThread()
    {
        while (true)
        {
            IWorkItem item;
            lock (_gate)
            {
                while (!CanTake)
                {
                    if (_disposed)
                    {
                        _threads--;
                        CompleteWaiters();
                        return;
                    }

                    _idleThreads++;
                    Monitor.Wait(_gate);
                    _idleThreads--;
                }

                item = _items.Dequeue();
                _active++;
            }

            RunGuarded(item);
        }
    }

    private bool CanTake => !_paused && !_disposed && _items.Count > 0;

    private IWorkItem? TryTake(int maxActive)
    {
        lock (_gate)
        {
            if (!CanTake || _active >= maxActive)
            {
                return null;
            }

            _active++;
            return _items.Dequeue();
        }
    }

    private void RunGuarded(IWorkItem item)
    {
        try
        {
            item.Run();
        }
        catch (Exception fault)
        {
            _logger.LogError(fault, "Device work {Item} failed", item);
        }
        finally
        {
            lock (_gate)
            {
                _active--;
                CompleteWaiters();
            }
        }
    }

    private Task WaitAsync(WaitFor condition, CancellationToken cancellationToken)
    {
        Task task;
        lock (_gate)
        {
            if (IsMet(condition))
            {
                return Task.CompletedTask;
            }

            var waiter = new Waiter(condition, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _waiters.Add(waiter);
            task = waiter.Completion.Task;
        }

        return task.WaitAsync(cancellationToken);
    }

    private bool IsMet(WaitFor condition) => condition switch
    {
        WaitFor.Quiet => _active == 0,
        WaitFor.Empty => _active == 0 && _items.Count == 0,
        _ => _active == 0 && _threads == 0,
    };

    private void CompleteWaiters()
    {
        for (int i = _waiters.Count - 1; i >= 0; i--)
        {
            if (IsMet(_waiters[i].Condition))
            {
                _waiters[i].Completion.SetResult();
                _waiters.RemoveAt(i);
            }
        }
    }

    private sealed record Waiter(WaitFor Condition, TaskCompletionSource Completion);
}

using Emulator.Core.Memory;
using Emulator.Core.Time;
using Microsoft.Extensions.Logging;

namespace Emulator.Core.Execution;

/// <summary>
/// Executes the harts of one machine: each on a thread of its own, or all in turns on one thread in deterministic mode. Start, pause and
/// stop may be called from any thread.
/// </summary>
public sealed class HartGroup : IDisposable
{
    private const ulong TurnNanoseconds = 20_000;
    private readonly Lock _lifecycle = new();
    private readonly Lock _disposal = new(); // who asks for a stop may be late
    private bool _isDisposed;
    private readonly World _world = new();
    private readonly StopSignal _stop = new();
    private readonly TranslationCache _cache;
    private readonly ExecutionCounters _counters = new();
    private readonly List<Thread> _threads = [];
    private readonly ManualResetEventSlim _outsideEvent = new(false);
    private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<Exception?>? _onEnded;
    private int _running;
    private bool _isPaused;
    private Exception? _failure;

    /// <summary>Creates the group; nothing runs yet.</summary>
    /// <param name="architecture">What the harts execute.</param>
    /// <param name="memory">Their bus.</param>
    /// <param name="options">The engine.</param>
    /// <param name="cpus">The harts, by index.</param>
    /// <param name="clock">The machine's clock, as <see cref="CreateClock"/> made it.</param>
    /// <param name="logger">Where faults of ours that the machine survives are reported.</param>
    public HartGroup(
        Architecture architecture, MemorySystem memory, EngineOptions options, IReadOnlyList<VirtualCpu> cpus, IVirtualClock clock, ILogger? logger = null)
    {
        Options = options;
        Cpus = cpus;
        Clock = clock;
        _world.IsSingleThreaded = options.IsDeterministic;
        _cache = new TranslationCache(architecture, memory, _world, options, _counters, logger);
        foreach (var cpu in cpus) cpu.Attach(_world, _cache);
    }

    /// <summary>The clock that goes with an engine.</summary>
    public static IVirtualClock CreateClock(EngineOptions options) => options.IsDeterministic ? new InstructionClock() : new HostClock();

    /// <summary>The engine.</summary>
    public EngineOptions Options { get; }

    /// <summary>The harts, by index.</summary>
    public IReadOnlyList<VirtualCpu> Cpus { get; }

    /// <summary>The machine's time.</summary>
    public IVirtualClock Clock { get; }

    /// <summary>What execution did so far.</summary>
    public ExecutionCounters Counters
    {
        get
        {
            // counted by each hart for itself
            _counters.Dispatches = Cpus.Sum(c => c.Dispatches);
            _counters.DispatchMisses = Cpus.Sum(c => c.DispatchMisses);
            _counters.SlowAccesses = Cpus.Sum(c => c.SlowAccesses);
            return _counters;
        }
    }

    /// <summary>Instructions retired by all harts; approximate while they run.</summary>
    public ulong InstructionCount => Cpus.Aggregate(0ul, (sum, cpu) => sum + cpu.InstructionCount);

    /// <summary>Completes when all threads have ended, with the fault of ours that ended them, if it was one.</summary>
    public Task<Exception?> Ended => _ended.Task;

    /// <summary>Starts the threads.</summary>
    /// <param name="ended">Called on the last thread to end, before <see cref="Ended"/> completes: it may only take note.</param>
    public void Start(Action<Exception?>? ended = null)
    {
        lock (_lifecycle)
        {
            if (_threads.Count > 0) throw new InvalidOperationException("the machine has been started already");
            _onEnded = ended;
            if (!_isPaused) (Clock as HostClock)?.Start();
            if (Options.IsDeterministic) _threads.Add(new Thread(() => RunGuarded(RunInTurns)) { Name = "emulator harts" });
            else foreach (var cpu in Cpus) _threads.Add(new Thread(() => RunGuarded(() => RunHart(cpu))) { Name = $"emulator hart {cpu.Index}" });
            _running = _threads.Count;
            foreach (var thread in _threads)
            {
                thread.IsBackground = true;
                thread.Start();
            }
        }
    }

    /// <summary>Stops all harts between two instructions, and time with them; returns when they stand still. Not from a hart's thread.</summary>
    public void Pause()
    {
        lock (_lifecycle)
        {
            if (_isPaused) return;
            _isPaused = true;
            _world.Hold();
            (Clock as HostClock)?.Stop();
        }
    }

    /// <summary>Ends a pause.</summary>
    public void Resume()
    {
        lock (_lifecycle)
        {
            if (!_isPaused) return;
            _isPaused = false;
            (Clock as HostClock)?.Start();
            _world.Release();
        }
    }

    /// <summary>Runs an action while no hart executes, between two instructions of each. Not from a hart's thread.</summary>
    public void RunExclusive(Action action) => _world.RunExclusive(action, callerIsInside: false);

    /// <summary>Has all threads end soon; any thread, any number of times, also after <see cref="Dispose"/>. <see cref="Ended"/> says when.</summary>
    public void RequestStop()
    {
        _stop.Set();
        lock (_disposal)
        {
            if (_isDisposed) return;
            foreach (var cpu in Cpus) cpu.RequestAttention();
            _outsideEvent.Set();
        }
    }

    private void RunGuarded(Action run)
    {
        try
        {
            run();
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            RequestStop();
        }
        finally
        {
            if (Interlocked.Decrement(ref _running) == 0)
            {
                _onEnded?.Invoke(_failure);
                _ended.TrySetResult(_failure);
            }
        }
    }

    private void RunHart(VirtualCpu cpu)
    {
        _world.Enter();
        try
        {
            while (!_stop.IsSet)
            {
                cpu.Run(_stop);
                if (_stop.IsSet || !cpu.IsHalted) continue;
                _world.Exit();
                cpu.WaitForAttention();
                _world.Enter();
            }
        }
        finally
        {
            _world.Exit();
        }
    }

    private void RunInTurns()
    {
        var clock = (InstructionClock)Clock;
        foreach (var cpu in Cpus) cpu.AttentionForwarded = _outsideEvent.Set;
        _world.Enter();
        try
        {
            while (!_stop.IsSet)
            {
                ulong now = clock.Nanoseconds;
                _outsideEvent.Reset();
                if (Cpus.All(c => c.IsIdle))
                {
                    // idle: time jumps to the next deadline, or somebody outside does something
                    if (clock.NextDeadline is { } next) clock.AdvanceTo(next);
                    else WaitOutside();
                    continue;
                }

                ulong turn = Math.Min(TurnNanoseconds, clock.NextDeadline is { } deadline && deadline > now ? deadline - now : TurnNanoseconds);
                foreach (var cpu in Cpus) turn = Math.Min(turn, RunTurn(cpu, clock, turn));
                clock.AdvanceTo(now + turn);
            }
        }
        finally
        {
            _world.Exit();
        }
    }

    private void WaitOutside()
    {
        _world.Exit();
        _outsideEvent.Wait();
        _world.Enter();
    }

    // Gives the length of the turn: shorter when the hart set an alarm inside it, which ends the round for the harts before it, too.
    private ulong RunTurn(VirtualCpu cpu, InstructionClock clock, ulong length)
    {
        ulong start = cpu.TimeSpent;
        ulong end = length;
        cpu.LimitTime(start + length);
        clock.BeginTurn(
            () => cpu.TimeSpent - start,
            deadline =>
            {
                end = Math.Min(end, Math.Max(deadline, cpu.TimeSpent - start));
                cpu.LimitTime(start + end);
            });
        cpu.Run(_stop);
        return Math.Max(end, 1);
    }

    /// <summary>Ends the threads and frees what they used.</summary>
    public void Dispose()
    {
        RequestStop();
        Resume();
        foreach (var thread in _threads) thread.Join();
        if (_threads.Count == 0) _ended.TrySetResult(null);
        _cache.Dispose();
        lock (_disposal)
        {
            _isDisposed = true;
            foreach (var cpu in Cpus) cpu.Dispose();
            _outsideEvent.Dispose();
        }

        (Clock as IDisposable)?.Dispose(); // not inside: an alarm that is going off may ask for a stop
    }
}

namespace Emulator.Devices.Work;

/// <summary>A piece of work a device wants done away from the hart that asked for it.</summary>
public interface IWorkItem
{
    /// <summary>
    /// Does the work. Runs on a thread of the queue's choosing, never twice at once for one post. Long work looks at
    /// <see cref="IWorkQueue.PauseRequested"/> between steps, posts itself again and returns.
    /// </summary>
    void Run();
}

/// <summary>
/// Where devices send work that may block (disk, network, console), so that the hart which rang the bell goes on. A machine has one
/// and hands it to its devices; a deterministic machine has one that does everything at once on the caller's thread.
/// </summary>
public interface IWorkQueue
{
    /// <summary>
    /// True from the moment somebody asks for a pause until <see cref="Resume"/>: work under way should stop at its next boundary.
    /// </summary>
    bool PauseRequested { get; }

    /// <summary>
    /// Queues one run of <paramref name="item"/>. Callable from any thread, also from within <see cref="IWorkItem.Run"/>; the caller
    /// holds no lock. Never throws for a fault in the work itself. Posts made while paused wait for <see cref="Resume"/>.
    /// </summary>
    void Post(IWorkItem item);

    /// <summary>
    /// Completes when no work is under way; until <see cref="Resume"/> none starts. What is queued stays queued, so that a snapshot
    /// need not wait for it: a device posts its work again when its state is restored. Idempotent.
    /// </summary>
    Task PauseAsync(CancellationToken cancellationToken = default);

    /// <summary>Lets work start again. Idempotent.</summary>
    void Resume();

    /// <summary>Completes when everything posted so far has been done. A paused queue with work left does not drain.</summary>
    Task DrainAsync(CancellationToken cancellationToken = default);
}

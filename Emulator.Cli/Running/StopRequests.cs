using System.Runtime.InteropServices;

namespace Emulator.Cli.Running;

/// <summary>
/// Who may end a run from outside: signals, the user at the terminal, the time limit. The first one counts and gives the exit status.
/// A second signal of the same kind ends the process at once.
/// </summary>
internal sealed class StopRequests : IDisposable
{
    private const int Hangup = 1;
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const int Terminate = 15;
    private readonly TaskCompletionSource<int> _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> _signals = [];
    private Timer? _timer;

    /// <summary>Starts to listen to signals.</summary>
    public StopRequests()
    {
        Listen(PosixSignal.SIGINT, Interrupt);
        Listen(PosixSignal.SIGTERM, Terminate);
        Listen(PosixSignal.SIGHUP, Hangup);
        Listen(PosixSignal.SIGQUIT, Quit);
    }

    /// <summary>Completes with the exit status when the run is to end.</summary>
    public Task<int> Requested => _requested.Task;

    /// <summary>The user wants to leave.</summary>
    public void Leave() => _requested.TrySetResult(ExitStatus.Success);

    /// <summary>Starts the time limit.</summary>
    public void StopAfter(TimeSpan time) =>
        _timer = new Timer(_ => _requested.TrySetResult(ExitStatus.Timeout), null, time, Timeout.InfiniteTimeSpan);

    private void Listen(PosixSignal signal, int number)
    {
        int seen = 0;
        _signals.Add(PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = Interlocked.Increment(ref seen) == 1;
            _requested.TrySetResult(ExitStatus.OfSignal(number));
        }));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _timer?.Dispose();
    }
}

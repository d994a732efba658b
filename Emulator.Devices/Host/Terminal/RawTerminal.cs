using System.Runtime.InteropServices;

namespace Emulator.Devices.Host;

/// <summary>
/// Puts a terminal into raw mode, so that every key reaches the guest and every byte the screen, and puts it back when disposed
/// or when the process ends, also by a signal.
/// </summary>
internal sealed class RawTerminal : IDisposable
{
    private readonly int _descriptor;
    private readonly byte[] _original = new byte[Posix.TermiosSize];
    private readonly byte[] _raw = new byte[Posix.TermiosSize];
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _restored;

    private RawTerminal(int descriptor)
    {
        _descriptor = descriptor;
        _ = Posix.GetAttributes(descriptor, _original);
        _original.CopyTo(_raw, 0);
        Posix.MakeRaw(_raw);
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        foreach (PosixSignal fatal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT })
        {
            _signals.Add(PosixSignalRegistration.Create(fatal, _ => Restore()));
        }

        if (!OperatingSystem.IsWindows())
        {
            // A shell may have changed the mode while the process was stopped.
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => MakeRaw()));
        }

        MakeRaw();
    }

    /// <summary>Enters raw mode, or returns null when the descriptor is no terminal.</summary>
    public static RawTerminal? TryEnter(int descriptor) =>
        Posix.IsSupported && Posix.IsTerminal(descriptor) == 1 ? new RawTerminal(descriptor) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }

        Restore();
    }

    private void MakeRaw()
    {
        if (Volatile.Read(ref _restored) == 0)
        {
            _ = Posix.SetAttributes(_descriptor, Posix.Now, _raw);
        }
    }

    private void OnProcessExit(object? sender, EventArgs arguments) => Restore();

    private void Restore()
    {
        if (Interlocked.Exchange(ref _restored, 1) == 0)
        {
            _ = Posix.SetAttributes(_descriptor, Posix.Now, _original);
        }
    }
}

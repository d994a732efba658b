using System.Diagnostics;
using System.IO.Pipelines;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Devices.Host;
using Microsoft.Extensions.Logging.Abstractions;

namespace Emulator.Machines;

/// <summary>How a machine came to its end.</summary>
public enum MachineEnd
{
    /// <summary>The guest switched it off.</summary>
    PowerOff,

    /// <summary>It was stopped from outside.</summary>
    Stopped,

    /// <summary>A fault of ours ended it.</summary>
    InternalFault,
}

/// <summary>The end of a machine.</summary>
/// <param name="End">How it came.</param>
/// <param name="Code">The guest's exit code; 0 for an orderly end.</param>
/// <param name="Fault">The fault of ours, if it was one.</param>
public sealed record MachineExit(MachineEnd End, int Code, Exception? Fault = null);

/// <summary>
/// A computer inside this process. Members may be called from any thread; disposing it stops it. Built from a
/// <see cref="MachineDescription"/> by <see cref="StartAsync"/> or <see cref="Create"/>.
/// </summary>
public sealed class VirtualMachine : IMachineControl, IAsyncDisposable
{
    private readonly SemaphoreSlim _lifecycle = new(1);
    private readonly TaskCompletionSource<MachineExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IMachineBoard _board;
    private readonly SerialPort _serial;
    private int _resetRequested;
    private int _pauses;
    private bool _isStopping; // there are no more pauses, and no reset
    private int _exitCode = -1;
    private volatile Exception? _resetFault;
    private CancellationTokenRegistration _cancellation;
    private bool _isDisposed;
    private long _startedAt;

    private VirtualMachine(MachineDescription description, IDuplexPipe transport)
    {
        Description = description;
        var logger = description.LoggerFactory?.CreateLogger(description.Name) ?? NullLogger.Instance;
        _serial = new SerialPort(transport, new SerialPortOptions
        {
            // how fast somebody reads must not show in a run that can be repeated
            WhenFull = description.Engine.IsDeterministic ? OverflowPolicy.KeepAll : OverflowPolicy.HoldGuest,
        });
        try
        {
            _board = description.Build(new MachineContext(this, _serial, logger));
        }
        catch
        {
            _ = _serial.DisposeAsync().AsTask(); // nothing was written yet; the caller need not wait
            throw;
        }

        description.Kernel?.ReleaseContent(); // it is in memory now
        _serial.Connect(_board.ConsoleDevice);
    }

    /// <summary>What the machine was built from.</summary>
    public MachineDescription Description { get; }

    /// <summary>The guest's console, when the machine was made without a transport of its own; else reading it gives nothing.</summary>
    public MachineConsole Console { get; private init; } = MachineConsole.Closed;

    /// <summary>What execution did so far.</summary>
    public ExecutionCounters Counters => _board.Harts.Counters;

    /// <summary>Instructions retired by all harts; approximate while they run.</summary>
    public ulong InstructionCount => _board.Harts.InstructionCount;

    /// <summary>Guest physical memory, for tests and tools.</summary>
    public IGuestMemory Memory => _board.Memory;

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => _startedAt == 0 ? default : Stopwatch.GetElapsedTime(_startedAt);

    /// <summary>Completes when the machine has come to its end.</summary>
    public Task<MachineExit> Completion => _exit.Task;

    /// <summary>Builds a machine and switches it on.</summary>
    /// <param name="description">What to build.</param>
    /// <param name="cancellationToken">Stops the machine, now or later.</param>
    /// <exception cref="MachineConfigurationException">It cannot be built as described.</exception>
    /// <exception cref="Emulator.Devices.Storage.DiskImageException">A disk cannot be used.</exception>
    public static Task<VirtualMachine> StartAsync(MachineDescription description, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var machine = Create(description);
        machine.Start();
        machine._cancellation = cancellationToken.Register(static m => ((VirtualMachine)m!).Stop(), machine);
        return Task.FromResult(machine);
    }

    /// <summary>Builds a machine that is switched off.</summary>
    /// <param name="description">What to build.</param>
    /// <param name="serial">The host's end of its serial line; null for <see cref="Console"/>. The machine disposes it, also when it cannot be built.</param>
    /// <exception cref="MachineConfigurationException">It cannot be built as described.</exception>
    public static VirtualMachine Create(MachineDescription description, IDuplexPipe? serial = null)
    {
        ArgumentNullException.ThrowIfNull(description);
        if (serial is not null) return new VirtualMachine(description, serial);
        var (machineEnd, client) = InMemoryTransport.CreatePair();
        return new VirtualMachine(description, machineEnd) { Console = new MachineConsole(client) };
    }

    /// <summary>Switches the machine on.</summary>
    /// <exception cref="InvalidOperationException">It is or was on.</exception>
    public void Start()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _startedAt = Stopwatch.GetTimestamp();
        _board.Harts.Start(OnEnded);
    }

    /// <summary>
    /// Stops all harts between two instructions, and the machine's time with them. Calls nest. A machine that is being stopped is not
    /// paused any more: this then waits for its end.
    /// </summary>
    public async Task PauseAsync(CancellationToken cancellationToken = default)
    {
        await _lifecycle.WaitAsync(cancellationToken);
        try
        {
            if (!_isStopping)
            {
                await PauseInsideAsync();
                return;
            }
        }
        finally
        {
            _lifecycle.Release();
        }

        await Completion.WaitAsync(cancellationToken);
    }

    /// <summary>Ends one pause.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken = default)
    {
        await _lifecycle.WaitAsync(cancellationToken);
        try
        {
            ResumeInside();
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    private async Task PauseInsideAsync()
    {
        if (_pauses++ > 0) return;
        await Task.Run(_board.Harts.Pause, CancellationToken.None);
        await _board.PauseDevicesAsync();
    }

    private void ResumeInside()
    {
        if (_pauses == 0 || --_pauses > 0) return;
        _board.ResumeDevices();
        _board.Harts.Resume();
    }

    /// <summary>Returns the machine to power-on and starts it again; one that is being stopped is left alone.</summary>
    /// <exception cref="IOException">The kernel's file has changed or gone since it was loaded; the machine goes on as it was.</exception>
    public async Task ResetAsync(CancellationToken cancellationToken = default)
    {
        await _lifecycle.WaitAsync(cancellationToken);
        try
        {
            if (_isStopping) return;
            Description.Kernel?.RequireContent();
            await PauseInsideAsync();
            try
            {
                _board.Reset();
            }
            finally
            {
                Description.Kernel?.ReleaseContent();
                ResumeInside();
            }
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <summary>Stops the machine for good, paused or not; <see cref="Completion"/> follows within moments.</summary>
    public void Stop()
    {
        _board.Harts.RequestStop();
        _ = EndPausesAsync();
    }

    /// <summary>Stops the machine and waits until nothing of it runs.</summary>
    public async Task<MachineExit> StopAsync()
    {
        _board.Harts.RequestStop();
        await EndPausesAsync();
        if (_startedAt == 0) _exit.TrySetResult(new MachineExit(MachineEnd.Stopped, 0));
        return await Completion;
    }

    // Harts that are held between two instructions would never see that they are to stop. They execute nothing more.
    private async Task EndPausesAsync()
    {
        await _lifecycle.WaitAsync();
        try
        {
            _isStopping = true;
            _pauses = Math.Min(_pauses, 1);
            ResumeInside();
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <summary>Waits until the machine has come to its end.</summary>
    public Task<MachineExit> WaitForExitAsync(CancellationToken cancellationToken = default) => Completion.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    void IMachineControl.PowerOff(int exitCode)
    {
        if (Interlocked.CompareExchange(ref _exitCode, exitCode, -1) == -1) _board.Harts.RequestStop();
    }

    /// <inheritdoc/>
    void IMachineControl.RequestReset()
    {
        if (Description.EndsOnReset)
        {
            ((IMachineControl)this).PowerOff(0);
            return;
        }

        if (Interlocked.Exchange(ref _resetRequested, 1) != 0) return;
        _ = Task.Run(async () =>
        {
            Volatile.Write(ref _resetRequested, 0);
            try
            {
                await ResetAsync();
            }
            catch (Exception exception)
            {
                _resetFault = exception is IOException ? new MachineConfigurationException($"{Description.Name}: cannot be reset: {exception.Message}", exception) : exception;
                Stop();
            }
        });
    }

    private void OnEnded(Exception? faultOfHarts)
    {
        var fault = faultOfHarts ?? _resetFault;
        int code = Volatile.Read(ref _exitCode);
        _exit.TrySetResult(fault is not null ? new MachineExit(MachineEnd.InternalFault, 0, fault)
            : code >= 0 ? new MachineExit(MachineEnd.PowerOff, code)
            : new MachineExit(MachineEnd.Stopped, 0));
    }

    /// <summary>Stops the machine, delivers what it had still to say, and frees everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await _cancellation.DisposeAsync();
        await StopAsync();
        await _serial.DisposeAsync();
        await Console.DisposeAsync();
        await _board.DisposeAsync(); // _lifecycle is left to the collector: somebody may be waiting for it
    }
}

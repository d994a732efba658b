using System.IO.Pipelines;

namespace Emulator.Devices.Host;

/// <summary>
/// Joins a character device of a machine to a pair of pipes: what the guest sends is written to <see cref="IDuplexPipe.Output"/>,
/// what is read from <see cref="IDuplexPipe.Input"/> is typed to the guest as fast as it takes it. Hart threads only put characters
/// into a queue, without allocating; a thread that begins with the first of them empties it.
/// </summary>
/// <remarks>A thread and no task: for an asynchronous method and the thread pool the runtime compiles and loads for milliseconds.</remarks>
public sealed class SerialPort : ICharacterHost, IAsyncDisposable
{
    private const int LongestWaitMilliseconds = 10;
    private const int UsualEndMilliseconds = 5; // to wait for without giving up the thread

    private readonly IDuplexPipe _transport;
    private readonly OutputQueue _queue;
    private readonly TimeSpan _drainTimeout;
    private readonly SemaphoreSlim _outputWaiting = new(0);
    private readonly SemaphoreSlim _deviceReady = new(0);
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly TaskCompletionSource _outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _outputBegun;
    private ICharacterDevice? _device;
    private Task _inputPump = Task.CompletedTask;
    private Exception? _failure;
    private int _disposed;

    /// <summary>Takes output from now on.</summary>
    /// <param name="transport">Completed when the port is closed, and disposed if it is <see cref="IAsyncDisposable"/>.</param>
    /// <param name="options">Defaults when null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is not positive.</exception>
    public SerialPort(IDuplexPipe transport, SerialPortOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(transport);
        options ??= new SerialPortOptions();
        _transport = transport;
        _queue = new OutputQueue(options.OutputCapacity, options.WhenFull);
        _drainTimeout = options.DrainTimeout;
    }

    /// <inheritdoc/>
    public bool CanWrite => _queue.HasRoom;

    /// <summary>Characters of the guest that were lost because the reader was too slow or has gone away.</summary>
    public long DroppedCharacters => _queue.Dropped;

    /// <summary>What broke the transport, or null. A broken port swallows output and types nothing.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Starts typing input to a device. Call once, after the device was made with this port as its host.</summary>
    /// <exception cref="InvalidOperationException">A device is connected already.</exception>
    public void Connect(ICharacterDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (Interlocked.CompareExchange(ref _device, device, null) is not null)
        {
            throw new InvalidOperationException("The serial port is connected to a device already.");
        }

        _inputPump = PumpInputAsync(device);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> characters)
    {
        long? deadline = null;
        while (true)
        {
            int taken = _queue.Enqueue(characters, out bool wake);
            if (wake)
            {
                WakeOutput();
            }

            characters = characters[taken..];
            if (characters.IsEmpty)
            {
                return;
            }

            deadline ??= Environment.TickCount64 + LongestWaitMilliseconds;
            int left = (int)(deadline.Value - Environment.TickCount64);
            if (left <= 0 || !_queue.WaitForRoom(left))
            {
                _queue.CountDropped(characters.Length);
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void ReadyToReceive()
    {
        // One is enough: the pump offers until the device refuses.
        if (_deviceReady.CurrentCount == 0)
        {
            _deviceReady.Release();
        }
    }

    /// <summary>Stops input, gives the reader the rest of the output, and closes the transport.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _closing.Cancel();
        _transport.Input.CancelPendingRead(); // not by a token: the first exception of a process is dear
        _queue.Close(discard: false);
        if (_queue.IsEmpty && TryBeginOutput())
        {
            EndOutput(null); // nothing was ever written
        }
        else
        {
            WakeOutput();
        }

        if (!_outputEnded.Task.Wait(UsualEndMilliseconds) && !await HasEndedAsync(_outputEnded.Task))
        {
            await _abandoned.CancelAsync();
            _queue.Close(discard: true);
        }

        if (_transport is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync(); // ends a read that cannot be cancelled
        }

        await HasEndedAsync(_inputPump);
    }

    // False when it has taken too long.
    private async ValueTask<bool> HasEndedAsync(Task pump) => pump.IsCompleted || await Task.WhenAny(pump, Task.Delay(_drainTimeout)) == pump;

    private bool TryBeginOutput() => Interlocked.Exchange(ref _outputBegun, 1) == 0;

    private void WakeOutput()
    {
        if (TryBeginOutput())
        {
            new Thread(PumpOutput) { IsBackground = true, Name = "serial output" }.Start();
        }
        else
        {
            _outputWaiting.Release();
        }
    }

    private void PumpOutput()
    {
        PipeWriter writer = _transport.Output;
        Exception? failure = null;
        try
        {
            bool open = true;
            while (open && !_abandoned.IsCancellationRequested)
            {
                int taken = _queue.Dequeue(writer.GetMemory().Span, out bool caughtUp);
                if (caughtUp)
                {
                    Volatile.Read(ref _device)?.SinkReady();
                }

                if (taken == 0)
                {
                    if (_closing.IsCancellationRequested)
                    {
                        break;
                    }

                    _outputWaiting.Wait();
                    continue;
                }

                writer.Advance(taken);
                ValueTask<FlushResult> flush = writer.FlushAsync(_abandoned.Token);
                FlushResult result = flush.IsCompleted ? flush.Result : flush.AsTask().GetAwaiter().GetResult();
                open = !result.IsCompleted && !result.IsCanceled;
            }
        }
        catch (Exception exception)
        {
            failure = exception is OperationCanceledException ? null : exception;
        }

        EndOutput(failure);
    }

    private void EndOutput(Exception? failure)
    {
        Fail(failure);
        if (_queue.Close(discard: true))
        {
            Volatile.Read(ref _device)?.SinkReady();
        }

        CompleteQuietly(_transport.Output.Complete, failure);
        _outputEnded.SetResult();
    }

    private async Task PumpInputAsync(ICharacterDevice device)
    {
        PipeReader reader = _transport.Input;
        Exception? failure = null;
        try
        {
            bool ended = false;
            while (!ended)
            {
                ReadResult result = await reader.ReadAsync();
                foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                {
                    await TypeAsync(device, segment);
                }

                reader.AdvanceTo(result.Buffer.End);
                ended = result.IsCompleted || result.IsCanceled;
            }
        }
        catch (Exception exception)
        {
            failure = exception is OperationCanceledException ? null : exception;
        }

        Fail(failure);
        CompleteQuietly(reader.Complete, failure);
    }

    private async ValueTask TypeAsync(ICharacterDevice device, ReadOnlyMemory<byte> characters)
    {
        while (true)
        {
            int taken = device.Receive(characters.Span);
            characters = characters[taken..];
            if (characters.IsEmpty)
            {
                return;
            }

            await _deviceReady.WaitAsync(_closing.Token);
        }
    }

    private void Fail(Exception? failure)
    {
        if (failure is not null)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }
    }

    private static void CompleteQuietly(Action<Exception?> complete, Exception? failure)
    {
        try
        {
            complete(failure);
        }
        catch (Exception)
        {
            // The transport's end has gone; there is nobody left to tell, and Failure keeps the first cause.
        }
    }
}

using System.IO.Pipelines;

namespace Emulator.Devices.Host;

/// <summary>
/// Joins a character device of a machine to a pair of pipes: what the guest sends is written to <see cref="IDuplexPipe.Output"/>,
/// what is read from <see cref="IDuplexPipe.Input"/> is typed to the guest as fast as it takes it. Hart threads only put characters
/// into a queue, without allocating; the pipes are served by tasks.
/// </summary>
public sealed class SerialPort : ICharacterHost, IAsyncDisposable
{
    private const int LongestWaitMilliseconds = 10;

    private readonly IDuplexPipe _transport;
    private readonly OutputQueue _queue;
    private readonly TimeSpan _drainTimeout;
    private readonly SemaphoreSlim _outputWaiting = new(0);
    private readonly SemaphoreSlim _deviceReady = new(0);
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Task _outputPump;
    private ICharacterDevice? _device;
    private Task _inputPump = Task.CompletedTask;
    private Exception? _failure;
    private int _disposed;

    /// <summary>Starts taking output.</summary>
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
        _outputPump = Task.Run(PumpOutputAsync);
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

        _inputPump = Task.Run(() => PumpInputAsync(device));
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
                _outputWaiting.Release();
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

        await _closing.CancelAsync();
        _queue.Close(discard: false);
        _outputWaiting.Release();
        if (await Task.WhenAny(_outputPump, Task.Delay(_drainTimeout)) != _outputPump)
        {
            await _abandoned.CancelAsync();
            _queue.Close(discard: true);
        }

        if (_transport is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync(); // ends a read that cannot be cancelled
        }

        await Task.WhenAny(_inputPump, Task.Delay(_drainTimeout));
    }

    private async Task PumpOutputAsync()
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

                    await _outputWaiting.WaitAsync(_abandoned.Token);
                    continue;
                }

                writer.Advance(taken);
                FlushResult result = await writer.FlushAsync(_abandoned.Token);
                open = !result.IsCompleted && !result.IsCanceled;
            }
        }
        catch (Exception exception)
        {
            failure = exception is OperationCanceledException ? null : exception;
        }

        Fail(failure);
        if (_queue.Close(discard: true))
        {
            Volatile.Read(ref _device)?.SinkReady();
        }

        await CompleteQuietlyAsync(writer.CompleteAsync(failure));
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
                ReadResult result = await reader.ReadAsync(_closing.Token);
                foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                {
                    await TypeAsync(device, segment);
                }

                reader.AdvanceTo(result.Buffer.End);
                ended = result.IsCompleted;
            }
        }
        catch (Exception exception)
        {
            failure = exception is OperationCanceledException ? null : exception;
        }

        Fail(failure);
        await CompleteQuietlyAsync(reader.CompleteAsync(failure));
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

    private static async ValueTask CompleteQuietlyAsync(ValueTask completion)
    {
        try
        {
            await completion;
        }
        catch (Exception)
        {
            // The transport's end has gone; there is nobody left to tell, and Failure keeps the first cause.
        }
    }
}

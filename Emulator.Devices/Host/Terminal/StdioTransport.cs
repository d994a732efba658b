using System.IO.Pipelines;

namespace Emulator.Devices.Host;

/// <summary>
/// The standard streams of this process. If standard input is a terminal it is in raw mode until this is disposed or the process
/// ends, and Ctrl-A X asks to leave while Ctrl-A A types Ctrl-A; from a pipe or a file every byte goes to the guest. Output is
/// written as it comes, byte for byte.
/// </summary>
public sealed class StdioTransport : ICharacterTransport
{
    private readonly Action? _leave;
    private readonly Pipe _typed = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
    private readonly RawTerminal? _terminal;
    private readonly DescriptorReader? _reader;
    private readonly Stream _output;
    private readonly EscapeKeyFilter _keys = new();
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Takes over standard input and output.</summary>
    /// <param name="leave">Called on Ctrl-A X, on a pool thread.</param>
    public StdioTransport(Action? leave = null)
        : this(Posix.StandardInput, Posix.IsSupported ? new DescriptorWriter(Posix.StandardOutput) : Console.OpenStandardOutput(), leave)
    {
    }

    internal StdioTransport(int input, Stream output, Action? leave)
    {
        _leave = leave;
        _output = output;
        Output = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        if (Posix.IsSupported)
        {
            _terminal = RawTerminal.TryEnter(input);
            _reader = new DescriptorReader(input, OnTyped, () => _typed.Writer.Complete());
            Input = _typed.Reader;
        }
        else
        {
            Input = PipeReader.Create(Console.OpenStandardInput());
        }
    }

    /// <inheritdoc/>
    public PipeReader Input { get; }

    /// <inheritdoc/>
    public PipeWriter Output { get; }

    /// <summary>Whether keys are typed at a terminal rather than read from a pipe or file.</summary>
    public bool IsInteractive => _terminal is not null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _reader?.Dispose();
        await _output.FlushAsync();
        _terminal?.Dispose();
    }

    private void OnTyped(Span<byte> typed)
    {
        bool leave = false;
        int count = _terminal is null ? typed.Length : _keys.Filter(typed, out leave);
        typed[..count].CopyTo(_typed.Writer.GetSpan(count));
        _typed.Writer.Advance(count);
        if (leave && _leave is not null)
        {
            ThreadPool.QueueUserWorkItem(static leave => leave(), _leave, preferLocal: false); // it may dispose us, which joins this thread
        }

        Flush();
    }

    // Waits while the guest does not take its input: whoever types ahead is then held by the system's own buffers.
    private void Flush()
    {
        try
        {
            ValueTask<FlushResult> flush = _typed.Writer.FlushAsync(_closing.Token);
            if (!flush.IsCompleted)
            {
                flush.AsTask().GetAwaiter().GetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Closing; nobody wants the rest.
        }
    }
}

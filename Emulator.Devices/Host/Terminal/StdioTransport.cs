using System.IO.Pipelines;
using System.Runtime.CompilerServices;

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
    private readonly EscapeKeyFilter _keys = new();
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Takes over standard input and output.</summary>
    /// <param name="leave">Called on Ctrl-A X, on a pool thread.</param>
    public StdioTransport(Action? leave = null)
        : this(Posix.StandardInput, OpenOutput(), leave)
    {
    }

    internal StdioTransport(int input, PipeWriter output, Action? leave)
    {
        _leave = leave;
        Output = output;
        if (Posix.IsSupported)
        {
            _terminal = RawTerminal.TryEnter(input);
            _reader = new DescriptorReader(input, OnTyped, () => _typed.Writer.Complete());
            Input = _typed.Reader;
        }
        else
        {
            Input = OpenConsoleInput();
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
        _terminal?.Dispose();
    }

    /// <summary>A writer to this process's standard output, as it comes.</summary>
    internal static PipeWriter OpenOutput() => Posix.IsSupported ? new DescriptorWriter(Posix.StandardOutput) : OpenConsoleOutput();

    // Apart, both: the library is loaded when they are entered.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PipeReader OpenConsoleInput() => PipeReader.Create(Console.OpenStandardInput());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PipeWriter OpenConsoleOutput() => PipeWriter.Create(Console.OpenStandardOutput(), new StreamPipeWriterOptions(leaveOpen: true));

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

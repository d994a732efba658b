using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Emulator.Machines;

/// <summary>
/// The guest's console in the hands of a program: text that was written and not yet waited for is kept. One reader at a time; writing
/// is independent of reading.
/// </summary>
public sealed class MachineConsole : IAsyncDisposable
{
    private readonly IDuplexPipe? _pipe;
    private readonly StringBuilder _transcript = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _pending = new();

    internal MachineConsole(IDuplexPipe? pipe) => _pipe = pipe;

    internal static MachineConsole Closed { get; } = new(null);

    /// <summary>Everything that was read so far.</summary>
    public string Transcript
    {
        get
        {
            lock (_transcript) return _transcript.ToString();
        }
    }

    /// <summary>What the guest writes, as bytes, for programs that do their own reading; not together with the other readers.</summary>
    public PipeReader Output => _pipe?.Input ?? throw new InvalidOperationException("the machine's console is connected elsewhere");

    /// <summary>What is typed to the guest, as bytes.</summary>
    public PipeWriter Input => _pipe?.Output ?? throw new InvalidOperationException("the machine's console is connected elsewhere");

    /// <summary>Reads until the guest has written a text, and gives everything up to its end.</summary>
    /// <param name="text">What to wait for.</param>
    /// <param name="cancellationToken">Ends the wait; nothing that was read is lost.</param>
    /// <exception cref="EndOfStreamException">The machine came to its end first.</exception>
    public async Task<string> WaitForAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        int searched = 0;
        while (true)
        {
            string pending = _pending.ToString();
            int at = pending.IndexOf(text, Math.Max(0, searched - text.Length), StringComparison.Ordinal);
            if (at >= 0)
            {
                _pending.Remove(0, at + text.Length);
                return pending[..(at + text.Length)];
            }

            searched = pending.Length;
            if (!await ReadMoreAsync(cancellationToken))
            {
                throw new EndOfStreamException($"the console ended before '{text}'; it last wrote: '{pending[Math.Max(0, pending.Length - 200)..]}'");
            }
        }
    }

    /// <summary>Reads to the end of the machine.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken cancellationToken = default)
    {
        while (await ReadMoreAsync(cancellationToken))
        {
        }

        string rest = _pending.ToString();
        _pending.Clear();
        return rest;
    }

    /// <summary>Types a text.</summary>
    public async Task WriteAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        await Input.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
    }

    /// <summary>Types a text and the return key.</summary>
    public Task WriteLineAsync(string text, CancellationToken cancellationToken = default) => WriteAsync(text + "\r", cancellationToken);

    private async Task<bool> ReadMoreAsync(CancellationToken cancellationToken)
    {
        var result = await Output.ReadAsync(cancellationToken);
        foreach (var segment in result.Buffer) Append(segment.Span);
        Output.AdvanceTo(result.Buffer.End);
        return !result.IsCompleted || !result.Buffer.IsEmpty;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        char[] characters = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(bytes.Length));
        int count = _decoder.GetChars(bytes, characters, flush: false);
        _pending.Append(characters, 0, count);
        lock (_transcript) _transcript.Append(characters, 0, count);
        ArrayPool<char>.Shared.Return(characters);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_pipe is null) return;
        await _pipe.Input.CompleteAsync();
        await _pipe.Output.CompleteAsync();
    }
}

using System.IO.Pipelines;

namespace Emulator.Devices.Host;

/// <summary>Transports that only send: into a file, or nowhere. Their input has ended from the start.</summary>
public sealed class StreamTransport : ICharacterTransport
{
    private readonly Stream? _stream;

    private StreamTransport(Stream stream)
        : this(PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true))) => _stream = stream;

    private StreamTransport(PipeWriter output)
    {
        Output = output;
        Input = PipeReader.Create(Stream.Null);
    }

    /// <inheritdoc/>
    public PipeReader Input { get; }

    /// <inheritdoc/>
    public PipeWriter Output { get; }

    /// <summary>Throws everything away.</summary>
    public static StreamTransport Discard() => new(Stream.Null);

    /// <summary>Writes to this process's standard output.</summary>
    public static StreamTransport ToStandardOutput() => new(StdioTransport.OpenOutput());

    /// <summary>Writes into a file, which is created or emptied. Others may read it meanwhile.</summary>
    /// <param name="path">Where the file is to be.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static StreamTransport ToFile(string path)
    {
        try
        {
            return new StreamTransport(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                Share = FileShare.Read,
                BufferSize = 0, // so that what the guest sent is there when the host process dies
            }));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new IOException($"Cannot write console output to the file '{path}': {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stream?.DisposeAsync() ?? ValueTask.CompletedTask;
}

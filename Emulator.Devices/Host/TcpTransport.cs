using System.IO.Pipelines;
using System.Net.Sockets;

namespace Emulator.Devices.Host;

/// <summary>A TCP connection that this side opened.</summary>
public sealed class TcpTransport : ICharacterTransport
{
    private readonly Socket _socket;

    private TcpTransport(Socket socket)
    {
        _socket = socket;
        var stream = new NetworkStream(socket, ownsSocket: false);
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    /// <inheritdoc/>
    public PipeReader Input { get; }

    /// <inheritdoc/>
    public PipeWriter Output { get; }

    /// <summary>Connects to a server.</summary>
    /// <param name="host">A name or an address.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">Nobody answers there.</exception>
    public static async Task<TcpTransport> ConnectAsync(string host, int port, CancellationToken cancellationToken = default)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            return new TcpTransport(socket);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new IOException($"Cannot connect the console to tcp:{host}:{port}: {exception.Message}", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseGentlyAsync(_socket);
        _socket.Dispose();
    }

    /// <summary>
    /// Says that nothing more comes and waits a moment for the peer to say the same: closing a socket with unread input would
    /// reset the connection, and with it destroy output the peer has not read yet.
    /// </summary>
    internal static async Task CloseGentlyAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            byte[] ignored = new byte[4096];
            while (await socket.ReceiveAsync(ignored, patience.Token) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer is gone or does not hang up; either way there is nothing left to deliver.
        }
    }
}

using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace Emulator.Devices.Host;

/// <summary>
/// Waits for TCP clients and serves one after the other, like a terminal server. Output waits for the first client; what is sent
/// while a client goes away may be lost with it.
/// </summary>
public sealed class TcpListenTransport : ICharacterTransport
{
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(2);

    private readonly Socket _listener;
    private readonly Pipe _toGuest = new(new PipeOptions(useSynchronizationContext: false));
    private readonly Pipe _fromGuest = new(new PipeOptions(useSynchronizationContext: false));
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Task _server;

    private TcpListenTransport(Socket listener)
    {
        _listener = listener;
        _server = Task.Run(ServeAsync);
    }

    /// <inheritdoc/>
    public PipeReader Input => _toGuest.Reader;

    /// <inheritdoc/>
    public PipeWriter Output => _fromGuest.Writer;

    /// <summary>Where clients connect to.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Starts listening.</summary>
    /// <param name="address">A local address.</param>
    /// <param name="port">0 to 65535; 0 takes a free one.</param>
    /// <exception cref="IOException">The address or port is not to be had.</exception>
    public static TcpListenTransport Listen(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(address, port));
            listener.Listen(1);
            return new TcpListenTransport(listener);
        }
        catch (SocketException exception)
        {
            listener.Dispose();
            throw new IOException($"Cannot wait for console clients at tcp-listen:{address}:{port}: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _fromGuest.Writer.CompleteAsync(); // a client that is there gets the rest, then its connection closes
        await _closing.CancelAsync();
        _abandoned.CancelAfter(LongestFarewell);
        await _server;
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            bool open = true;
            while (open)
            {
                using Socket client = await _listener.AcceptAsync(_closing.Token);
                client.NoDelay = true;
                open = await ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Closing: nobody is connected.
        }

        await _toGuest.Writer.CompleteAsync();
        await _fromGuest.Reader.CompleteAsync();
    }

    // False when there is nothing more to send.
    private async Task<bool> ServeAsync(Socket client)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(_abandoned.Token);
        Task receiving = ReceiveAsync(client, gone.Token);
        Task<bool> sending = SendAsync(client, gone.Token);
        await Task.WhenAny(receiving, sending);
        if (!sending.IsCompleted)
        {
            await gone.CancelAsync(); // the client hung up
        }

        bool more = await sending;
        if (!more)
        {
            await TcpTransport.CloseGentlyAsync(client);
        }

        await gone.CancelAsync();
        await receiving;
        return more;
    }

    private async Task ReceiveAsync(Socket client, CancellationToken gone)
    {
        try
        {
            int received;
            do
            {
                Memory<byte> memory = _toGuest.Writer.GetMemory();
                received = await client.ReceiveAsync(memory, gone);
                _toGuest.Writer.Advance(received);
                await _toGuest.Writer.FlushAsync(gone);
            }
            while (received > 0);
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The connection has ended; the next client may come.
        }
    }

    private async Task<bool> SendAsync(Socket client, CancellationToken gone)
    {
        try
        {
            bool ended = false;
            while (!ended)
            {
                ReadResult result = await _fromGuest.Reader.ReadAsync(gone);
                long sent = 0;
                try
                {
                    foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                    {
                        for (int done = 0; done < segment.Length;)
                        {
                            int step = await client.SendAsync(segment[done..], gone);
                            (done, sent) = (done + step, sent + step);
                        }
                    }
                }
                finally
                {
                    _fromGuest.Reader.AdvanceTo(result.Buffer.GetPosition(sent)); // the next client gets the rest
                }

                ended = result.IsCompleted;
            }

            return false;
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return !_closing.IsCancellationRequested;
        }
    }
}

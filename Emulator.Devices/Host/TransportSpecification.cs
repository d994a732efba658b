using System.Globalization;
using System.Net;

namespace Emulator.Devices.Host;

/// <summary>
/// Names for the host's end of a serial line, as users write them: <c>stdio</c>, <c>null</c>, <c>file:PATH</c>,
/// <c>tcp:HOST:PORT</c>, <c>tcp-listen:ADDRESS:PORT</c>. IPv6 addresses stand in brackets.
/// </summary>
public static class TransportSpecification
{
    private const int HighestPort = 65535;

    /// <summary>Opens what a name stands for.</summary>
    /// <param name="specification">The name.</param>
    /// <param name="leave">For <c>stdio</c>: called when the user types Ctrl-A X.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    /// <exception cref="FormatException">The name is none of those above.</exception>
    /// <exception cref="IOException">The file or the network refuses.</exception>
    public static async Task<ICharacterTransport> OpenAsync(string specification, Action? leave = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(specification);
        (string kind, string rest) = specification.IndexOf(':') is var colon and >= 0
            ? (specification[..colon], specification[(colon + 1)..])
            : (specification, "");
        switch (kind)
        {
            case "stdio" when rest.Length == 0:
                return new StdioTransport(leave);
            case "null" when rest.Length == 0:
                return StreamTransport.Discard();
            case "file" when rest.Length > 0:
                return StreamTransport.ToFile(rest);
            case "tcp":
                (string host, int port) = ParseEndPoint(specification, rest);
                return await TcpTransport.ConnectAsync(host, port, cancellationToken);
            case "tcp-listen":
                (string local, int localPort) = ParseEndPoint(specification, rest);
                return TcpListenTransport.Listen(ParseAddress(specification, local), localPort);
            default:
                throw new FormatException($"'{specification}' is no console; expected stdio, null, file:PATH, tcp:HOST:PORT or tcp-listen:ADDRESS:PORT.");
        }
    }

    private static (string Host, int Port) ParseEndPoint(string specification, string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 1
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port > HighestPort)
        {
            throw new FormatException($"'{specification}' needs a host and a port from 0 to {HighestPort}, as in tcp:localhost:4444.");
        }

        return (text[..colon].Trim('[', ']'), port);
    }

    private static IPAddress ParseAddress(string specification, string text)
    {
        if (text == "localhost")
        {
            return IPAddress.Loopback;
        }

        return IPAddress.TryParse(text, out IPAddress? address)
            ? address
            : throw new FormatException($"'{specification}' needs a numeric local address, as in tcp-listen:127.0.0.1:4444.");
    }
}

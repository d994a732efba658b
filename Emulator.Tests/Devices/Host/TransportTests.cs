using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Emulator.Devices.Host;

namespace Emulator.Tests.Devices.Host;

[CancelAfter(60_000)]
internal sealed class TransportTests
{
    [Test]
    public async Task A_file_holds_all_that_was_sent()
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.log");
        try
        {
            var port = new SerialPort(await TransportSpecification.OpenAsync($"file:{path}"));
            port.Write("first "u8);
            port.Write("second"u8);
            await port.DisposeAsync();
            Assert.That(await File.ReadAllTextAsync(path), Is.EqualTo("first second"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void A_file_that_cannot_be_made_is_named() =>
        Assert.That(
            static () => TransportSpecification.OpenAsync("file:/no/such/folder/console.log"),
            Throws.InstanceOf<IOException>().With.Message.Contains("/no/such/folder/console.log"));

    [Test]
    public async Task A_tcp_client_talks_to_its_server(CancellationToken cancellation)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        int port = ((IPEndPoint)server.LocalEndpoint).Port;
        ICharacterTransport transport = await TransportSpecification.OpenAsync($"tcp:127.0.0.1:{port}", cancellationToken: cancellation);
        using TcpClient peer = await server.AcceptTcpClientAsync(cancellation);

        await peer.GetStream().WriteAsync("typed"u8.ToArray(), cancellation);
        Assert.That(await ReadAsync(transport.Input, 5, cancellation), Is.EqualTo("typed"));
        var serial = new SerialPort(transport);
        serial.Write("sent"u8);
        Task<string> reading = new StreamReader(peer.GetStream()).ReadToEndAsync(cancellation);
        Task closing = serial.DisposeAsync().AsTask();
        Assert.That(await reading, Is.EqualTo("sent"));
        peer.Close();
        await closing;
    }

    [Test]
    public async Task A_tcp_server_that_is_not_there_is_named()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        int port = ((IPEndPoint)server.LocalEndpoint).Port;
        server.Stop();
        Assert.That(() => TransportSpecification.OpenAsync($"tcp:127.0.0.1:{port}"), Throws.InstanceOf<IOException>().With.Message.Contains($"tcp:127.0.0.1:{port}"));
    }

    [Test]
    public async Task A_listening_port_serves_one_client_after_the_other(CancellationToken cancellation)
    {
        var transport = (TcpListenTransport)await TransportSpecification.OpenAsync("tcp-listen:127.0.0.1:0", cancellationToken: cancellation);
        var serial = new SerialPort(transport);
        serial.Write("early "u8);
        using (var first = new TcpClient())
        {
            await first.ConnectAsync(transport.LocalEndPoint, cancellation);
            Assert.That(await ReadAsync(first, 6, cancellation), Is.EqualTo("early "));
            await first.GetStream().WriteAsync("1"u8.ToArray(), cancellation);
            Assert.That(await ReadAsync(transport.Input, 1, cancellation), Is.EqualTo("1"));
        }

        using var second = new TcpClient();
        await second.ConnectAsync(transport.LocalEndPoint, cancellation);
        await second.GetStream().WriteAsync("2"u8.ToArray(), cancellation);
        Assert.That(await ReadAsync(transport.Input, 1, cancellation), Is.EqualTo("2"), "now the second is served");
        serial.Write("late"u8);
        Task closing = serial.DisposeAsync().AsTask();
        Assert.That(await new StreamReader(second.GetStream()).ReadToEndAsync(cancellation), Is.EqualTo("late"));
        second.Close();
        await closing;
    }

    [Test]
    public async Task A_listening_port_closes_without_a_client()
    {
        var serial = new SerialPort(TcpListenTransport.Listen(IPAddress.Loopback, 0));
        serial.Write("nobody hears"u8);
        await serial.DisposeAsync();
        Assert.That(serial.Failure, Is.Null);
    }

    [Test]
    public async Task The_null_transport_swallows_all()
    {
        var serial = new SerialPort(await TransportSpecification.OpenAsync("null"));
        serial.Write("gone"u8);
        await serial.DisposeAsync();
        Assert.That(serial.Failure, Is.Null);
    }

    [TestCase("")]
    [TestCase("serial")]
    [TestCase("stdio:1")]
    [TestCase("file:")]
    [TestCase("tcp:localhost")]
    [TestCase("tcp::44")]
    [TestCase("tcp:localhost:70000")]
    [TestCase("tcp:localhost:-1")]
    [TestCase("tcp-listen:some.name:44")]
    public void Names_that_mean_nothing_are_refused(string specification) =>
        Assert.That(() => TransportSpecification.OpenAsync(specification), Throws.InstanceOf<FormatException>().With.Message.Contains($"'{specification}'"));

    private static async Task<string> ReadAsync(PipeReader reader, int count, CancellationToken cancellation)
    {
        ReadResult result = await reader.ReadAtLeastAsync(count, cancellation);
        string text = Encoding.Latin1.GetString(result.Buffer);
        reader.AdvanceTo(result.Buffer.End);
        return text;
    }

    private static async Task<string> ReadAsync(TcpClient client, int count, CancellationToken cancellation)
    {
        byte[] bytes = new byte[count];
        await client.GetStream().ReadExactlyAsync(bytes, cancellation);
        return Encoding.Latin1.GetString(bytes);
    }
}

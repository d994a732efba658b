using System.Buffers;
using System.IO.Pipelines;
using Emulator.Devices;
using Emulator.Devices.Host;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices.Host;

[CancelAfter(60_000)]
internal sealed class SerialPortTests
{
    private const uint Data = 0, Ier = 1, Fcr = 2, Lsr = 5;
    private const int DataReady = 0x01, TransmitterEmpty = 0x20;

    [Test]
    public async Task Nothing_typed_is_lost_however_slowly_the_guest_reads([Values(0x00, 0x01, 0xC1)] byte fifoControl, CancellationToken cancellation)
    {
        byte[] typed = RandomBytes(seed: 1, 20_000);
        (IDuplexPipe machine, IDuplexPipe client) = InMemoryTransport.CreatePair();
        await using var port = new SerialPort(machine);
        var uart = new Uart16550(new FakeInterruptLine(), port);
        uart.Write8(Fcr, fifoControl);
        port.Connect(uart);
        Task typing = TypeInPiecesAsync(client.Output, typed, cancellation);

        byte[] got = await Task.Run(() => ReadFromUart(uart, typed.Length, cancellation), cancellation);
        await typing;
        Assert.That(got, Is.EqualTo(typed));
    }

    [Test]
    public async Task All_output_arrives_in_order(CancellationToken cancellation)
    {
        byte[] sent = RandomBytes(seed: 2, 300_000);
        (IDuplexPipe machine, IDuplexPipe client) = InMemoryTransport.CreatePair();
        var port = new SerialPort(machine);
        var uart = new Uart16550(new FakeInterruptLine(), port);
        Task<byte[]> reading = ReadToEndAsync(client.Input, cancellation);
        foreach (byte character in sent)
        {
            uart.Write8(Data, character);
        }

        await port.DisposeAsync(); // the machine is switched off at once
        Assert.Multiple(() =>
        {
            Assert.That(port.DroppedCharacters, Is.Zero);
            Assert.That(port.Failure, Is.Null);
        });
        Assert.That(await reading, Is.EqualTo(sent));
    }

    [Test]
    public async Task A_guest_that_looks_is_held_by_a_slow_reader_and_loses_nothing(CancellationToken cancellation)
    {
        const int Capacity = 1_000;
        (IDuplexPipe machine, IDuplexPipe client) = TinyPair();
        var port = new SerialPort(machine, new SerialPortOptions { OutputCapacity = Capacity });
        var line = new FakeInterruptLine();
        var uart = new Uart16550(line, port);
        port.Connect(uart);
        uart.Write8(Ier, 0x02);
        byte[] sent = RandomBytes(seed: 3, 5_000);
        int count = 0;
        while ((uart.Read8(Lsr) & TransmitterEmpty) != 0)
        {
            uart.Write8(Data, sent[count++]);
        }

        Assert.That(count, Is.LessThan(sent.Length));
        Task<byte[]> reading = ReadToEndAsync(client.Input, cancellation);
        while (count < sent.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            if (line.IsAsserted) // as a guest that sleeps until it is woken
            {
                uart.Write8(Data, sent[count++]);
            }
            else
            {
                await Task.Yield();
            }
        }

        await port.DisposeAsync();
        Assert.That(await reading, Is.EqualTo(sent));
        Assert.That(port.DroppedCharacters, Is.Zero);
    }

    [Test]
    public async Task A_guest_that_does_not_look_is_not_held_for_ever()
    {
        (IDuplexPipe machine, _) = TinyPair();
        await using var port = new SerialPort(machine, new SerialPortOptions { OutputCapacity = 100, DrainTimeout = TimeSpan.Zero });
        for (int i = 0; i < 220; i++)
        {
            port.Write("0123456789"u8[(i % 10)..]);
        }

        Assert.Multiple(() =>
        {
            Assert.That(port.CanWrite, Is.False);
            Assert.That(port.DroppedCharacters, Is.Positive);
        });
    }

    [Test]
    public async Task A_console_nobody_reads_keeps_the_newest(CancellationToken cancellation)
    {
        (IDuplexPipe machine, IDuplexPipe client) = TinyPair();
        var port = new SerialPort(machine, new SerialPortOptions { OutputCapacity = 100, WhenFull = OverflowPolicy.DropOldest });
        byte[] sent = [.. Enumerable.Range(0, 1_000).Select(static i => (byte)i)];
        foreach (byte[] piece in sent.Chunk(7))
        {
            port.Write(piece);
            Assert.That(port.CanWrite, Is.True);
        }

        Task<byte[]> reading = ReadToEndAsync(client.Input, cancellation);
        await port.DisposeAsync();
        byte[] got = await reading;
        Assert.Multiple(() =>
        {
            Assert.That(got.TakeLast(100), Is.EqualTo(sent.TakeLast(100)));
            Assert.That(got.Length + port.DroppedCharacters, Is.EqualTo(sent.Length));
            Assert.That(port.DroppedCharacters, Is.Positive);
        });
    }

    [Test]
    public async Task Keeping_all_never_shows_a_slow_reader(CancellationToken cancellation)
    {
        (IDuplexPipe machine, IDuplexPipe client) = TinyPair();
        var port = new SerialPort(machine, new SerialPortOptions { OutputCapacity = 100, WhenFull = OverflowPolicy.KeepAll });
        byte[] sent = RandomBytes(seed: 4, 100_000);
        foreach (byte[] piece in sent.Chunk(1_001))
        {
            port.Write(piece);
            Assert.That(port.CanWrite, Is.True);
        }

        Task<byte[]> reading = ReadToEndAsync(client.Input, cancellation);
        await port.DisposeAsync();
        Assert.That(await reading, Is.EqualTo(sent));
    }

    [Test]
    public async Task Closing_does_not_wait_for_ever_for_a_reader_that_does_not_read()
    {
        (IDuplexPipe machine, IDuplexPipe client) = TinyPair();
        var port = new SerialPort(machine, new SerialPortOptions { DrainTimeout = TimeSpan.FromMilliseconds(50) });
        port.Write(RandomBytes(seed: 5, 10_000));
        await port.DisposeAsync();
        await port.DisposeAsync();
        Assert.That(port.DroppedCharacters, Is.Positive);
        GC.KeepAlive(client);
    }

    [Test]
    public async Task A_reader_that_hangs_up_does_not_hold_the_guest()
    {
        (IDuplexPipe machine, IDuplexPipe client) = TinyPair();
        await using var port = new SerialPort(machine, new SerialPortOptions { OutputCapacity = 10 });
        await client.Input.CompleteAsync();
        port.Write(RandomBytes(seed: 6, 10));
        Assert.That(() => port.CanWrite, Is.True.After(5_000, 1));
        port.Write(RandomBytes(seed: 7, 1_000));
        Assert.That(port.CanWrite, Is.True);
    }

    [Test]
    public async Task A_transport_that_breaks_is_reported_and_survived()
    {
        var broken = new BrokenStream();
        await using var port = new SerialPort(new DuplexPipe(PipeReader.Create(broken), PipeWriter.Create(broken)));
        port.Connect(new Uart16550(new FakeInterruptLine(), port));
        port.Write("lost"u8);
        Assert.That(() => port.Failure, Is.InstanceOf<IOException>().After(5_000, 1));
        port.Write("as well"u8);
    }

    [Test]
    public async Task A_port_takes_one_device()
    {
        (IDuplexPipe machine, _) = InMemoryTransport.CreatePair();
        await using var port = new SerialPort(machine);
        port.Connect(new Uart16550(new FakeInterruptLine(), port));
        Assert.That(() => port.Connect(new Uart16550(new FakeInterruptLine(), port)), Throws.InvalidOperationException);
    }

    [Test]
    public async Task Sending_does_not_allocate_per_character(CancellationToken cancellation)
    {
        const int Characters = 100_000;
        (IDuplexPipe machine, IDuplexPipe client) = InMemoryTransport.CreatePair();
        var port = new SerialPort(machine);
        var uart = new Uart16550(new FakeInterruptLine(), port);
        Task<byte[]> reading = ReadToEndAsync(client.Input, cancellation);
        uart.Write8(Data, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Characters; i++)
        {
            uart.Write(new(Data, 1), (ulong)i);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        await port.DisposeAsync();
        await reading;
        Assert.That(allocated, Is.LessThan(5 * Characters), "the queue's own growth, doubling up to what waits, and nothing else");
    }

    private static (IDuplexPipe Machine, IDuplexPipe Client) TinyPair()
    {
        var options = new PipeOptions(pauseWriterThreshold: 16, resumeWriterThreshold: 8, useSynchronizationContext: false);
        var toClient = new Pipe(options);
        var toMachine = new Pipe(options);
        return (new DuplexPipe(toMachine.Reader, toClient.Writer), new DuplexPipe(toClient.Reader, toMachine.Writer));
    }

    private static byte[] RandomBytes(int seed, int count)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] ReadFromUart(Uart16550 uart, int count, CancellationToken cancellation)
    {
        byte[] got = new byte[count];
        for (int i = 0; i < count; i++)
        {
            while ((uart.Read8(Lsr) & DataReady) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                Thread.Yield();
            }

            got[i] = uart.Read8(Data);
        }

        return got;
    }

    private static async Task TypeInPiecesAsync(PipeWriter writer, byte[] typed, CancellationToken cancellation)
    {
        foreach (byte[] piece in typed.Chunk(37))
        {
            await writer.WriteAsync(piece, cancellation);
        }
    }

    private static async Task<byte[]> ReadToEndAsync(PipeReader reader, CancellationToken cancellation)
    {
        ReadResult result = await reader.ReadAtLeastAsync(int.MaxValue, cancellation);
        return result.Buffer.ToArray();
    }

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("unplugged");
    }
}

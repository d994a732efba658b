namespace Emulator.Devices.Host;

/// <summary>
/// Reads a descriptor on a thread of its own that can be ended although nothing arrives; a read of the standard input stream
/// cannot be, and would swallow the next key typed to whoever comes after us.
/// </summary>
internal sealed class DescriptorReader : IDisposable
{
    private const int BufferSize = 4096;
    private const int Forever = -1;

    private readonly int _descriptor;
    private readonly SpanHandler _received;
    private readonly Action _ended;
    private readonly int[] _wakePipe = new int[2];
    private readonly Thread _thread;
    private int _disposed;

    public DescriptorReader(int descriptor, SpanHandler received, Action ended)
    {
        _descriptor = descriptor;
        _received = received;
        _ended = ended;
        if (Posix.CreatePipe(_wakePipe) != 0)
        {
            throw new IOException("Cannot read standard input: no descriptors are left for a pipe.");
        }

        _thread = new Thread(Run) { IsBackground = true, Name = "console input" };
        _thread.Start();
    }

    /// <summary>Gets what arrived, to do with as it likes.</summary>
    internal delegate void SpanHandler(Span<byte> bytes);

    /// <summary>Ends the thread; not to be called on it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        byte anything = 0;
        _ = Posix.Write(_wakePipe[1], in anything, 1);
        _thread.Join();
        _ = Posix.Close(_wakePipe[0]);
        _ = Posix.Close(_wakePipe[1]);
    }

    private void Run()
    {
        byte[] buffer = new byte[BufferSize];
        while (WaitForInput())
        {
            nint count = Posix.Read(_descriptor, buffer, BufferSize);
            if (count > 0)
            {
                _received(buffer.AsSpan(0, (int)count));
            }
            else if (count == 0 || !Posix.ShouldRetry)
            {
                break; // end of input, or a descriptor that was closed before we came
            }
        }

        _ended();
    }

    // False when the thread is to end. Whatever else poll reports, read knows how to put it.
    private bool WaitForInput()
    {
        Posix.PollDescriptor[] descriptors =
        [
            new() { Descriptor = _descriptor, Events = Posix.PollIn },
            new() { Descriptor = _wakePipe[0], Events = Posix.PollIn },
        ];
        int ready;
        do
        {
            ready = Posix.Poll(descriptors, (nuint)descriptors.Length, Forever);
        }
        while (ready < 0 && Posix.ShouldRetry);
        return ready > 0 && descriptors[1].Returned == 0;
    }
}

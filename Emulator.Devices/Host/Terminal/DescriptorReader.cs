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
    private readonly int _waking; // the ends of a pipe; anything in it ends the thread
    private readonly int _wake;
    private readonly Thread _thread;
    private int _disposed;

    public DescriptorReader(int descriptor, SpanHandler received, Action ended)
    {
        _descriptor = descriptor;
        _received = received;
        _ended = ended;
        if (!Posix.TryCreatePipe(out _waking, out _wake))
        {
            throw new IOException("Cannot read standard input: no descriptors are left for a pipe.");
        }

        _thread = new Thread(Run) { IsBackground = true, Name = "console input" };
        _thread.Start();
    }

    /// <summary>Gets what arrived, to do with as it likes.</summary>
    internal delegate void SpanHandler(Span<byte> bytes);

    /// <summary>Ends the thread. When called on it, which whoever handles what was received may do, it ends after that.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _ = Posix.Write(_wake, Posix.AddressOf(Posix.Pinned<byte>(1)), 1);
        if (Thread.CurrentThread == _thread)
        {
            ThreadPool.QueueUserWorkItem(_ => Close());
        }
        else
        {
            Close();
        }
    }

    private void Close()
    {
        _thread.Join();
        _ = Posix.Close(_wake);
        _ = Posix.Close(_waking);
    }

    private void Run()
    {
        byte[] buffer = Posix.Pinned<byte>(BufferSize);
        var descriptors = Posix.Pinned<Posix.PollDescriptor>(2);
        descriptors[0] = new() { Descriptor = _descriptor, Events = Posix.PollIn };
        descriptors[1] = new() { Descriptor = _waking, Events = Posix.PollIn };
        while (WaitForInput(descriptors))
        {
            nint count = Posix.Read(_descriptor, Posix.AddressOf(buffer), BufferSize);
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
    private static bool WaitForInput(Posix.PollDescriptor[] descriptors)
    {
        int ready;
        do
        {
            ready = Posix.Poll(Posix.AddressOf(descriptors), (nuint)descriptors.Length, Forever);
        }
        while (ready < 0 && Posix.ShouldRetry);
        return ready > 0 && descriptors[1].Returned == 0;
    }
}

using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace Emulator.Devices.Host;

/// <summary>
/// Writes to a descriptor and to nothing else. The standard output stream of .NET would first send the terminal control sequences
/// of its own (keypad mode), which are none of the guest's.
/// </summary>
/// <remarks>On the caller's thread: who pumps output has nothing else to do, and hopping to another one costs more than most writes.</remarks>
internal sealed class DescriptorWriter(int descriptor) : PipeWriter
{
    private const int BufferSize = 4096;
    private const int Forever = -1;
    private byte[] _buffer = Posix.Pinned<byte>(BufferSize);
    private int _count;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = _count + Math.Max(sizeHint, 1);
        if (needed > _buffer.Length)
        {
            byte[] larger = Posix.Pinned<byte>(Math.Max(needed, 2 * _buffer.Length));
            _buffer.AsSpan(0, _count).CopyTo(larger);
            _buffer = larger;
        }

        return _buffer.AsMemory(_count);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _count += bytes;

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Flush();
        return default;
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        if (exception is null)
        {
            Flush();
        }
    }

    private void Flush()
    {
        for (int written = 0; written < _count;)
        {
            nint count = Posix.Write(descriptor, Posix.AddressOf(_buffer, written), _count - written);
            if (count >= 0)
            {
                written += (int)count;
            }
            else if (Posix.ShouldRetry)
            {
                WaitForRoom();
            }
            else
            {
                throw new IOException($"Cannot write to descriptor {descriptor}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastSystemError())}");
            }
        }

        _count = 0;
    }

    // The descriptor may have been made non-blocking by whoever shares it with us.
    private void WaitForRoom()
    {
        var descriptors = Posix.Pinned<Posix.PollDescriptor>(1);
        descriptors[0] = new() { Descriptor = descriptor, Events = Posix.PollOut };
        _ = Posix.Poll(Posix.AddressOf(descriptors), 1, Forever);
    }
}

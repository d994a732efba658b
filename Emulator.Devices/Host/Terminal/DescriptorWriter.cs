using System.Runtime.InteropServices;

namespace Emulator.Devices.Host;

/// <summary>
/// Writes to a descriptor and to nothing else. The standard output stream of .NET would first send the terminal control sequences
/// of its own (keypad mode), which are none of the guest's.
/// </summary>
internal sealed class DescriptorWriter(int descriptor) : Stream
{
    private const int Forever = -1;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint count = Posix.Write(descriptor, in MemoryMarshal.GetReference(buffer), buffer.Length);
            if (count >= 0)
            {
                buffer = buffer[(int)count..];
            }
            else if (Posix.ShouldRetry)
            {
                // The descriptor may have been made non-blocking by whoever shares it with us.
                _ = Posix.Poll([new() { Descriptor = descriptor, Events = Posix.PollOut }], 1, Forever);
            }
            else
            {
                throw new IOException($"Cannot write to descriptor {descriptor}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    /// <remarks>On the caller's thread: who pumps output has nothing else to do, and hopping to another one costs more than most writes.</remarks>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}

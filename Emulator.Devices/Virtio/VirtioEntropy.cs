using System.Buffers.Binary;
using Emulator.Core.Bus;
using Emulator.Devices.Host;

namespace Emulator.Devices.Virtio;

/// <summary>Random bytes by position: the device keeps the position, so that a restored machine goes on where it was.</summary>
public interface IEntropySource
{
    /// <summary>Fills the destination. May be called from any thread.</summary>
    /// <param name="position">How many bytes the device has given to the guest; a host source does not care.</param>
    /// <param name="destination">What to fill.</param>
    void Fill(ulong position, Span<byte> destination);
}

/// <summary>Sources of entropy.</summary>
public static class EntropySource
{
    /// <summary>The host's cryptographic generator.</summary>
    public static IEntropySource Host { get; } = new HostSource();

    /// <summary>The same bytes for the same seed: for deterministic machines, not for secrets.</summary>
    public static IEntropySource FromSeed(ulong seed) => new SeededSource(seed);

    private sealed class HostSource : IEntropySource
    {
        public void Fill(ulong position, Span<byte> destination) => HostEntropy.Fill(destination);
    }

    /// <summary>Each aligned word is a mix (the finaliser of SplitMix64) of its place and the seed.</summary>
    private sealed class SeededSource(ulong seed) : IEntropySource
    {
        private const ulong Gamma = 0x9E37_79B9_7F4A_7C15;

        public void Fill(ulong position, Span<byte> destination)
        {
            Span<byte> word = stackalloc byte[sizeof(ulong)];
            while (destination.Length > 0)
            {
                (ulong index, ulong skip) = Math.DivRem(position, sizeof(ulong));
                BinaryPrimitives.WriteUInt64LittleEndian(word, Mix(unchecked(seed + ((index + 1) * Gamma))));
                int count = Math.Min(sizeof(ulong) - (int)skip, destination.Length);
                word.Slice((int)skip, count).CopyTo(destination);
                destination = destination[count..];
                position += (ulong)count;
            }
        }

        private static ulong Mix(ulong z)
        {
            unchecked
            {
                z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
                z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
                return z ^ (z >> 31);
            }
        }
    }
}

/// <summary>What a snapshot carries of an entropy device besides its transport.</summary>
/// <param name="Position">Bytes given to the guest since power-on.</param>
public record struct VirtioEntropyState(ulong Position);

/// <summary>A source of random bytes (virtio 1.2, section 5.4).</summary>
public sealed class VirtioEntropy : IVirtioDevice, IStateful<VirtioEntropyState>
{
    private const ushort QueueSize = 64;

    /// <summary>A longer buffer is filled in part, which section 5.4.6.2 allows.</summary>
    private const long MaxBytesPerBuffer = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly IEntropySource _source;
    private VirtioEntropyState _state;

    /// <summary>Makes an entropy device.</summary>
    public VirtioEntropy(IEntropySource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        _source = source;
    }

    /// <inheritdoc/>
    public VirtioDeviceId Id => VirtioDeviceId.Entropy;

    /// <summary>None are defined.</summary>
    public ulong Features => 0;

    /// <inheritdoc/>
    public int QueueCount => 1;

    /// <inheritdoc/>
    public ushort MaxQueueSize(int index) => QueueSize;

    /// <summary>Nothing to remember.</summary>
    public void AcceptFeatures(ulong features)
    {
    }

    /// <inheritdoc/>
    public void ReadConfig(uint offset, Span<byte> destination) => destination.Clear();

    /// <summary>There is no configuration space.</summary>
    public void WriteConfig(uint offset, ReadOnlySpan<byte> source)
    {
    }

    /// <inheritdoc/>
    public void ProcessQueue(int index, Virtqueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        while (queue.TryPop(out DescriptorChain chain))
        {
            DescriptorBuffer writable = chain.Writable;
            ulong position = Save().Position;
            writable.Slice(0, Math.Min(writable.Length, MaxBytesPerBuffer)).TryFill(
                (_source, position),
                static ((IEntropySource Source, ulong Position) from, long offset, Span<byte> bytes) =>
                    from.Source.Fill(from.Position + (ulong)offset, bytes),
                out long written);
            Restore(new VirtioEntropyState(position + (ulong)written));
            queue.Push(chain, written);
        }
    }

    /// <summary>Leaves the position: a second driver gets other bytes than the first.</summary>
    public void ResetByDriver()
    {
    }

    /// <inheritdoc/>
    public void Reset() => Restore(default);

    /// <inheritdoc/>
    public VirtioEntropyState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(VirtioEntropyState state)
    {
        lock (_lock)
        {
            _state = state;
        }
    }
}

using Emulator.Devices.Virtio;

namespace Emulator.Tests.Virtio;

/// <summary>A device that copies what it reads into what it may write, on as many queues as a test wants.</summary>
internal sealed class EchoDevice(int queues = 1, ushort queueSize = 16) : IVirtioDevice, IVirtioEventSource
{
    public const ulong OwnFeature = 1UL << 3;

    public byte[] Config { get; } = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

    public int Resets { get; private set; }

    public ulong? Accepted { get; private set; }

    public int Calls { get; private set; }

    /// <summary>Called for every chain, before it is given back.</summary>
    public Action? OnChain { get; set; }

    public VirtioNotifier Notifier { get; } = new();

    public VirtioDeviceId Id => VirtioDeviceId.Network;

    public ulong Features => OwnFeature;

    public int QueueCount => queues;

    public ushort MaxQueueSize(int index) => queueSize;

    public void AcceptFeatures(ulong features) => Accepted = features;

    public void ReadConfig(uint offset, Span<byte> destination) => ConfigSpace.Copy(Config, offset, destination);

    public void WriteConfig(uint offset, ReadOnlySpan<byte> source)
    {
        for (int i = 0; i < source.Length && offset + i < Config.Length; i++)
        {
            Config[offset + i] = source[i];
        }
    }

    public void ProcessQueue(int index, Virtqueue queue)
    {
        Calls++;
        while (queue.TryPop(out DescriptorChain chain))
        {
            long length = Math.Min(Math.Min(chain.Readable.Length, chain.Writable.Length), 1 << 16);
            byte[] bytes = new byte[length];
            bool ok = chain.Readable.Slice(0, length).TryCopyTo(bytes) && chain.Writable.TryCopyFrom(bytes);
            OnChain?.Invoke();
            queue.Push(chain, ok ? length : 0);
        }
    }

    public void ResetByDriver() => Resets++;

    public void Reset() => Resets++;
}

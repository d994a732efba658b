namespace Emulator.Devices.Virtio;

/// <summary>Device types (virtio 1.2, section 5).</summary>
public enum VirtioDeviceId : uint
{
    /// <summary>No device: the slot is a placeholder and drivers ignore it without a word.</summary>
    None = 0,

    /// <summary>Network card.</summary>
    Network = 1,

    /// <summary>Block device.</summary>
    Block = 2,

    /// <summary>Console.</summary>
    Console = 3,

    /// <summary>Entropy source.</summary>
    Entropy = 4,
}

/// <summary>The device status field (virtio 1.2, section 2.1).</summary>
[Flags]
public enum VirtioStatus : byte
{
    /// <summary>After reset.</summary>
    None = 0,

    /// <summary>The guest has found the device.</summary>
    Acknowledge = 1,

    /// <summary>The guest knows how to drive it.</summary>
    Driver = 2,

    /// <summary>The driver is ready; the device may use its queues.</summary>
    DriverOk = 4,

    /// <summary>Feature negotiation is complete and the device agrees.</summary>
    FeaturesOk = 8,

    /// <summary>Set by the device alone: it met an error that only a reset ends.</summary>
    DeviceNeedsReset = 64,

    /// <summary>The driver has given up.</summary>
    Failed = 128,
}

/// <summary>Feature bits that belong to no device type (virtio 1.2, section 6).</summary>
public static class VirtioFeatures
{
    /// <summary>VIRTIO_F_INDIRECT_DESC: a descriptor may name a table of descriptors.</summary>
    public const ulong IndirectDescriptors = 1UL << 28;

    /// <summary>VIRTIO_F_EVENT_IDX: notifications are suppressed by index instead of by flag.</summary>
    public const ulong EventIndex = 1UL << 29;

    /// <summary>VIRTIO_F_VERSION_1: this is not the legacy interface. A driver that refuses it is refused.</summary>
    public const ulong Version1 = 1UL << 32;

    /// <summary>VIRTIO_F_RING_RESET: a queue can be reset alone.</summary>
    public const ulong RingReset = 1UL << 40;

    /// <summary>What every device of ours offers besides its own bits.</summary>
    internal const ulong Common = IndirectDescriptors | EventIndex | Version1 | RingReset;
}

/// <summary>Layout of a split virtqueue (virtio 1.2, section 2.7).</summary>
internal static class SplitRing
{
    public const int MaxQueueSize = 32768;

    public const int DescriptorSize = 16;
    public const ulong DescriptorAlignment = 16;
    public const ulong AvailableAlignment = 2;
    public const ulong UsedAlignment = 4;

    // Available ring: flags, idx, ring[size] of 16 bits, used_event.
    public const ulong AvailableFlags = 0;
    public const ulong AvailableIndex = 2;
    public const ulong AvailableRing = 4;
    public const ulong AvailableEntrySize = 2;

    // Used ring: flags, idx, ring[size] of {id, len}, avail_event.
    public const ulong UsedFlags = 0;
    public const ulong UsedIndex = 2;
    public const ulong UsedRing = 4;
    public const ulong UsedEntrySize = 8;

    public const ushort NoInterrupt = 1; // VIRTQ_AVAIL_F_NO_INTERRUPT
    public const ushort NoNotify = 1; // VIRTQ_USED_F_NO_NOTIFY
}

/// <summary>Flags of a descriptor (virtio 1.2, section 2.7.5).</summary>
[Flags]
internal enum DescriptorFlags : ushort
{
    None = 0,
    Next = 1,
    Write = 2,
    Indirect = 4,
}

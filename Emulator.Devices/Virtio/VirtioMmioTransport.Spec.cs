namespace Emulator.Devices.Virtio;

/// <summary>Registers of virtio over MMIO, version 2 (virtio 1.2, section 4.2.2).</summary>
internal enum VirtioMmioRegister : uint
{
    MagicValue = 0x000,
    Version = 0x004,
    DeviceId = 0x008,
    VendorId = 0x00c,
    DeviceFeatures = 0x010,
    DeviceFeaturesSel = 0x014,
    DriverFeatures = 0x020,
    DriverFeaturesSel = 0x024,
    QueueSel = 0x030,
    QueueNumMax = 0x034,
    QueueNum = 0x038,
    QueueReady = 0x044,
    QueueNotify = 0x050,
    InterruptStatus = 0x060,
    InterruptAck = 0x064,
    Status = 0x070,
    QueueDescLow = 0x080,
    QueueDescHigh = 0x084,
    QueueDriverLow = 0x090,
    QueueDriverHigh = 0x094,
    QueueDeviceLow = 0x0a0,
    QueueDeviceHigh = 0x0a4,
    ShmSel = 0x0ac,
    ShmLenLow = 0x0b0,
    ShmLenHigh = 0x0b4,
    ShmBaseLow = 0x0b8,
    ShmBaseHigh = 0x0bc,
    QueueReset = 0x0c0,
    ConfigGeneration = 0x0fc,

    /// <summary>The device configuration space begins here.</summary>
    Config = 0x100,
}

/// <summary>Bits of InterruptStatus and InterruptACK.</summary>
[Flags]
public enum VirtioMmioInterrupts : byte
{
    /// <summary>Nothing has happened.</summary>
    None = 0,

    /// <summary>A buffer was used.</summary>
    UsedBuffer = 1,

    /// <summary>The configuration space or the device status changed.</summary>
    ConfigChange = 2,
}

internal static class VirtioMmio
{
    public const uint Magic = 0x74726976; // "virt"
    public const uint Version = 2;
    public const uint VendorId = 0x554d_4551; // "QEMU": xv6 refuses every other
    public const int RegisterSize = 4;
    public const uint NoSharedMemory = uint.MaxValue; // length and address of a region that does not exist: -1
}

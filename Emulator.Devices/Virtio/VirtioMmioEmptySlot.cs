using Emulator.Core.Bus;

namespace Emulator.Devices.Virtio;

/// <summary>A virtio-mmio slot with nothing in it: DeviceID 0, which drivers pass over in silence (virtio 1.2, section 4.2.2).</summary>
public sealed class VirtioMmioEmptySlot : IMmioDevice
{
    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = access.Size != VirtioMmio.RegisterSize ? 0 : (VirtioMmioRegister)access.Offset switch
        {
            VirtioMmioRegister.MagicValue => VirtioMmio.Magic,
            VirtioMmioRegister.Version => VirtioMmio.Version,
            VirtioMmioRegister.DeviceId => (uint)VirtioDeviceId.None,
            VirtioMmioRegister.VendorId => VirtioMmio.VendorId,
            _ => 0u,
        };
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value) => BusStatus.Ok;
}

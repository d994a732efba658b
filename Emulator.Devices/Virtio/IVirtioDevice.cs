using Emulator.Core.Bus;

namespace Emulator.Devices.Virtio;

/// <summary>
/// The device side of virtio, whatever bus it sits on: what it offers, its configuration space, and what it does with buffers.
/// The transport owns status, negotiation and ring addresses. <see cref="ProcessQueue"/> runs on the machine's work queue, one call
/// at a time for a device; the other members are called by hart threads at any time, but <see cref="IResettable.Reset"/> and
/// <see cref="AcceptFeatures"/> never during <see cref="ProcessQueue"/>, except when that itself causes them.
/// </summary>
public interface IVirtioDevice : IResettable
{
    /// <summary>The device type.</summary>
    VirtioDeviceId Id { get; }

    /// <summary>Feature bits 0 to 23 (and 50 up) of this device type; the transport adds the common ones. Constant.</summary>
    ulong Features { get; }

    /// <summary>How many queues there are, up to <see cref="VirtqueueStates.Capacity"/>. Constant.</summary>
    int QueueCount { get; }

    /// <summary>The largest size of a queue, a power of two up to 32768. Constant.</summary>
    /// <param name="index">0 to <see cref="QueueCount"/> - 1.</param>
    ushort MaxQueueSize(int index);

    /// <summary>The driver's choice of the features offered, when the device status gets FEATURES_OK.</summary>
    void AcceptFeatures(ulong features);

    /// <summary>The driver has reset the device, as at boot or when it is unloaded; <see cref="IResettable.Reset"/> is power-on.</summary>
    void ResetByDriver();

    /// <summary>Reads the device configuration space; what is not there reads as zero.</summary>
    void ReadConfig(uint offset, Span<byte> destination);

    /// <summary>Writes the device configuration space; what is read-only or not there stays as it is.</summary>
    void WriteConfig(uint offset, ReadOnlySpan<byte> source);

    /// <summary>
    /// Uses buffers of a queue: takes chains while it can do something with them and pushes each back. Called after the driver's
    /// notifications and after <see cref="VirtioNotifier.Schedule"/>; also when nothing is there.
    /// </summary>
    void ProcessQueue(int index, Virtqueue queue);
}

/// <summary>A device that has something to say without having been asked: input arrived, the configuration changed.</summary>
public interface IVirtioEventSource
{
    /// <summary>The line to the transport; part of the device from its construction on.</summary>
    VirtioNotifier Notifier { get; }
}

/// <summary>
/// What a device calls to be heard. Members may be called from any thread that holds no lock of the device; before a transport has
/// taken the device they do nothing.
/// </summary>
public sealed class VirtioNotifier
{
    private VirtioEndpoint? _endpoint;

    /// <summary>Asks for a call of <see cref="IVirtioDevice.ProcessQueue"/>.</summary>
    public void Schedule(int queue) => Volatile.Read(ref _endpoint)?.Schedule(queue);

    /// <summary>Tells the driver that the configuration space has changed.</summary>
    public void ConfigChanged() => Volatile.Read(ref _endpoint)?.ConfigChanged();

    internal void Connect(VirtioEndpoint endpoint)
    {
        if (Interlocked.CompareExchange(ref _endpoint, endpoint, null) is not null)
        {
            throw new InvalidOperationException("The virtio device already belongs to a transport; give each transport its own.");
        }
    }
}

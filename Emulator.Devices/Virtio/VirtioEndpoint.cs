using Emulator.Core.Bus;
using Emulator.Core.Memory;
using Emulator.Devices.Work;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Emulator.Devices.Virtio;

/// <summary>How a bus tells the driver about events.</summary>
public interface IVirtioInterrupts
{
    /// <summary>Buffers of a queue were used. Called from any thread, without a lock.</summary>
    void SignalUsedBuffers(int queue);

    /// <summary>The configuration space or the device status changed. Called from any thread, without a lock.</summary>
    void SignalConfigChange();
}

/// <summary>
/// Everything of a virtio device that does not depend on the bus: the status state machine, feature negotiation, the queues and
/// their processing on the work queue. A transport translates its registers into calls of this class.
/// The lock guards <c>_state</c>; guest memory, device and interrupts are only touched without it.
/// </summary>
public sealed partial class VirtioEndpoint : IResettable, IStateful<VirtioEndpointState>, IWorkItem
{
    private const VirtioStatus DriverBits =
        VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.DriverOk | VirtioStatus.FeaturesOk | VirtioStatus.Failed;

    private readonly object _gate = new();
    private readonly IVirtioInterrupts _interrupts;
    private readonly IWorkQueue _work;
    private readonly ILogger _logger;
    private readonly Virtqueue[] _queues;
    private readonly Activity _activity = new();
    private VirtioEndpointState _state;

    /// <summary>Takes a device; it belongs to this endpoint from now on.</summary>
    public VirtioEndpoint(
        IVirtioDevice device, IGuestMemory memory, IWorkQueue work, IVirtioInterrupts interrupts, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(interrupts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(device.QueueCount, VirtqueueStates.Capacity, nameof(device));
        Device = device;
        _work = work;
        _interrupts = interrupts;
        _logger = logger ?? NullLogger.Instance;
        _queues = new Virtqueue[device.QueueCount];
        for (int i = 0; i < _queues.Length; i++)
        {
            _queues[i] = new Virtqueue(memory, device.MaxQueueSize(i), () => StopRequested);
        }

        _state = PowerOnState();
        (device as IVirtioEventSource)?.Notifier.Connect(this);
    }

    /// <summary>The device side.</summary>
    public IVirtioDevice Device { get; }

    /// <summary>The features offered.</summary>
    public ulong OfferedFeatures => Device.Features | VirtioFeatures.Common;

    /// <summary>The device status field.</summary>
    public VirtioStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _state.Status;
            }
        }
    }

    /// <summary>Changes whenever the configuration space does.</summary>
    public uint ConfigGeneration
    {
        get
        {
            lock (_gate)
            {
                return _state.ConfigGeneration;
            }
        }
    }

    /// <summary>The driver accepts features: 32 bits at a time. Ignored once FEATURES_OK is set.</summary>
    /// <param name="word">0 for bits 0 to 31, 1 for bits 32 to 63; others hold no features we know.</param>
    /// <param name="bits">The features accepted.</param>
    public void AcceptFeatures(uint word, uint bits)
    {
        lock (_gate)
        {
            if (word <= 1 && !_state.Status.HasFlag(VirtioStatus.FeaturesOk))
            {
                int shift = (int)word * 32;
                _state.DriverFeatures = (_state.DriverFeatures & ~((ulong)uint.MaxValue << shift)) | ((ulong)bits << shift);
            }
        }
    }

    /// <summary>
    /// The driver writes the device status: zero resets, anything else sets bits (none can be cleared). FEATURES_OK does not stick
    /// when the features are not ours to give, DRIVER_OK not before FEATURES_OK (section 3.1.1).
    /// </summary>
    /// <returns>True when the device was reset.</returns>
    public bool WriteStatus(VirtioStatus value)
    {
        if (value == VirtioStatus.None)
        {
            ResetByDriver();
            return true;
        }

        ulong? accepted = null;
        lock (_gate)
        {
            VirtioStatus status = _state.Status | (value & DriverBits);
            if (status.HasFlag(VirtioStatus.FeaturesOk) && !_state.Status.HasFlag(VirtioStatus.FeaturesOk))
            {
                if (FeaturesAreAcceptable(_state.DriverFeatures))
                {
                    accepted = _state.DriverFeatures;
                }
                else
                {
                    status &= ~VirtioStatus.FeaturesOk;
                }
            }

            if (!status.HasFlag(VirtioStatus.FeaturesOk))
            {
                status &= ~VirtioStatus.DriverOk;
            }

            _state.Status = status;
        }

        if (accepted is { } features)
        {
            Device.AcceptFeatures(features);
        }

        if (value.HasFlag(VirtioStatus.DriverOk))
        {
            ScheduleAll();
        }

        return false;
    }

    /// <summary>The configuration space changed: new generation, and the driver is told.</summary>
    public void ConfigChanged()
    {
        bool tell;
        lock (_gate)
        {
            _state.ConfigGeneration++;
            tell = _state.Status.HasFlag(VirtioStatus.DriverOk);
        }

        if (tell)
        {
            _interrupts.SignalConfigChange();
        }
    }

    /// <summary>Power-on state, of the device behind it too.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            StopActivity();
            _state = PowerOnState();
        }

        Device.Reset();
    }

    /// <inheritdoc/>
    public VirtioEndpointState Save()
    {
        lock (_gate)
        {
            return _state;
        }
    }

    /// <summary>
    /// Takes a saved state and looks at every queue again, since what was available when it was saved may not have been used. Keep
    /// the work queue paused until guest memory and the device itself are restored too.
    /// </summary>
    public void Restore(VirtioEndpointState state)
    {
        lock (_gate)
        {
            StopActivity();
            _state = state;
            _state.Status &= DriverBits | VirtioStatus.DeviceNeedsReset;
        }

        ScheduleAll();
    }

    // A driver that leaves VERSION_1 out is served all the same (section 6.2 lets the device choose): xv6 only looks at the low 32 bits.
    private bool FeaturesAreAcceptable(ulong features) => (features & ~OfferedFeatures) == 0;

    private VirtioEndpointState PowerOnState()
    {
        var state = new VirtioEndpointState();
        for (int i = 0; i < _queues.Length; i++)
        {
            state.Queue(i).Size = Device.MaxQueueSize(i);
        }

        return state;
    }

    /// <summary>A reset by the driver (section 2.4): when this returns, the device does not touch guest memory any more.</summary>
    private void ResetByDriver()
    {
        lock (_gate)
        {
            StopActivity();
            uint generation = _state.ConfigGeneration;
            _state = PowerOnState() with { ConfigGeneration = generation };
        }

        Device.ResetByDriver();
    }
}

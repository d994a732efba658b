using System.Buffers.Binary;
using Emulator.Core.Bus;
using Emulator.Core.Memory;
using Emulator.Devices.Work;
using Microsoft.Extensions.Logging;

namespace Emulator.Devices.Virtio;

/// <summary>The registers of the transport alone.</summary>
/// <param name="DeviceFeaturesSelect">DeviceFeaturesSel.</param>
/// <param name="DriverFeaturesSelect">DriverFeaturesSel.</param>
/// <param name="QueueSelect">QueueSel.</param>
/// <param name="Interrupts">InterruptStatus.</param>
public record struct VirtioMmioRegisters(
    uint DeviceFeaturesSelect, uint DriverFeaturesSelect, uint QueueSelect, VirtioMmioInterrupts Interrupts);

/// <summary>What a snapshot carries of a virtio-mmio slot. The device behind it, if it has state, carries its own.</summary>
/// <param name="Registers">The transport's registers.</param>
/// <param name="Endpoint">Status, features and queues.</param>
public record struct VirtioMmioState(VirtioMmioRegisters Registers, VirtioEndpointState Endpoint);

/// <summary>
/// A virtio device in the physical address space (virtio 1.2, section 4.2, register layout version 2). Control registers answer to
/// aligned 32-bit accesses; any other access to them reads zero and writes nothing. The configuration space takes any width.
/// </summary>
public sealed class VirtioMmioTransport : IMmioDevice, IResettable, IStateful<VirtioMmioState>
{
    private readonly Lock _lock = new();
    private readonly VirtioEndpoint _endpoint;
    private readonly OutputSequencer _interrupt;
    private VirtioMmioRegisters _state;

    /// <summary>Puts a device on the bus; it belongs to this transport from now on.</summary>
    /// <param name="device">The device side.</param>
    /// <param name="memory">Where its queues are.</param>
    /// <param name="interrupt">Level-triggered: high while InterruptStatus is not zero.</param>
    /// <param name="work">Where queues are processed.</param>
    /// <param name="logger">Where a driver's mistakes and failures of the host are reported.</param>
    public VirtioMmioTransport(
        IVirtioDevice device, IGuestMemory memory, IInterruptLine interrupt, IWorkQueue work, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(interrupt);
        _interrupt = new OutputSequencer(() => interrupt.Set(InterruptStatus != VirtioMmioInterrupts.None));
        _endpoint = new VirtioEndpoint(device, memory, work, new Signals(this), logger);
    }

    /// <summary>The device side; it may have state of its own to save.</summary>
    public IVirtioDevice Device => _endpoint.Device;

    private VirtioMmioInterrupts InterruptStatus
    {
        get
        {
            lock (_lock)
            {
                return _state.Interrupts;
            }
        }
    }

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        if (access.Offset >= (uint)VirtioMmioRegister.Config)
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            bytes.Clear();
            Device.ReadConfig(access.Offset - (uint)VirtioMmioRegister.Config, bytes[..access.Size]);
            value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }
        else
        {
            value = IsRegisterAccess(access) ? ReadRegister((VirtioMmioRegister)access.Offset) : 0;
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (access.Offset >= (uint)VirtioMmioRegister.Config)
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            Device.WriteConfig(access.Offset - (uint)VirtioMmioRegister.Config, bytes[..access.Size]);
        }
        else if (IsRegisterAccess(access))
        {
            WriteRegister((VirtioMmioRegister)access.Offset, (uint)value);
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _endpoint.Reset();
        lock (_lock)
        {
            _state = default;
        }

        _interrupt.Update();
    }

    /// <inheritdoc/>
    public VirtioMmioState Save()
    {
        VirtioEndpointState endpoint = _endpoint.Save();
        lock (_lock)
        {
            return new VirtioMmioState(_state, endpoint);
        }
    }

    /// <summary>
    /// Takes a saved state. Keep the work queue paused until guest memory and the device behind the transport are restored too.
    /// </summary>
    public void Restore(VirtioMmioState state)
    {
        lock (_lock)
        {
            _state = state.Registers;
        }

        _interrupt.Update();
        _endpoint.Restore(state.Endpoint);
    }

    private static bool IsRegisterAccess(MmioAccess access) =>
        access.Size == VirtioMmio.RegisterSize && access.Offset % VirtioMmio.RegisterSize == 0;

    private ulong ReadRegister(VirtioMmioRegister register)
    {
        VirtioMmioRegisters select;
        lock (_lock)
        {
            select = _state;
        }

        return register switch
        {
            VirtioMmioRegister.MagicValue => VirtioMmio.Magic,
            VirtioMmioRegister.Version => VirtioMmio.Version,
            VirtioMmioRegister.DeviceId => (uint)Device.Id,
            VirtioMmioRegister.VendorId => VirtioMmio.VendorId,
            VirtioMmioRegister.DeviceFeatures => FeatureWord(select.DeviceFeaturesSelect),
            VirtioMmioRegister.QueueNumMax => _endpoint.MaxQueueSize(select.QueueSelect),
            VirtioMmioRegister.QueueReady => _endpoint.Queue(select.QueueSelect).Ready ? 1u : 0u,
            VirtioMmioRegister.InterruptStatus => (uint)select.Interrupts,
            VirtioMmioRegister.Status => (uint)_endpoint.Status,
            VirtioMmioRegister.ShmLenLow or VirtioMmioRegister.ShmLenHigh => VirtioMmio.NoSharedMemory,
            VirtioMmioRegister.ShmBaseLow or VirtioMmioRegister.ShmBaseHigh => VirtioMmio.NoSharedMemory,
            VirtioMmioRegister.ConfigGeneration => _endpoint.ConfigGeneration,

            // QueueReset is over when the write that asks for it is; everything else is write-only or not there.
            _ => 0u,
        };
    }

    private void WriteRegister(VirtioMmioRegister register, uint value)
    {
        uint queue;
        lock (_lock)
        {
            queue = _state.QueueSelect;
        }

        switch (register)
        {
            case VirtioMmioRegister.DeviceFeaturesSel:
                Change(static (ref VirtioMmioRegisters state, uint word) => state.DeviceFeaturesSelect = word, value);
                break;
            case VirtioMmioRegister.DriverFeaturesSel:
                Change(static (ref VirtioMmioRegisters state, uint word) => state.DriverFeaturesSelect = word, value);
                break;
            case VirtioMmioRegister.QueueSel:
                Change(static (ref VirtioMmioRegisters state, uint index) => state.QueueSelect = index, value);
                break;
            case VirtioMmioRegister.InterruptAck:
                Change(static (ref VirtioMmioRegisters state, uint bits) => state.Interrupts &= ~(VirtioMmioInterrupts)bits, value);
                _interrupt.Update();
                break;
            case VirtioMmioRegister.DriverFeatures:
                WriteDriverFeatures(value);
                break;
            case VirtioMmioRegister.Status:
                WriteStatus(value);
                break;
            case VirtioMmioRegister.QueueNotify:
                _endpoint.Schedule((int)value);
                break;
            case VirtioMmioRegister.QueueNum:
                _endpoint.SetQueueSize(queue, value);
                break;
            case VirtioMmioRegister.QueueReady:
                _endpoint.SetQueueReady(queue, (value & 1) != 0);
                break;
            case VirtioMmioRegister.QueueReset when (value & 1) != 0:
                _endpoint.ResetQueue(queue);
                break;
            case VirtioMmioRegister.QueueDescLow or VirtioMmioRegister.QueueDescHigh:
                _endpoint.SetQueueAddress(queue, VirtqueueArea.Descriptor, register == VirtioMmioRegister.QueueDescHigh, value);
                break;
            case VirtioMmioRegister.QueueDriverLow or VirtioMmioRegister.QueueDriverHigh:
                _endpoint.SetQueueAddress(queue, VirtqueueArea.Driver, register == VirtioMmioRegister.QueueDriverHigh, value);
                break;
            case VirtioMmioRegister.QueueDeviceLow or VirtioMmioRegister.QueueDeviceHigh:
                _endpoint.SetQueueAddress(queue, VirtqueueArea.Device, register == VirtioMmioRegister.QueueDeviceHigh, value);
                break;
            default:
                break; // read-only, not there, or SHMSel: no device of ours has shared memory to select
        }
    }

    private uint FeatureWord(uint select) => select switch
    {
        0 => (uint)_endpoint.OfferedFeatures,
        1 => (uint)(_endpoint.OfferedFeatures >> 32),
        _ => 0,
    };

    private void WriteDriverFeatures(uint bits)
    {
        uint word;
        lock (_lock)
        {
            word = _state.DriverFeaturesSelect;
        }

        _endpoint.AcceptFeatures(word, bits);
    }

    private void WriteStatus(uint value)
    {
        var bits = (VirtioStatus)(byte)value;
        if (bits == VirtioStatus.None && value != 0)
        {
            return; // only bits that mean nothing; not the zero that resets
        }

        if (_endpoint.WriteStatus(bits))
        {
            // Section 4.2.2.1: a reset clears InterruptStatus.
            Change(static (ref VirtioMmioRegisters state, uint _) => state.Interrupts = VirtioMmioInterrupts.None, 0);
            _interrupt.Update();
        }
    }

    private void Change(RegisterChange change, uint value)
    {
        lock (_lock)
        {
            change(ref _state, value);
        }
    }

    private void Signal(VirtioMmioInterrupts interrupt)
    {
        Change(static (ref VirtioMmioRegisters state, uint bits) => state.Interrupts |= (VirtioMmioInterrupts)bits, (uint)interrupt);
        _interrupt.Update();
    }

    private delegate void RegisterChange(ref VirtioMmioRegisters state, uint value);

    private sealed class Signals(VirtioMmioTransport transport) : IVirtioInterrupts
    {
        public void SignalUsedBuffers(int queue) => transport.Signal(VirtioMmioInterrupts.UsedBuffer);

        public void SignalConfigChange() => transport.Signal(VirtioMmioInterrupts.ConfigChange);
    }
}

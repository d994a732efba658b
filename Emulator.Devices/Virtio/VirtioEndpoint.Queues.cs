using System.Numerics;
using Emulator.Devices.Work;
using Microsoft.Extensions.Logging;

namespace Emulator.Devices.Virtio;

/// <summary>The three parts of a split virtqueue in guest memory.</summary>
public enum VirtqueueArea
{
    /// <summary>The descriptor table.</summary>
    Descriptor,

    /// <summary>The available ring.</summary>
    Driver,

    /// <summary>The used ring.</summary>
    Device,
}

// Queue registers, and the processing of queues on the work queue.
public sealed partial class VirtioEndpoint
{
    /// <summary>Work under way stops between two chains: a reset or a pause waits for it.</summary>
    private bool StopRequested => _activity.StopRequested || _work.PauseRequested;

    /// <summary>The largest size of a queue, 0 for one that does not exist.</summary>
    public ushort MaxQueueSize(uint index) => index < (uint)_queues.Length ? Device.MaxQueueSize((int)index) : (ushort)0;

    /// <summary>What the driver has set up for a queue; all zero for one that does not exist.</summary>
    public VirtqueueState Queue(uint index)
    {
        lock (_gate)
        {
            return index < (uint)_queues.Length ? _state.Queue((int)index) : default;
        }
    }

    /// <summary>Sets the number of entries. Ignored while the queue is enabled.</summary>
    public void SetQueueSize(uint index, uint size)
    {
        lock (_gate)
        {
            if (IsConfigurable(index))
            {
                // A size beyond 16 bits is as wrong as any other; 0 keeps it wrong.
                _state.Queue((int)index).Size = size <= ushort.MaxValue ? (ushort)size : (ushort)0;
            }
        }
    }

    /// <summary>Sets half of the address of a part of the queue. Ignored while the queue is enabled.</summary>
    public void SetQueueAddress(uint index, VirtqueueArea area, bool high, uint bits)
    {
        lock (_gate)
        {
            if (!IsConfigurable(index))
            {
                return;
            }

            ref VirtqueueState queue = ref _state.Queue((int)index);
            switch (area)
            {
                case VirtqueueArea.Descriptor:
                    queue.DescriptorArea = Replace(queue.DescriptorArea, high, bits);
                    break;
                case VirtqueueArea.Driver:
                    queue.DriverArea = Replace(queue.DriverArea, high, bits);
                    break;
                default:
                    queue.DeviceArea = Replace(queue.DeviceArea, high, bits);
                    break;
            }
        }

        static ulong Replace(ulong address, bool high, uint bits) =>
            high ? (address & uint.MaxValue) | ((ulong)bits << 32) : (address & ~(ulong)uint.MaxValue) | bits;
    }

    /// <summary>Enables or disables a queue. When it returns from disabling, the queue is not touched any more.</summary>
    public void SetQueueReady(uint index, bool ready)
    {
        lock (_gate)
        {
            if (index >= (uint)_queues.Length || ready == _state.Queue((int)index).Ready)
            {
                return;
            }

            if (!ready)
            {
                StopActivity();
            }

            _state.Queue((int)index).Ready = ready;
        }

        // Disabling stopped the other queues' work too.
        ScheduleAll();
    }

    /// <summary>VIRTIO_F_RING_RESET (section 2.6.1): the queue alone returns to its state after a device reset.</summary>
    public void ResetQueue(uint index)
    {
        lock (_gate)
        {
            if (index >= (uint)_queues.Length || (_state.DriverFeatures & VirtioFeatures.RingReset) == 0)
            {
                return;
            }

            StopActivity();
            _state.Queue((int)index) = new VirtqueueState { Size = Device.MaxQueueSize((int)index) };
        }

        ScheduleAll();
    }

    /// <summary>Has the queue looked at: a notification by the driver, or something for it to receive. Any index is harmless.</summary>
    public void Schedule(int index)
    {
        lock (_gate)
        {
            if ((uint)index >= (uint)_queues.Length || !IsLive(index))
            {
                return;
            }

            _activity.Pending |= 1u << index;
            if (_activity.Posted)
            {
                return;
            }

            _activity.Posted = true;
        }

        _work.Post(this);
    }

    /// <summary>Runs on the work queue: processes the queues that were scheduled, until none is left or somebody asks to stop.</summary>
    void IWorkItem.Run()
    {
        lock (_gate)
        {
            _activity.RunningThread = Environment.CurrentManagedThreadId;
        }

        bool again;
        try
        {
            int rounds = 0;
            while (rounds++ < Activity.MaxRounds && TakePending(out int index, out VirtqueueState queue, out ulong features))
            {
                ProcessQueue(index, queue, features);
            }
        }
        finally
        {
            lock (_gate)
            {
                _activity.RunningThread = 0;
                again = _activity.Posted = _activity.Pending != 0;
                Monitor.PulseAll(_gate);
            }
        }

        if (again)
        {
            _work.Post(this);
        }
    }

    private bool TakePending(out int index, out VirtqueueState queue, out ulong features)
    {
        lock (_gate)
        {
            while (_activity.Pending != 0 && !StopRequested)
            {
                index = BitOperations.TrailingZeroCount(_activity.Pending);
                _activity.Pending &= ~(1u << index);
                if (IsLive(index))
                {
                    queue = _state.Queue(index);
                    features = _state.DriverFeatures;
                    return true;
                }
            }
        }

        (index, queue, features) = (0, default, 0);
        return false;
    }

    private void ProcessQueue(int index, VirtqueueState queue, ulong features)
    {
        Virtqueue ring = _queues[index];
        int epoch = _activity.Epoch;
        ring.Begin(queue, features);
        try
        {
            Device.ProcessQueue(index, ring);
        }
        catch (Exception fault)
        {
            _logger.LogError(fault, "virtio {Device} queue {Queue}: processing failed", Device.Id, index);
            ring.Break("the device failed");
        }

        if (epoch == _activity.Epoch)
        {
            Conclude(index, epoch, ring.Finish());
        }
    }

    /// <summary>Takes over what came of a call, unless the device was reset meanwhile, and tells the driver.</summary>
    private void Conclude(int index, int epoch, VirtqueueOutcome outcome)
    {
        bool tellConfig = false;
        lock (_gate)
        {
            if (epoch != _activity.Epoch)
            {
                return;
            }

            _state.Queue(index) = outcome.State;
            if (outcome.More)
            {
                _activity.Pending |= 1u << index;
            }

            if (outcome.Broken)
            {
                tellConfig = _state.Status.HasFlag(VirtioStatus.DriverOk);
                _state.Status |= VirtioStatus.DeviceNeedsReset;
                _activity.Pending = 0;
            }
        }

        if (outcome.Broken)
        {
            _logger.LogWarning("virtio {Device} queue {Queue}: {Reason}; needs a reset", Device.Id, index, _queues[index].BreakReason);
        }

        if (outcome.Signal)
        {
            _interrupts.SignalUsedBuffers(index);
        }

        if (tellConfig)
        {
            _interrupts.SignalConfigChange();
        }
    }

    private void ScheduleAll()
    {
        for (int i = 0; i < _queues.Length; i++)
        {
            Schedule(i);
        }
    }

    private bool IsConfigurable(uint index) => index < (uint)_queues.Length && !_state.Queue((int)index).Ready;

    private bool IsLive(int index) =>
        _state.Queue(index).Ready
        && (_state.Status & (VirtioStatus.DriverOk | VirtioStatus.DeviceNeedsReset | VirtioStatus.Failed)) == VirtioStatus.DriverOk;

    /// <summary>
    /// Called with the lock held, which it gives up while it waits: returns when no queue is being processed. A call from within
    /// the processing cannot wait; there the results of that run are thrown away instead.
    /// </summary>
    private void StopActivity()
    {
        _activity.Pending = 0;
        if (_activity.RunningThread == Environment.CurrentManagedThreadId)
        {
            _activity.Epoch++;
            foreach (Virtqueue queue in _queues)
            {
                queue.Detach();
            }

            return;
        }

        _activity.Stoppers++;
        while (_activity.RunningThread != 0)
        {
            Monitor.Wait(_gate);
        }

        _activity.Stoppers--;
        _activity.Pending = 0;
    }

    /// <summary>Who is at work. Not part of the state: when it is saved nobody is, and after a restore every queue is looked at.</summary>
    private sealed class Activity
    {
        /// <summary>After so many queues processed the work goes to the end of the line, for other devices' sake.</summary>
        public const int MaxRounds = 16;

        private volatile int _stoppers;
        private volatile int _epoch;

        /// <summary>Queues to look at, one bit each.</summary>
        public uint Pending { get; set; }

        /// <summary>The endpoint is in the work queue or at work.</summary>
        public bool Posted { get; set; }

        /// <summary>The managed id of the thread at work, or 0.</summary>
        public int RunningThread { get; set; }

        /// <summary>How many callers wait for the work to stop.</summary>
        public int Stoppers { get => _stoppers; set => _stoppers = value; }

        /// <summary>Counts resets from within the work.</summary>
        public int Epoch { get => _epoch; set => _epoch = value; }

        public bool StopRequested => _stoppers != 0;
    }
}

using System.Buffers.Binary;
using System.Numerics;
using Emulator.Core.Memory;

namespace Emulator.Devices.Virtio;

/// <summary>
/// A split virtqueue (virtio 1.2, section 2.7) during one call of <see cref="IVirtioDevice.ProcessQueue"/>. It works on a copy of the
/// queue's state, which the endpoint takes back afterwards. Whatever the driver has put into the rings, nothing here throws, loops
/// without end or leaves guest memory: a ring that makes no sense breaks the queue and with it the device, until the next reset.
/// </summary>
public sealed class Virtqueue
{
    /// <summary>Chains in one call, so that one queue does not keep a thread, or the driver waiting for its notification.</summary>
    private const int Budget = 64;

    private readonly IGuestMemory _memory;
    private readonly Func<bool> _stopRequested;
    private readonly DescriptorChain _chain;
    private readonly ushort _maxSize;
    private VirtqueueState _state;
    private ushort _availableIndex;
    private int _budget;
    private bool _notificationsOff;
    private bool _sawEmpty;
    private bool _interrupted;
    private bool _detached;

    internal Virtqueue(IGuestMemory memory, ushort maxSize, Func<bool> stopRequested)
    {
        if (!BitOperations.IsPow2(maxSize) || maxSize > SplitRing.MaxQueueSize)
        {
            throw new ArgumentOutOfRangeException(nameof(maxSize), maxSize, "The size of a virtqueue is a power of two up to 32768.");
        }

        _memory = memory;
        _maxSize = maxSize;
        _stopRequested = stopRequested;
        _chain = new DescriptorChain(memory);
    }

    /// <summary>The features the driver accepted.</summary>
    public ulong Features { get; private set; }

    /// <summary>Why the queue is broken, or null.</summary>
    internal string? BreakReason { get; private set; }

    private bool UsesEventIndex => (Features & VirtioFeatures.EventIndex) != 0;

    private GuestPhysicalAddress Available => new(_state.DriverArea);

    private GuestPhysicalAddress Used => new(_state.DeviceArea);

    /// <summary>Takes the next buffer the driver has made available.</summary>
    /// <param name="chain">The buffer; valid until the next call. Every buffer taken must be given back by <see cref="Push"/>.</param>
    /// <returns>False when there is none, or none for now: stop and return.</returns>
    public bool TryPop(out DescriptorChain chain)
    {
        chain = _chain;
        if (BreakReason is not null || _detached)
        {
            return false;
        }

        if (_budget == 0 || _stopRequested())
        {
            _interrupted = true;
            return false;
        }

        if (_availableIndex == _state.NextAvailable && !TryReadAvailable())
        {
            return false;
        }

        SuppressNotifications();
        ulong slot = (uint)_state.NextAvailable & (_state.Size - 1u);
        if (!_memory.TryReadUInt16(Available + SplitRing.AvailableRing + (slot * SplitRing.AvailableEntrySize), out ushort head))
        {
            return Fail("the available ring is outside RAM");
        }

        if (!TryLoadChain(head))
        {
            return false;
        }

        _state.NextAvailable++;
        _budget--;
        return true;
    }

    /// <summary>Gives a buffer back to the driver.</summary>
    /// <param name="chain">The buffer taken last.</param>
    /// <param name="written">How many bytes from the start of its writable part were written.</param>
    public void Push(DescriptorChain chain, long written)
    {
        ArgumentNullException.ThrowIfNull(chain);
        if (BreakReason is not null || _detached)
        {
            return;
        }

        Span<byte> element = stackalloc byte[(int)SplitRing.UsedEntrySize];
        BinaryPrimitives.WriteUInt32LittleEndian(element, chain.Head);
        BinaryPrimitives.WriteUInt32LittleEndian(element[sizeof(uint)..], (uint)written);
        ulong slot = (uint)_state.NextUsed & (_state.Size - 1u);
        if (!_memory.TryWrite(Used + SplitRing.UsedRing + (slot * SplitRing.UsedEntrySize), element))
        {
            Break("the used ring is outside RAM");
            return;
        }

        // Whoever sees the index sees the element and what the buffer holds.
        Volatile.WriteBarrier();
        _state.NextUsed++;
        if (!_memory.TryWriteUInt16(Used + SplitRing.UsedIndex, _state.NextUsed))
        {
            Break("the used ring is outside RAM");
        }
    }

    /// <summary>The driver made a mistake that cannot be answered in the buffer: the device needs a reset.</summary>
    public void Break(string reason) => BreakReason ??= reason;

    /// <summary>Starts a call with the queue's state, which may hold anything a driver or a snapshot file says.</summary>
    internal void Begin(VirtqueueState state, ulong features)
    {
        _state = state;
        Features = features;
        _availableIndex = state.NextAvailable;
        _budget = Budget;
        _notificationsOff = false;
        _sawEmpty = false;
        _interrupted = false;
        _detached = false;
        BreakReason = null;
        if (!BitOperations.IsPow2(state.Size) || state.Size > _maxSize)
        {
            Break($"the queue size {state.Size} is not a power of two up to {_maxSize}");
        }
        else if (state.DescriptorArea % SplitRing.DescriptorAlignment != 0
            || state.DriverArea % SplitRing.AvailableAlignment != 0
            || state.DeviceArea % SplitRing.UsedAlignment != 0)
        {
            Break("a part of the queue is not aligned");
        }
    }

    /// <summary>Ends a call: lets the driver notify again, and decides whether it wants to be notified.</summary>
    internal VirtqueueOutcome Finish()
    {
        bool more = BreakReason is null && AllowNotifications();
        bool signal = BreakReason is null && DriverWantsSignal();
        return new VirtqueueOutcome(_state, signal, more, BreakReason is not null);
    }

    /// <summary>The queue was reset during this call: its rings are the driver's again.</summary>
    internal void Detach() => _detached = true;

    private bool TryReadAvailable()
    {
        if (!_memory.TryReadUInt16(Available + SplitRing.AvailableIndex, out _availableIndex))
        {
            return Fail("the available ring is outside RAM");
        }

        // Entries and descriptors are read after the index that announced them.
        Volatile.ReadBarrier();
        int waiting = (ushort)(_availableIndex - _state.NextAvailable);
        if (waiting > _state.Size)
        {
            return Fail($"the available index jumped to {_availableIndex} from {_state.NextAvailable}");
        }

        _sawEmpty = waiting == 0;
        return waiting != 0;
    }

    /// <summary>
    /// Walks the chain (section 2.7.5). No chain is longer than the queue, so a loop ends there; every descriptor is read once, since
    /// the driver may change it at any time.
    /// </summary>
    private bool TryLoadChain(ushort head)
    {
        _chain.Clear(head);
        var table = new GuestPhysicalAddress(_state.DescriptorArea);
        uint tableLength = _state.Size;
        uint index = head;
        bool indirect = false;
        for (int count = 0; ; count++)
        {
            if (index >= tableLength)
            {
                return Fail($"descriptor {index} is outside its table of {tableLength}");
            }

            if (count == _state.Size)
            {
                return Fail($"a descriptor chain is longer than the queue of {_state.Size}");
            }

            if (!TryReadDescriptor(table + ((ulong)index * SplitRing.DescriptorSize), out DescriptorSegment segment, out DescriptorFlags flags, out index))
            {
                return Fail("a descriptor table is outside RAM");
            }

            if ((flags & DescriptorFlags.Indirect) != 0)
            {
                if (indirect || (flags & DescriptorFlags.Next) != 0 || (Features & VirtioFeatures.IndirectDescriptors) == 0)
                {
                    return Fail("a descriptor table is named where none may be");
                }

                if (segment.Length == 0 || segment.Length % SplitRing.DescriptorSize != 0)
                {
                    return Fail($"a descriptor table has {segment.Length} bytes");
                }

                // The descriptor that names the table carries no data and does not count.
                indirect = true;
                table = segment.Address;
                tableLength = segment.Length / SplitRing.DescriptorSize;
                index = 0;
                count--;
                continue;
            }

            if (!_chain.TryAdd(segment, (flags & DescriptorFlags.Write) != 0))
            {
                return Fail("a readable descriptor follows a writable one");
            }

            if (_chain.Length > uint.MaxValue)
            {
                return Fail("a buffer is longer than 2^32 bytes");
            }

            if ((flags & DescriptorFlags.Next) == 0)
            {
                return true;
            }
        }
    }

    private bool TryReadDescriptor(GuestPhysicalAddress address, out DescriptorSegment segment, out DescriptorFlags flags, out uint next)
    {
        Span<byte> bytes = stackalloc byte[SplitRing.DescriptorSize];
        bool ok = _memory.TryRead(address, bytes);
        segment = new DescriptorSegment(
            new GuestPhysicalAddress(BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
        flags = (DescriptorFlags)BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]);
        next = BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]);
        return ok;
    }

    /// <summary>While the queue is being emptied the driver need not notify (section 2.7.10); the event index does that by itself.</summary>
    private void SuppressNotifications()
    {
        if (!_notificationsOff && !UsesEventIndex)
        {
            _notificationsOff = true;
            if (!_memory.TryWriteUInt16(Used + SplitRing.UsedFlags, SplitRing.NoNotify))
            {
                Break("the used ring is outside RAM");
            }
        }
    }

    /// <returns>True when there is more to do at once.</returns>
    private bool AllowNotifications()
    {
        bool ok = true;
        if (UsesEventIndex)
        {
            GuestPhysicalAddress availableEvent = Used + SplitRing.UsedRing + (_state.Size * SplitRing.UsedEntrySize);
            ok = _memory.TryWriteUInt16(availableEvent, _state.NextAvailable);
        }
        else if (_notificationsOff)
        {
            ok = _memory.TryWriteUInt16(Used + SplitRing.UsedFlags, 0);
        }

        if (!ok)
        {
            return Fail("the used ring is outside RAM");
        }

        if (_interrupted)
        {
            return true;
        }

        if (!_sawEmpty)
        {
            return false; // the device has had enough; it will ask when it wants more
        }

        // A buffer that came before the driver could see the permission came without a notification.
        Interlocked.MemoryBarrier();
        if (!_memory.TryReadUInt16(Available + SplitRing.AvailableIndex, out ushort index))
        {
            return Fail("the available ring is outside RAM");
        }

        return index != _state.NextAvailable;
    }

    /// <summary>Section 2.7.7.2. The barrier: the driver's wish is read after it could see what was used.</summary>
    private bool DriverWantsSignal()
    {
        ushort before = _state.SignalledUsed;
        ushort now = _state.NextUsed;
        if (before == now)
        {
            return false;
        }

        _state.SignalledUsed = now;
        Interlocked.MemoryBarrier();
        GuestPhysicalAddress wish = UsesEventIndex
            ? Available + SplitRing.AvailableRing + (_state.Size * SplitRing.AvailableEntrySize)
            : Available + SplitRing.AvailableFlags;
        if (!_memory.TryReadUInt16(wish, out ushort value))
        {
            return Fail("the available ring is outside RAM");
        }

        return UsesEventIndex
            ? (ushort)(now - value - 1) < (ushort)(now - before)
            : (value & SplitRing.NoInterrupt) == 0;
    }

    private bool Fail(string reason)
    {
        Break(reason);
        return false;
    }
}

/// <summary>What came of one call.</summary>
/// <param name="State">How far the queue has come.</param>
/// <param name="Signal">The driver wants to be told.</param>
/// <param name="More">There is more to do.</param>
/// <param name="Broken">The queue is broken.</param>
internal readonly record struct VirtqueueOutcome(VirtqueueState State, bool Signal, bool More, bool Broken);

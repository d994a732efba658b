using System.Buffers.Binary;
using Emulator.Core.Bus;
using Emulator.Core.Memory;
using Emulator.Devices.Virtio;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Virtio;

/// <summary>The driver's side of a virtio-mmio device, as simple as a driver can be.</summary>
internal sealed class TestDriver(IMmioDevice device, ArrayGuestMemory memory)
{
    public const ulong RingFeatures = VirtioFeatures.Version1 | VirtioFeatures.IndirectDescriptors | VirtioFeatures.EventIndex;

    public const VirtioStatus Ready = VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.FeaturesOk | VirtioStatus.DriverOk;

    private ulong _nextFree;

    public ArrayGuestMemory Memory => memory;

    public VirtioStatus Status => (VirtioStatus)Read(VirtioMmioRegister.Status);

    public uint InterruptStatus => Read(VirtioMmioRegister.InterruptStatus);

    public uint Read(VirtioMmioRegister register)
    {
        if (device.Read(new MmioAccess((uint)register, 4), out ulong value) != BusStatus.Ok)
        {
            Assert.Fail($"{register} cannot be read");
        }

        return (uint)value;
    }

    public void Write(VirtioMmioRegister register, uint value)
    {
        if (device.Write(new MmioAccess((uint)register, 4), value) != BusStatus.Ok)
        {
            Assert.Fail($"{register} cannot be written");
        }
    }

    public ulong ReadConfig(uint offset, int size)
    {
        device.Read(new MmioAccess((uint)VirtioMmioRegister.Config + offset, size), out ulong value);
        return value;
    }

    public void WriteConfig(uint offset, int size, ulong value) =>
        device.Write(new MmioAccess((uint)VirtioMmioRegister.Config + offset, size), value);

    public ulong ReadFeatures()
    {
        Write(VirtioMmioRegister.DeviceFeaturesSel, 0);
        ulong low = Read(VirtioMmioRegister.DeviceFeatures);
        Write(VirtioMmioRegister.DeviceFeaturesSel, 1);
        return low | ((ulong)Read(VirtioMmioRegister.DeviceFeatures) << 32);
    }

    public void WriteFeatures(ulong features)
    {
        Write(VirtioMmioRegister.DriverFeaturesSel, 0);
        Write(VirtioMmioRegister.DriverFeatures, (uint)features);
        Write(VirtioMmioRegister.DriverFeaturesSel, 1);
        Write(VirtioMmioRegister.DriverFeatures, (uint)(features >> 32));
    }

    /// <summary>Section 3.1.1: reset, negotiate, set up the queues, go.</summary>
    /// <param name="features">Accepted as far as they are offered.</param>
    /// <param name="queueSize">Of every queue.</param>
    public TestQueue[] Start(ulong features = ulong.MaxValue, ushort queueSize = 16)
    {
        Reset();
        Write(VirtioMmioRegister.Status, (uint)VirtioStatus.Acknowledge);
        Write(VirtioMmioRegister.Status, (uint)(VirtioStatus.Acknowledge | VirtioStatus.Driver));
        features &= ReadFeatures();
        WriteFeatures(features);
        Write(VirtioMmioRegister.Status, (uint)(Ready & ~VirtioStatus.DriverOk));
        Assert.That(Status.HasFlag(VirtioStatus.FeaturesOk), "features accepted");
        var queues = new List<TestQueue>();
        for (uint i = 0; ; i++)
        {
            Write(VirtioMmioRegister.QueueSel, i);
            if (Read(VirtioMmioRegister.QueueNumMax) == 0)
            {
                break;
            }

            var queue = new TestQueue(this, i, queueSize, (features & VirtioFeatures.EventIndex) != 0);
            queue.Enable();
            queues.Add(queue);
        }

        Write(VirtioMmioRegister.Status, (uint)Ready);
        return [.. queues];
    }

    public void Reset()
    {
        Write(VirtioMmioRegister.Status, 0);
        _nextFree = 0;
        memory.Bytes.Clear();
    }

    public GuestPhysicalAddress Allocate(int length, int alignment = 16)
    {
        _nextFree = (_nextFree + (ulong)alignment - 1) & ~((ulong)alignment - 1);
        GuestPhysicalAddress address = memory.Start + _nextFree;
        _nextFree += (ulong)length;
        if (_nextFree > (ulong)memory.Size)
        {
            Assert.Fail("the test needs more guest memory");
        }

        return address;
    }

    public GuestPhysicalAddress Put(ReadOnlySpan<byte> bytes)
    {
        GuestPhysicalAddress address = Allocate(bytes.Length);
        bytes.CopyTo(memory.At(address, bytes.Length));
        return address;
    }

    public void WriteAddress(VirtioMmioRegister low, GuestPhysicalAddress address)
    {
        Write(low, (uint)address.Value);
        Write(low + 4, (uint)(address.Value >> 32));
    }
}

/// <summary>What a driver puts into a descriptor.</summary>
internal readonly record struct TestBuffer(GuestPhysicalAddress Address, uint Length, bool Writable = false);

/// <summary>An entry of the used ring.</summary>
internal readonly record struct UsedElement(uint Id, uint Length);

/// <summary>One split queue in guest memory, seen by the driver.</summary>
internal sealed class TestQueue(TestDriver driver, uint index, ushort size, bool eventIndex)
{
    private ushort _nextDescriptor;
    private ushort _available;
    private ushort _notified;
    private ushort _used;

    public GuestPhysicalAddress Descriptors { get; } = driver.Allocate(16 * size);

    public GuestPhysicalAddress Available { get; } = driver.Allocate(6 + (2 * size));

    public GuestPhysicalAddress Used { get; } = driver.Allocate(6 + (8 * size));

    public ushort Size => size;

    public ushort AvailableIndex { get => _available; set => _available = value; }

    public ushort UsedIndex => BinaryPrimitives.ReadUInt16LittleEndian(driver.Memory.At(Used + 2, 2));

    public ushort UsedFlags => BinaryPrimitives.ReadUInt16LittleEndian(driver.Memory.At(Used, 2));

    public ushort AvailableEvent => BinaryPrimitives.ReadUInt16LittleEndian(driver.Memory.At(Used + 4 + (8ul * size), 2));

    public void Enable()
    {
        driver.Write(VirtioMmioRegister.QueueSel, index);
        driver.Write(VirtioMmioRegister.QueueNum, size);
        driver.WriteAddress(VirtioMmioRegister.QueueDescLow, Descriptors);
        driver.WriteAddress(VirtioMmioRegister.QueueDriverLow, Available);
        driver.WriteAddress(VirtioMmioRegister.QueueDeviceLow, Used);
        driver.Write(VirtioMmioRegister.QueueReady, 1);
    }

    /// <summary>Sets avail.flags, or used_event with EVENT_IDX.</summary>
    public void SetInterruptWish(ushort value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(driver.Memory.At(eventIndex ? Available + 4 + (2ul * size) : Available, 2), value);

    /// <summary>Makes a chain available; the device is not notified.</summary>
    public ushort Add(params ReadOnlySpan<TestBuffer> buffers)
    {
        ushort head = _nextDescriptor;
        for (int i = 0; i < buffers.Length; i++)
        {
            ushort at = _nextDescriptor;
            _nextDescriptor = (ushort)((at + 1) % size);
            WriteDescriptor(Descriptors, at, buffers[i], hasNext: i < buffers.Length - 1, next: _nextDescriptor);
        }

        Offer(head);
        return head;
    }

    /// <summary>Makes a chain available through a table of its own, after <paramref name="direct"/> descriptors.</summary>
    public ushort AddIndirect(ReadOnlySpan<TestBuffer> direct, ReadOnlySpan<TestBuffer> indirect)
    {
        GuestPhysicalAddress table = driver.Allocate(16 * indirect.Length);
        for (int i = 0; i < indirect.Length; i++)
        {
            WriteDescriptor(table, i, indirect[i], hasNext: i < indirect.Length - 1, next: (ushort)(i + 1));
        }

        ushort head = _nextDescriptor;
        for (int i = 0; i < direct.Length; i++)
        {
            ushort at = _nextDescriptor;
            _nextDescriptor = (ushort)((at + 1) % size);
            WriteDescriptor(Descriptors, at, direct[i], hasNext: true, next: _nextDescriptor);
        }

        RawDescriptor(Descriptors, _nextDescriptor, table.Value, (uint)(16 * indirect.Length), DescriptorFlags.Indirect | DescriptorFlags.Write, 0);
        _nextDescriptor = (ushort)((_nextDescriptor + 1) % size);
        Offer(head);
        return head;
    }

    public void Offer(ushort head)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(driver.Memory.At(Available + 4 + (2ul * (uint)(_available % size)), 2), head);
        _available++;
        PublishAvailable();
    }

    public void PublishAvailable()
    {
        Volatile.WriteBarrier();
        BinaryPrimitives.WriteUInt16LittleEndian(driver.Memory.At(Available + 2, 2), _available);
        Interlocked.MemoryBarrier();
    }

    public void RawDescriptor(
        GuestPhysicalAddress table, int at, ulong address, uint length, DescriptorFlags flags, ushort next)
    {
        Span<byte> bytes = driver.Memory.At(table + (ulong)(16 * at), 16);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, address);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[12..], (ushort)flags);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[14..], next);
    }

    /// <summary>Notifies the device, whether it wants to be or not.</summary>
    public void Kick()
    {
        _notified = _available;
        driver.Write(VirtioMmioRegister.QueueNotify, index);
    }

    /// <summary>Notifies the device if it wants to be (section 2.7.10).</summary>
    public bool KickIfWanted()
    {
        bool wanted = eventIndex
            ? (ushort)(_available - AvailableEvent - 1) < (ushort)(_available - _notified)
            : (UsedFlags & 1) == 0;
        _notified = _available;
        if (wanted)
        {
            driver.Write(VirtioMmioRegister.QueueNotify, index);
        }

        return wanted;
    }

    /// <summary>Takes what the device has used since the last call.</summary>
    public List<UsedElement> TakeUsed()
    {
        var elements = new List<UsedElement>();
        ushort end = UsedIndex;
        Volatile.ReadBarrier();
        for (; _used != end; _used++)
        {
            Span<byte> bytes = driver.Memory.At(Used + 4 + (8ul * (uint)(_used % size)), 8);
            elements.Add(new UsedElement(
                BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..])));
        }

        return elements;
    }

    private void WriteDescriptor(GuestPhysicalAddress table, int at, TestBuffer buffer, bool hasNext, ushort next) => RawDescriptor(
        table,
        at,
        buffer.Address.Value,
        buffer.Length,
        (buffer.Writable ? DescriptorFlags.Write : 0) | (hasNext ? DescriptorFlags.Next : 0),
        next);
}

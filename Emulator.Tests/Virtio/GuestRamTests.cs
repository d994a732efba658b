using Emulator.Core.Bus;
using Emulator.Core.Memory;
using Emulator.Devices.Virtio;
using Emulator.Devices.Work;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Virtio;

/// <summary>A block device on the machine's own memory, which other memory follows.</summary>
internal sealed class GuestRamTests
{
    private const ulong Low = 0x8000_0000;
    private const ulong High = 0x8001_0000;
    private const ulong Rom = 0x8002_0000;
    private const int BlockSize = 0x1_0000;
    private const ulong Descriptors = Low;
    private const ulong Available = Low + 0x100;
    private const ulong Used = Low + 0x200;
    private const ulong Header = Low + 0x300;

    private MemorySystem _memory = null!;
    private FakeDisk _disk = null!;
    private ushort _requests;

    [SetUp]
    public void SetUp()
    {
        _memory = new MemorySystem();
        _requests = 0;
        _memory.AddRam("low", new GuestPhysicalAddress(Low), BlockSize);
        _memory.AddRam("high", new GuestPhysicalAddress(High), BlockSize);
        _memory.AddRom("rom", new GuestPhysicalAddress(Rom), BlockSize, new byte[] { 1, 2, 3 });
        _disk = new FakeDisk(128 * 512);
    }

    [TearDown]
    public void TearDown()
    {
        _disk.Dispose();
        _memory.Dispose();
    }

    [TestCase(Low + 0x1000, 4096u, BlockDriver.Ok, TestName = "inside a block")]
    [TestCase(Rom - 512, 1024u, BlockDriver.IoError, TestName = "into ROM")]
    [TestCase(Rom, 512u, BlockDriver.IoError, TestName = "ROM")]
    [TestCase(Rom + BlockSize - 512, 1024u, BlockDriver.IoError, TestName = "beyond the end")]
    [TestCase(0x1000UL, 512u, BlockDriver.IoError, TestName = "a device's registers")]
    public void Reads_go_where_memory_is(ulong address, uint length, byte expected)
    {
        var transport = new VirtioMmioTransport(new VirtioBlock(_disk), _memory, new FakeInterruptLine(), WorkQueue.CreateInline());
        _memory.AddDevice("virtio", new GuestPhysicalAddress(0x1000), 0x1000, transport);
        Start(transport);
        byte status = Request(transport, BlockDriver.In, sector: 3, address, length, DescriptorFlags.Write);
        Assert.That(status, Is.EqualTo(expected));
        if (expected == BlockDriver.Ok)
        {
            byte[] data = new byte[length];
            Assert.That(_memory.TryRead(new GuestPhysicalAddress(address), data));
            Assert.That(data.AsSpan().SequenceEqual(_disk.Bytes.AsSpan(3 * 512, (int)length)));
            Assert.That(Request(transport, BlockDriver.Out, sector: 20, address, length, DescriptorFlags.None), Is.Zero);
            Assert.That(_disk.Bytes.AsSpan(20 * 512, (int)length).SequenceEqual(data));
        }
    }

    private static void Write(VirtioMmioTransport transport, VirtioMmioRegister register, ulong value) =>
        transport.Write(new MmioAccess((uint)register, 4), (uint)value);

    private static void Start(VirtioMmioTransport transport)
    {
        Write(transport, VirtioMmioRegister.DriverFeaturesSel, 1);
        Write(transport, VirtioMmioRegister.DriverFeatures, VirtioFeatures.Version1 >> 32);
        Write(transport, VirtioMmioRegister.Status, (ulong)(TestDriver.Ready & ~VirtioStatus.DriverOk));
        Write(transport, VirtioMmioRegister.QueueNum, 4);
        Write(transport, VirtioMmioRegister.QueueDescLow, Descriptors);
        Write(transport, VirtioMmioRegister.QueueDriverLow, Available);
        Write(transport, VirtioMmioRegister.QueueDeviceLow, Used);
        Write(transport, VirtioMmioRegister.QueueReady, 1);
        Write(transport, VirtioMmioRegister.Status, (ulong)TestDriver.Ready);
    }

    private void Store(ulong address, params ReadOnlySpan<ulong> words)
    {
        foreach (ulong word in words)
        {
            Assert.That(_memory.TryWrite(new GuestPhysicalAddress(address), BitConverter.GetBytes(word)));
            address += sizeof(ulong);
        }
    }

    private byte Request(VirtioMmioTransport transport, uint type, ulong sector, ulong address, uint length, DescriptorFlags direction)
    {
        static ulong Second(uint length, DescriptorFlags flags, ulong next) => length | ((ulong)flags << 32) | (next << 48);

        const ulong Status = Header + 0x40;
        Store(Header, type, sector);
        Store(Status, BlockDriver.NoStatus);
        Store(Descriptors, Header, Second(16, DescriptorFlags.Next, 1));
        Store(Descriptors + 16, address, Second(length, direction | DescriptorFlags.Next, 2));
        Store(Descriptors + 32, Status, Second(1, DescriptorFlags.Write, 0));
        _requests++;
        Assert.That(_memory.TryWriteUInt16(new GuestPhysicalAddress(Available + 2), _requests));
        Write(transport, VirtioMmioRegister.QueueNotify, 0);
        Assert.That(_memory.TryReadUInt16(new GuestPhysicalAddress(Used + 2), out ushort used));
        Assert.That(used, Is.EqualTo(_requests));
        byte[] status = new byte[1];
        Assert.That(_memory.TryRead(new GuestPhysicalAddress(Status), status));
        return status[0];
    }
}

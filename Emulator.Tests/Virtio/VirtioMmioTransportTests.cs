using Emulator.Core.Bus;
using Emulator.Devices.Virtio;

namespace Emulator.Tests.Virtio;

internal sealed class VirtioMmioTransportTests
{
    private const VirtioStatus Negotiating = VirtioStatus.Acknowledge | VirtioStatus.Driver;

    private static VirtioMachine Machine(EchoDevice? device = null) => new(device ?? new EchoDevice());

    [Test]
    public void Identifies_itself()
    {
        TestDriver driver = Machine().Driver;
        Assert.Multiple(() =>
        {
            Assert.That(driver.Read(VirtioMmioRegister.MagicValue), Is.EqualTo(0x74726976));
            Assert.That(driver.Read(VirtioMmioRegister.Version), Is.EqualTo(2));
            Assert.That(driver.Read(VirtioMmioRegister.DeviceId), Is.EqualTo(1));
            Assert.That(driver.Read(VirtioMmioRegister.Status), Is.Zero);
            Assert.That(driver.Read(VirtioMmioRegister.InterruptStatus), Is.Zero);
            Assert.That(driver.Read(VirtioMmioRegister.QueueReset), Is.Zero);
        });
    }

    [Test]
    public void An_empty_slot_is_a_device_of_type_zero()
    {
        var slot = new VirtioMmioEmptySlot();
        ulong[] values = new ulong[0x1000 / 4];
        for (uint offset = 0; offset < 0x1000; offset += 4)
        {
            Assert.That(slot.Read(new MmioAccess(offset, 4), out values[offset / 4]), Is.EqualTo(BusStatus.Ok));
            Assert.That(slot.Write(new MmioAccess(offset, 4), ulong.MaxValue), Is.EqualTo(BusStatus.Ok));
        }

        Assert.That(values[..4], Is.EqualTo(new ulong[] { 0x74726976, 2, 0, VirtioMmio.VendorId }));
        Assert.That(values[4..], Is.All.Zero);
    }

    [Test]
    public void Shared_memory_does_not_exist()
    {
        TestDriver driver = Machine().Driver;
        driver.Write(VirtioMmioRegister.ShmSel, 3);
        foreach (VirtioMmioRegister register in (VirtioMmioRegister[])
            [VirtioMmioRegister.ShmLenLow, VirtioMmioRegister.ShmLenHigh, VirtioMmioRegister.ShmBaseLow, VirtioMmioRegister.ShmBaseHigh])
        {
            Assert.That(driver.Read(register), Is.EqualTo(uint.MaxValue), $"{register}");
        }
    }

    [TestCase(0u, 1)]
    [TestCase(0u, 2)]
    [TestCase(0u, 8)]
    [TestCase(2u, 4)]
    public void Control_registers_take_aligned_words_only(uint offset, int size)
    {
        VirtioMmioTransport transport = Machine().Transport;
        Assert.That(transport.Read(new MmioAccess(offset, size), out ulong value), Is.EqualTo(BusStatus.Ok));
        Assert.That(value, Is.Zero);
        transport.Write(new MmioAccess((uint)VirtioMmioRegister.Status, size == 4 ? 1 : size), 3);
        transport.Read(new MmioAccess((uint)VirtioMmioRegister.Status, 4), out ulong status);
        Assert.That(status, Is.Zero);
    }

    [Test]
    public void Features_are_negotiated_in_words()
    {
        var device = new EchoDevice();
        TestDriver driver = Machine(device).Driver;
        ulong offered = driver.ReadFeatures();
        Assert.That(offered, Is.EqualTo(EchoDevice.OwnFeature | TestDriver.RingFeatures | VirtioFeatures.RingReset));
        driver.Write(VirtioMmioRegister.DeviceFeaturesSel, 2);
        Assert.That(driver.Read(VirtioMmioRegister.DeviceFeatures), Is.Zero, "no features beyond 64");

        driver.Write(VirtioMmioRegister.Status, (uint)Negotiating);
        driver.WriteFeatures(EchoDevice.OwnFeature | VirtioFeatures.Version1);
        driver.Write(VirtioMmioRegister.Status, (uint)(Negotiating | VirtioStatus.FeaturesOk));
        Assert.That(driver.Status, Is.EqualTo(Negotiating | VirtioStatus.FeaturesOk));
        Assert.That(device.Accepted, Is.EqualTo(EchoDevice.OwnFeature | VirtioFeatures.Version1));

        driver.WriteFeatures(offered);
        Assert.That(driver.Status.HasFlag(VirtioStatus.FeaturesOk));
        Assert.That(device.Accepted, Is.EqualTo(EchoDevice.OwnFeature | VirtioFeatures.Version1), "too late to change");
    }

    [TestCase(VirtioFeatures.Version1 | 1UL << 5, TestName = "a feature that is not offered")]
    [TestCase(VirtioFeatures.Version1 | 1UL << 63, TestName = "a high feature that is not offered")]
    public void Features_that_cannot_be_are_refused(ulong features)
    {
        var device = new EchoDevice();
        TestDriver driver = Machine(device).Driver;
        driver.Write(VirtioMmioRegister.Status, (uint)Negotiating);
        driver.WriteFeatures(features);
        driver.Write(VirtioMmioRegister.Status, (uint)TestDriver.Ready);
        Assert.That(driver.Status, Is.EqualTo(Negotiating), "neither FEATURES_OK nor DRIVER_OK");
        Assert.That(device.Accepted, Is.Null);
    }

    // xv6's driver wants this vendor, and accepts features of the low word only.
    [Test]
    public void A_driver_without_version_1_is_served()
    {
        const uint Qemu = 0x554d4551;
        var device = new EchoDevice();
        TestDriver driver = Machine(device).Driver;
        Assert.That(driver.Read(VirtioMmioRegister.VendorId), Is.EqualTo(Qemu));
        TestQueue queue = driver.Start(EchoDevice.OwnFeature)[0];
        queue.Add(new TestBuffer(driver.Put("xv6"u8), 3), new TestBuffer(driver.Allocate(3), 3, true));
        queue.Kick();
        Assert.That(queue.TakeUsed(), Is.EqualTo(new[] { new UsedElement(0, 3) }));
        Assert.That(device.Accepted, Is.EqualTo(EchoDevice.OwnFeature));
    }

    [Test]
    public void Status_bits_are_only_added()
    {
        TestDriver driver = Machine().Driver;
        driver.Write(VirtioMmioRegister.Status, (uint)Negotiating);
        driver.Write(VirtioMmioRegister.Status, (uint)VirtioStatus.Acknowledge);
        Assert.That(driver.Status, Is.EqualTo(Negotiating));
        driver.Write(VirtioMmioRegister.Status, (uint)(VirtioStatus.DeviceNeedsReset | VirtioStatus.Failed));
        Assert.That(driver.Status, Is.EqualTo(Negotiating | VirtioStatus.Failed), "NEEDS_RESET is the device's to set");
        driver.Write(VirtioMmioRegister.Status, 0x100);
        Assert.That(driver.Status, Is.EqualTo(Negotiating | VirtioStatus.Failed), "only zero resets");
        driver.Write(VirtioMmioRegister.Status, 0);
        Assert.That(driver.Status, Is.EqualTo(VirtioStatus.None));
    }

    [Test]
    public void Queue_registers_belong_to_the_selected_queue()
    {
        VirtioMachine machine = Machine(new EchoDevice(queues: 2, queueSize: 64));
        TestDriver driver = machine.Driver;
        driver.Write(VirtioMmioRegister.QueueSel, 1);
        Assert.That(driver.Read(VirtioMmioRegister.QueueNumMax), Is.EqualTo(64));
        driver.Write(VirtioMmioRegister.QueueNum, 8);
        driver.Write(VirtioMmioRegister.QueueDescLow, 0x1000);
        driver.Write(VirtioMmioRegister.QueueDescHigh, 0x2);
        driver.Write(VirtioMmioRegister.QueueReady, 1);
        Assert.That(driver.Read(VirtioMmioRegister.QueueReady), Is.EqualTo(1));
        driver.Write(VirtioMmioRegister.QueueNum, 16);
        driver.Write(VirtioMmioRegister.QueueDescLow, 0x3000);
        VirtqueueState queue = machine.Transport.Save().Endpoint.Queues[1];
        Assert.That(queue.Size, Is.EqualTo(8), "an enabled queue keeps its size");
        Assert.That(queue.DescriptorArea, Is.EqualTo(0x2_0000_1000), "and its addresses");

        driver.Write(VirtioMmioRegister.QueueSel, 0);
        Assert.That(driver.Read(VirtioMmioRegister.QueueReady), Is.Zero);
        foreach (uint missing in (uint[])[2, 15, 16, uint.MaxValue])
        {
            driver.Write(VirtioMmioRegister.QueueSel, missing);
            driver.Write(VirtioMmioRegister.QueueReady, 1);
            Assert.That(driver.Read(VirtioMmioRegister.QueueNumMax), Is.Zero);
            Assert.That(driver.Read(VirtioMmioRegister.QueueReady), Is.Zero);
        }
    }

    [TestCase(0u, 1, 0x01UL)]
    [TestCase(0u, 2, 0x0201UL)]
    [TestCase(4u, 4, 0x08070605UL)]
    [TestCase(0u, 8, 0x0807060504030201UL)]
    [TestCase(1u, 4, 0x05040302UL)]
    [TestCase(8u, 4, 0x0A09UL, Description = "half beyond the end")]
    [TestCase(8u, 8, 0x0A09UL)]
    [TestCase(10u, 4, 0UL)]
    [TestCase(0xE00u, 8, 0UL)]
    public void Configuration_reads_any_width(uint offset, int size, ulong expected) =>
        Assert.That(Machine().Driver.ReadConfig(offset, size), Is.EqualTo(expected));

    [Test]
    public void A_configuration_change_is_announced_to_a_driver_that_is_ready()
    {
        var device = new EchoDevice();
        VirtioMachine machine = Machine(device);
        device.Notifier.ConfigChanged();
        Assert.That(machine.Line.IsAsserted, Is.False, "no driver yet");
        Assert.That(machine.Driver.Read(VirtioMmioRegister.ConfigGeneration), Is.EqualTo(1));

        machine.Driver.Start();
        device.Notifier.ConfigChanged();
        Assert.That(machine.Line.IsAsserted);
        Assert.That(machine.Driver.InterruptStatus, Is.EqualTo((uint)VirtioMmioInterrupts.ConfigChange));
        Assert.That(machine.Driver.Read(VirtioMmioRegister.ConfigGeneration), Is.EqualTo(2));
        machine.Driver.Write(VirtioMmioRegister.InterruptAck, 1);
        Assert.That(machine.Line.IsAsserted, "another event was acknowledged");
        machine.Driver.Write(VirtioMmioRegister.InterruptAck, 2);
        Assert.That(machine.Line.IsAsserted, Is.False);
    }

    [Test]
    public void A_reset_clears_everything_and_the_device_works_again()
    {
        var device = new EchoDevice();
        VirtioMachine machine = Machine(device);
        for (int round = 0; round < 3; round++)
        {
            TestQueue queue = machine.Driver.Start()[0];
            queue.Add(new TestBuffer(machine.Driver.Put("hello"u8), 5), new TestBuffer(machine.Driver.Allocate(5), 5, Writable: true));
            queue.Kick();
            Assert.That(queue.TakeUsed(), Is.EqualTo(new[] { new UsedElement(0, 5) }), $"round {round}");
            Assert.That(machine.Line.IsAsserted);
            int resets = device.Resets;
            machine.Driver.Write(VirtioMmioRegister.Status, 0);
            Assert.That(machine.Line.IsAsserted, Is.False);
            Assert.That(machine.Driver.InterruptStatus, Is.Zero);
            Assert.That(machine.Driver.Read(VirtioMmioRegister.QueueReady), Is.Zero);
            Assert.That(device.Resets, Is.EqualTo(resets + 1));
            VirtioMmioState state = machine.Transport.Save();
            Assert.That(state.Endpoint, Is.EqualTo(new VirtioMachine(new EchoDevice()).Transport.Save().Endpoint));
        }
    }

    [Test]
    public void A_queue_can_be_reset_alone()
    {
        VirtioMachine machine = Machine(new EchoDevice(queues: 2));
        TestQueue[] queues = machine.Driver.Start();
        machine.Driver.Write(VirtioMmioRegister.QueueSel, 1);
        machine.Driver.Write(VirtioMmioRegister.QueueReset, 1);
        Assert.That(machine.Driver.Read(VirtioMmioRegister.QueueReset), Is.Zero);
        Assert.That(machine.Driver.Read(VirtioMmioRegister.QueueReady), Is.Zero);
        machine.Driver.Write(VirtioMmioRegister.QueueSel, 0);
        Assert.That(machine.Driver.Read(VirtioMmioRegister.QueueReady), Is.EqualTo(1));
        queues[0].Add(new TestBuffer(machine.Driver.Put("x"u8), 1));
        queues[0].Kick();
        Assert.That(queues[0].TakeUsed(), Has.Count.EqualTo(1));

        var again = new TestQueue(machine.Driver, 1, 4, eventIndex: true);
        again.Enable();
        again.Add(new TestBuffer(machine.Driver.Put("x"u8), 1));
        again.Kick();
        Assert.That(again.TakeUsed(), Has.Count.EqualTo(1));
    }

    [Test]
    public void Notifications_count_only_for_a_queue_that_is_ready_in_a_device_that_is()
    {
        var device = new EchoDevice(queues: 2);
        VirtioMachine machine = Machine(device);
        TestDriver driver = machine.Driver;
        driver.Write(VirtioMmioRegister.QueueNotify, 0);
        TestQueue queue = driver.Start()[1];
        queue.Add(new TestBuffer(driver.Put("x"u8), 1));
        int calls = device.Calls;
        foreach (uint index in (uint[])[2, 16, 32, 33, uint.MaxValue])
        {
            driver.Write(VirtioMmioRegister.QueueNotify, index);
        }

        driver.Write(VirtioMmioRegister.QueueSel, 1);
        driver.Write(VirtioMmioRegister.QueueReady, 0);
        driver.Write(VirtioMmioRegister.QueueNotify, 1);
        Assert.That(device.Calls, Is.EqualTo(calls).Or.EqualTo(calls + 1), "queue 0 may have been looked at");
        Assert.That(queue.TakeUsed(), Is.Empty);
        driver.Write(VirtioMmioRegister.QueueReady, 1);
        Assert.That(queue.TakeUsed(), Has.Count.EqualTo(1), "what waited is seen when the queue is enabled");

        driver.Write(VirtioMmioRegister.Status, (uint)(TestDriver.Ready | VirtioStatus.Failed));
        queue.Add(new TestBuffer(driver.Put("x"u8), 1));
        queue.Kick();
        Assert.That(queue.TakeUsed(), Is.Empty, "the driver has given up");
    }

    [Test]
    public void State_moves_to_another_machine()
    {
        VirtioMachine machine = Machine();
        TestQueue queue = machine.Driver.Start()[0];
        queue.Add(new TestBuffer(machine.Driver.Put("x"u8), 1));
        queue.Kick();
        VirtioMmioState state = machine.Transport.Save();

        VirtioMachine other = Machine();
        machine.Memory.Bytes.CopyTo(other.Memory.Bytes);
        other.Transport.Restore(state);
        Assert.That(other.Transport.Save(), Is.EqualTo(state));
        Assert.That(other.Line.IsAsserted);
        Assert.That(queue.UsedIndex, Is.EqualTo(1));
        Assert.That(machine.Transport.Save(), Is.EqualTo(state));
    }

    [Test]
    public void A_device_belongs_to_one_transport()
    {
        var device = new EchoDevice();
        Machine(device);
        Assert.Throws<InvalidOperationException>(() => Machine(device));
    }
}

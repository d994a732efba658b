using Emulator.Core.Memory;
using Emulator.Devices.Virtio;
using Emulator.Devices.Work;

namespace Emulator.Tests.Virtio;

internal sealed class VirtqueueTests
{
    private const ulong WithoutEventIndex = VirtioFeatures.Version1 | VirtioFeatures.IndirectDescriptors;

    private VirtioMachine _machine = null!;

    private TestDriver Driver => _machine.Driver;

    [SetUp]
    public void SetUp() => _machine = new VirtioMachine(new EchoDevice());

    private static TestBuffer[] Scatter(TestDriver driver, ReadOnlySpan<byte> bytes, Random random)
    {
        var buffers = new List<TestBuffer>();
        while (bytes.Length > 0)
        {
            int count = Math.Min(bytes.Length, random.Next(8));
            buffers.Add(new TestBuffer(driver.Put(bytes[..count]), (uint)count));
            bytes = bytes[count..];
        }

        return [.. buffers];
    }

    [Test]
    public void Framing_means_nothing([Values(1, 2, 3, 4, 5)] int seed, [Values] bool indirect, [Values] bool spans)
    {
        var random = new Random(seed);
        _machine.Memory.AllowsSpans = spans;
        TestQueue queue = Driver.Start()[0];
        byte[] message = new byte[20];
        random.NextBytes(message);
        TestBuffer[] output = Scatter(Driver, message, random);
        GuestPhysicalAddress answer = Driver.Allocate(64);
        TestBuffer[] input = [new(answer, 7, true), new(answer + 20, 0, true), new(answer + 7, 4, true), new(answer + 11, 9, true)];
        TestBuffer[] all = [.. output, .. input];
        Assume.That(all.Length, Is.LessThan(queue.Size));
        _ = indirect ? queue.AddIndirect(all.AsSpan(0, seed % 3), all.AsSpan(seed % 3)) : queue.Add(all);
        queue.Kick();
        Assert.That(queue.TakeUsed(), Is.EqualTo(new[] { new UsedElement(0, 20) }), $"seed {seed}");
        Assert.That(_machine.Memory.At(answer, 20).ToArray(), Is.EqualTo(message), $"seed {seed}");
        Assert.That(_machine.Memory.UnannouncedWrites, Is.Zero);
    }

    [Test]
    public void Indices_wrap([Values] bool eventIndex)
    {
        TestQueue queue = Driver.Start(eventIndex ? TestDriver.RingFeatures : WithoutEventIndex, queueSize: 4)[0];
        GuestPhysicalAddress data = Driver.Put("abc"u8);
        int used = 0;
        for (int i = 0; i < 70_000; i++)
        {
            queue.Add(new TestBuffer(data, 3));
            queue.KickIfWanted();
            used += queue.UsedIndex == (ushort)(i + 1) ? 1 : 0;
        }

        Assert.That(used, Is.EqualTo(70_000));
    }

    [Test]
    public void One_interrupt_serves_a_batch()
    {
        TestQueue queue = Driver.Start(WithoutEventIndex)[0];
        GuestPhysicalAddress data = Driver.Put("abc"u8);
        for (int i = 0; i < 10; i++)
        {
            queue.Add(new TestBuffer(data, 3));
        }

        queue.Kick();
        Assert.That(queue.TakeUsed(), Has.Count.EqualTo(10));
        Assert.That(_machine.Line.Rises, Is.EqualTo(1));
        Assert.That(queue.UsedFlags, Is.Zero, "notifications are wanted again");
    }

    [Test]
    public void The_driver_can_refuse_interrupts_by_flag()
    {
        TestQueue queue = Driver.Start(WithoutEventIndex)[0];
        queue.SetInterruptWish(1);
        queue.Add(new TestBuffer(Driver.Put("abc"u8), 3));
        queue.Kick();
        Assert.That(queue.TakeUsed(), Has.Count.EqualTo(1));
        Assert.That(_machine.Line.IsAsserted, Is.False);
        queue.SetInterruptWish(0);
        queue.Add(new TestBuffer(Driver.Put("abc"u8), 3));
        queue.Kick();
        Assert.That(_machine.Line.IsAsserted);
    }

    [Test]
    public void The_driver_can_ask_for_an_interrupt_at_an_index()
    {
        TestQueue queue = Driver.Start()[0];
        queue.SetInterruptWish(2);
        GuestPhysicalAddress data = Driver.Put("abc"u8);
        for (int i = 0; i < 5; i++)
        {
            queue.Add(new TestBuffer(data, 3));
            queue.Kick();
            Assert.That(_machine.Line.IsAsserted, Is.EqualTo(i >= 2), $"after buffer {i}");
        }

        Assert.That(_machine.Line.Rises, Is.EqualTo(1));
    }

    [Test]
    public void The_device_asks_for_the_next_notification_by_index()
    {
        TestQueue queue = Driver.Start()[0];
        GuestPhysicalAddress data = Driver.Put("abc"u8);
        for (ushort i = 1; i < 40; i++)
        {
            queue.Add(new TestBuffer(data, 3));
            Assert.That(queue.KickIfWanted(), $"buffer {i}");
            Assert.That(queue.AvailableEvent, Is.EqualTo(i));
            Assert.That(queue.UsedFlags, Is.Zero, "the flag is not used together with the index");
        }
    }

    [Test]
    public void A_buffer_that_comes_while_the_queue_is_emptied_needs_no_notification([Values] bool eventIndex)
    {
        var device = new EchoDevice();
        var machine = new VirtioMachine(device);
        TestQueue queue = machine.Driver.Start(eventIndex ? TestDriver.RingFeatures : WithoutEventIndex)[0];
        GuestPhysicalAddress data = machine.Driver.Put("abc"u8);
        int left = 200;
        bool wanted = false;
        device.OnChain = () =>
        {
            if (left-- > 0)
            {
                queue.Add(new TestBuffer(data, 3));
                wanted |= queue.KickIfWanted();
            }
        };
        queue.Add(new TestBuffer(data, 3));
        queue.KickIfWanted();
        Assert.That(queue.UsedIndex, Is.EqualTo(201));
        Assert.That(wanted, Is.False, "it was at work");
    }

    public static IEnumerable<TestCaseData> Mistakes()
    {
        static TestCaseData Case(string name, Action<TestDriver, TestQueue> mistake) => new TestCaseData(mistake).SetArgDisplayNames(name);
        const DescriptorFlags Next = DescriptorFlags.Next;
        const DescriptorFlags Indirect = DescriptorFlags.Indirect;

        yield return Case("loop", static (driver, queue) =>
        {
            queue.RawDescriptor(queue.Descriptors, 0, driver.Allocate(4).Value, 4, Next, 1);
            queue.RawDescriptor(queue.Descriptors, 1, driver.Allocate(4).Value, 4, Next, 0);
            queue.Offer(0);
        });
        yield return Case("descriptor names itself", static (driver, queue) =>
        {
            queue.RawDescriptor(queue.Descriptors, 3, driver.Allocate(4).Value, 0, Next, 3);
            queue.Offer(3);
        });
        yield return Case("head outside the table", static (_, queue) => queue.Offer(queue.Size));
        yield return Case("next outside the table", static (driver, queue) =>
        {
            queue.RawDescriptor(queue.Descriptors, 0, driver.Allocate(4).Value, 4, Next, 999);
            queue.Offer(0);
        });
        yield return Case("readable after writable", static (driver, queue) =>
            queue.Add(new TestBuffer(driver.Allocate(4), 4, true), new TestBuffer(driver.Allocate(4), 4)));
        yield return Case("index jumps", static (_, queue) =>
        {
            queue.AvailableIndex += (ushort)(queue.Size + 1);
            queue.PublishAvailable();
        });
        yield return Case("index goes back", static (_, queue) =>
        {
            queue.AvailableIndex--;
            queue.PublishAvailable();
        });
        yield return Case("indirect and next", static (driver, queue) =>
        {
            queue.RawDescriptor(queue.Descriptors, 0, driver.Allocate(32).Value, 32, Indirect | Next, 1);
            queue.Offer(0);
        });
        yield return Case("indirect table in an indirect table", static (driver, queue) =>
        {
            GuestPhysicalAddress table = driver.Allocate(32);
            queue.RawDescriptor(table, 0, table.Value, 32, Indirect, 0);
            queue.RawDescriptor(queue.Descriptors, 0, table.Value, 32, Indirect, 0);
            queue.Offer(0);
        });
        yield return Case("empty indirect table", static (driver, queue) =>
        {
            queue.RawDescriptor(queue.Descriptors, 0, driver.Allocate(16).Value, 0, Indirect, 0);
            queue.Offer(0);
        });
        yield return Case("half an indirect descriptor", static (driver, queue) =>
        {
            queue.RawDescriptor(queue.Descriptors, 0, driver.Allocate(32).Value, 24, Indirect, 0);
            queue.Offer(0);
        });
        yield return Case("next outside an indirect table", static (driver, queue) =>
        {
            GuestPhysicalAddress table = driver.Allocate(32);
            queue.RawDescriptor(table, 0, driver.Allocate(4).Value, 4, Next, 2);
            queue.RawDescriptor(queue.Descriptors, 0, table.Value, 32, Indirect, 0);
            queue.Offer(0);
        });
        yield return Case("wild indirect table", static (_, queue) =>
        {
            queue.RawDescriptor(queue.Descriptors, 0, 0xFFFF_FFFF_FFFF_FFF0, 0xFFFF_FFF0, Indirect, 0);
            queue.Offer(0);
        });
        yield return Case("indirect chain longer than the queue", static (driver, queue) =>
        {
            var buffers = new TestBuffer[queue.Size + 1];
            Array.Fill(buffers, new TestBuffer(driver.Allocate(4), 0));
            queue.AddIndirect([], buffers);
        });
        yield return Case("more than 2^32 bytes", static (driver, queue) =>
            queue.Add(new TestBuffer(driver.Allocate(4), 0x8000_0000), new TestBuffer(driver.Allocate(4), 0x8000_0000)));
    }

    [TestCaseSource(nameof(Mistakes))]
    public void A_ring_that_makes_no_sense_needs_a_reset(Action<TestDriver, TestQueue> mistake)
    {
        TestQueue queue = Driver.Start(queueSize: 8)[0];
        queue.Kick();
        mistake(Driver, queue);
        queue.Kick();
        AssertNeedsReset();
        Assert.That(queue.TakeUsed(), Is.Empty);
        Driver.Write(VirtioMmioRegister.Status, (uint)TestDriver.Ready);
        queue.Kick();
        Assert.That(Driver.Status.HasFlag(VirtioStatus.DeviceNeedsReset), "until the reset");
        AssertWorks();
    }

    [Test]
    public void Indirect_tables_must_be_negotiated()
    {
        TestQueue queue = Driver.Start(VirtioFeatures.Version1)[0];
        queue.AddIndirect([], [new TestBuffer(Driver.Allocate(4), 4)]);
        queue.Kick();
        AssertNeedsReset();
    }

    [TestCase(VirtioMmioRegister.QueueDescLow, 0x8000_1008u, TestName = "descriptors not aligned")]
    [TestCase(VirtioMmioRegister.QueueDriverLow, 0x8000_1001u, TestName = "available ring not aligned")]
    [TestCase(VirtioMmioRegister.QueueDeviceLow, 0x8000_1002u, TestName = "used ring not aligned")]
    [TestCase(VirtioMmioRegister.QueueDriverLow, 0x1000u, TestName = "available ring outside RAM")]
    [TestCase(VirtioMmioRegister.QueueDeviceLow, 0x1000u, TestName = "used ring outside RAM")]
    [TestCase(VirtioMmioRegister.QueueDescHigh, 0xFFFF_FFFFu, TestName = "descriptors outside RAM")]
    [TestCase(VirtioMmioRegister.QueueNum, 0u, TestName = "size zero")]
    [TestCase(VirtioMmioRegister.QueueNum, 6u, TestName = "size not a power of two")]
    [TestCase(VirtioMmioRegister.QueueNum, 32u, TestName = "size above the maximum")]
    [TestCase(VirtioMmioRegister.QueueNum, 0x10010u, TestName = "size beyond 16 bits")]
    public void A_queue_that_cannot_be_needs_a_reset(VirtioMmioRegister register, uint value)
    {
        TestQueue queue = Driver.Start()[0];
        Driver.Write(VirtioMmioRegister.QueueSel, 0);
        Driver.Write(VirtioMmioRegister.QueueReady, 0);
        Driver.Write(register, value);
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        Driver.Write(VirtioMmioRegister.QueueReady, 1);
        queue.Kick();
        AssertNeedsReset();
        AssertWorks();
    }

    [Test]
    public void Wild_buffers_are_given_back_with_nothing_in_them()
    {
        TestQueue queue = Driver.Start()[0];
        queue.Add(new TestBuffer(new GuestPhysicalAddress(0x10), 8), new TestBuffer(Driver.Allocate(8), 8, true));
        queue.Add(new TestBuffer(Driver.Allocate(8), 8), new TestBuffer(new GuestPhysicalAddress(ulong.MaxValue), 8, true));
        queue.Add(new TestBuffer(_machine.Memory.Start + (VirtioMachine.RamSize - 4ul), 8));
        queue.Kick();
        Assert.That(queue.TakeUsed(), Is.EqualTo(new UsedElement[] { new(0, 0), new(2, 0), new(4, 0) }));
    }

    [Test]
    public void A_fault_of_the_device_needs_a_reset()
    {
        var device = new EchoDevice { OnChain = static () => throw new IOException("broken") };
        _machine = new VirtioMachine(device);
        TestQueue queue = Driver.Start()[0];
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        queue.Kick();
        AssertNeedsReset();
        device.OnChain = null;
        AssertWorks();
    }

    [Test]
    public void A_reset_from_within_the_work_throws_its_results_away()
    {
        var device = new EchoDevice();
        _machine = new VirtioMachine(device);
        TestQueue queue = Driver.Start()[0];
        device.OnChain = () => _machine.Transport.Write(new Core.Bus.MmioAccess((uint)VirtioMmioRegister.Status, 4), 0);
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        queue.Kick();
        Assert.That(queue.UsedIndex, Is.Zero, "the rings are the driver's again");
        Assert.That(_machine.Line.IsAsserted, Is.False);
        device.OnChain = null;
        AssertWorks();
    }

    [Test]
    public async Task A_reset_waits_for_work_on_another_thread()
    {
        await using var work = WorkQueue.CreateThreaded();
        using var entered = new SemaphoreSlim(0);
        using var proceed = new SemaphoreSlim(0);
        var device = new EchoDevice();
        _machine = new VirtioMachine(device, work);
        TestQueue queue = Driver.Start()[0];
        await work.DrainAsync();
        device.OnChain = () =>
        {
            entered.Release();
            proceed.Wait();
        };
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        queue.Kick();
        await entered.WaitAsync();
        Task reset = Task.Run(() => Driver.Write(VirtioMmioRegister.Status, 0));
        Assert.That(reset.IsCompleted, Is.False);
        proceed.Release(2); // the second buffer may be begun before the reset is asked for
        await reset;
        ushort used = queue.UsedIndex;
        Assert.That(used, Is.EqualTo(2 - proceed.CurrentCount), "what was begun was finished");
        await work.DrainAsync();
        Assert.That(queue.UsedIndex, Is.EqualTo(used), "and nothing else after the reset");
        Assert.That(Driver.InterruptStatus, Is.Zero);
        Assert.That(Driver.Status, Is.EqualTo(VirtioStatus.None));
        device.OnChain = null;
        queue = Driver.Start()[0];
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        queue.Kick();
        await work.DrainAsync();
        Assert.That(queue.TakeUsed(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_pause_stops_between_two_buffers_and_a_restored_machine_goes_on()
    {
        await using var work = WorkQueue.CreateThreaded();
        Task? pause = null;
        var device = new EchoDevice();
        _machine = new VirtioMachine(device, work);
        TestQueue queue = Driver.Start()[0];
        await work.DrainAsync();
        device.OnChain = () => pause ??= work.PauseAsync();
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        queue.Add(new TestBuffer(Driver.Put("x"u8), 1));
        queue.Kick();
        SpinWait.SpinUntil(() => Volatile.Read(ref pause) is not null);
        await pause!;
        Assert.That(queue.UsedIndex, Is.EqualTo(1));

        var other = new VirtioMachine(new EchoDevice());
        _machine.Memory.Bytes.CopyTo(other.Memory.Bytes);
        await other.Work.PauseAsync();
        other.Transport.Restore(_machine.Transport.Save());
        Assert.That(other.Transport.Save(), Is.EqualTo(_machine.Transport.Save()));
        other.Work.Resume();
        Assert.That(other.Memory.At(queue.Used + 2, 1)[0], Is.EqualTo(2), "the restored machine finished the work");

        work.Resume();
        await work.DrainAsync();
        Assert.That(queue.UsedIndex, Is.EqualTo(2), "and so did the first");
        Assert.That(other.Transport.Save(), Is.EqualTo(_machine.Transport.Save()));
    }

    private void AssertNeedsReset()
    {
        Assert.That(Driver.Status, Is.EqualTo(TestDriver.Ready | VirtioStatus.DeviceNeedsReset));
        Assert.That(Driver.InterruptStatus & (uint)VirtioMmioInterrupts.ConfigChange, Is.Not.Zero, "and the driver is told");
        Assert.That(_machine.Line.IsAsserted);
    }

    private void AssertWorks()
    {
        TestQueue queue = Driver.Start()[0];
        queue.Add(new TestBuffer(Driver.Put("hello"u8), 5), new TestBuffer(Driver.Allocate(5), 5, Writable: true));
        queue.Kick();
        Assert.That(queue.TakeUsed(), Is.EqualTo(new[] { new UsedElement(0, 5) }), "works after a reset");
    }
}

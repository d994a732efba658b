using System.Buffers.Binary;
using Emulator.Core.Bus;
using Emulator.Core.Memory;
using Emulator.Devices.Storage;
using Emulator.Devices.Virtio;
using Emulator.Devices.Work;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Virtio;

/// <summary>
/// Drivers that do anything at all: nothing throws, hangs or leaves guest memory, and after a reset the device works for the next one.
/// </summary>
internal sealed class VirtioFuzzTests
{
    private const int CasesPerSeed = 1_500;
    private const int RamSize = 32 * 1024;
    private const int DiskSectors = 32;

    private static readonly uint[] Registers = [.. Enum.GetValues<VirtioMmioRegister>().Select(static register => (uint)register)];
    private static readonly int[] Sizes = [1, 2, 4, 8];

    public static IEnumerable<TestCaseData> Devices()
    {
        foreach (int seed in (int[])[1, 2, 3, 4])
        {
            yield return Case("block", seed, static () => new VirtioBlock(new MemoryDisk(DiskSectors * 512)));
            yield return Case("entropy", seed, static () => new VirtioEntropy(EntropySource.FromSeed(1)));
            yield return Case("console", seed, static () => new VirtioConsole(new FakeCharacterHost()));
            yield return Case("echo", seed, static () => new EchoDevice(queues: 3));
        }

        static TestCaseData Case(string name, int seed, Func<IVirtioDevice> create) =>
            new TestCaseData(create, seed).SetArgDisplayNames(name, $"seed {seed}");
    }

    [TestCaseSource(nameof(Devices))]
    public void No_driver_can_break_a_device(Func<IVirtioDevice> create, int seed)
    {
        var random = new Random(seed);
        IVirtioDevice device = create();
        var machine = new VirtioMachine(device, ramSize: RamSize);
        var fuzzer = new Fuzzer(machine, random);
        int broken = 0;
        for (int i = 0; i < CasesPerSeed; i++)
        {
            int caseSeed = random.Next();
            try
            {
                fuzzer.Run(new Random(caseSeed));
            }
            catch (Exception fault) when (fault is not AssertionException)
            {
                Assert.Fail($"seed {seed}, case {i} ({caseSeed}): {fault}");
            }

            Assert.That(machine.Memory.UnannouncedWrites, Is.Zero, $"seed {seed}, case {i}");
            broken += machine.Driver.Status.HasFlag(VirtioStatus.DeviceNeedsReset) ? 1 : 0;
            if (i % 100 == 0)
            {
                AssertWorks(machine, device, $"seed {seed}, case {i}");
            }
        }

        // The cases must be neither all nonsense nor all harmless.
        Assert.That(broken, Is.InRange(CasesPerSeed / 20, CasesPerSeed * 19 / 20), "cases that needed a reset");
        TestContext.Out.WriteLine($"{broken} of {CasesPerSeed} cases needed a reset; {fuzzer.Used} buffers used");
    }

    [Test]
    public async Task Harts_that_reset_and_notify_at_random_are_never_stuck([Values(1, 2)] int seed)
    {
        const int Rounds = 80;
        await using var work = WorkQueue.CreateThreaded();
        var device = new EchoDevice(queues: 2);
        var machine = new VirtioMachine(device, work, RamSize);
        TestQueue[] queues = machine.Driver.Start();
        GuestPhysicalAddress data = machine.Driver.Allocate(64);
        foreach (TestQueue queue in queues)
        {
            for (int i = 0; i < 16; i++)
            {
                queue.Add(new TestBuffer(data, 8));
            }
        }

        byte[] rings = machine.Memory.Bytes.ToArray();
        Task[] harts = [.. Enumerable.Range(0, 2).Select(hart => Task.Run(() =>
        {
            // Two harts at once, each as if it were alone: their initialisations, notifications and resets mix in every order.
            var random = new Random(seed + (hart * 1000));
            for (int i = 0; i < Rounds; i++)
            {
                Initialise(machine, queues);
                for (int kicks = random.Next(4); kicks >= 0; kicks--)
                {
                    Write(machine, VirtioMmioRegister.QueueNotify, (uint)random.Next(2));
                }

                // Sometimes the worker gets to it before the reset does, sometimes it is caught at it.
                int calls = device.Calls;
                for (int patience = random.Next(40); patience > 0 && device.Calls == calls; patience--)
                {
                    Thread.Yield();
                }

                (VirtioMmioRegister register, uint value) = random.Next(5) switch
                {
                    0 => (VirtioMmioRegister.QueueReady, 0u),
                    1 => (VirtioMmioRegister.QueueReset, 1u),
                    2 => (VirtioMmioRegister.InterruptAck, 3u),
                    _ => (VirtioMmioRegister.Status, 0u),
                };
                Write(machine, register, value);
            }
        }))];
        await Task.WhenAll(harts);
        machine.Driver.Write(VirtioMmioRegister.Status, 0);
        await work.DrainAsync();
        Assert.That(machine.Line.IsAsserted, Is.False, $"seed {seed}");
        Assert.That(device.Calls, Is.GreaterThan(Rounds / 10), $"seed {seed}");
        machine.Driver.Start();
        rings.CopyTo(machine.Memory.Bytes);
        queues[0].Kick();
        await work.DrainAsync();
        Assert.That(queues[0].UsedIndex, Is.EqualTo(16), $"seed {seed}");
    }

    private static void Initialise(VirtioMachine machine, TestQueue[] queues)
    {
        Write(machine, VirtioMmioRegister.DriverFeaturesSel, 1);
        Write(machine, VirtioMmioRegister.DriverFeatures, (uint)((VirtioFeatures.Version1 | VirtioFeatures.RingReset) >> 32));
        Write(machine, VirtioMmioRegister.Status, (uint)(TestDriver.Ready & ~VirtioStatus.DriverOk));
        for (uint i = 0; i < queues.Length; i++)
        {
            Write(machine, VirtioMmioRegister.QueueSel, i);
            Write(machine, VirtioMmioRegister.QueueDescLow, (uint)queues[i].Descriptors.Value);
            Write(machine, VirtioMmioRegister.QueueDriverLow, (uint)queues[i].Available.Value);
            Write(machine, VirtioMmioRegister.QueueDeviceLow, (uint)queues[i].Used.Value);
            Write(machine, VirtioMmioRegister.QueueReady, 1);
        }

        Write(machine, VirtioMmioRegister.Status, (uint)TestDriver.Ready);
    }

    private static void Write(VirtioMachine machine, VirtioMmioRegister register, uint value) =>
        machine.Transport.Write(new MmioAccess((uint)register, 4), value);

    private static void AssertWorks(VirtioMachine machine, IVirtioDevice device, string where)
    {
        TestQueue[] queues = machine.Driver.Start();
        switch (device)
        {
            case VirtioBlock:
                Assert.That(new BlockDriver(machine.Driver, queues[0]).Do(BlockDriver.In, 0, input: 512).Status, Is.Zero, where);
                break;
            case VirtioConsole:
                queues[1].Add(new TestBuffer(machine.Driver.Put("x"u8), 1));
                queues[1].Kick();
                Assert.That(queues[1].TakeUsed(), Has.Count.EqualTo(1), where);
                break;
            default:
                queues[0].Add(new TestBuffer(machine.Driver.Put("hello"u8), 5), new TestBuffer(machine.Driver.Allocate(5), 5, true));
                queues[0].Kick();
                Assert.That(queues[0].TakeUsed().Single().Length, Is.EqualTo(5), where);
                break;
        }
    }

    /// <summary>One driver: mostly does what a driver should, with nonsense strewn in.</summary>
    private sealed class Fuzzer(VirtioMachine machine, Random random)
    {
        private const int QueueSize = 8;

        private Random _random = random;

        public int Used { get; private set; }

        public void Run(Random source)
        {
            _random = source;
            TestDriver driver = machine.Driver;
            TestQueue[] queues = driver.Start(Chance(2) ? ulong.MaxValue : ~VirtioFeatures.EventIndex, QueueSize);
            _random.NextBytes(driver.Memory.Bytes.Slice(RamSize / 2, 512));
            int steps = _random.Next(1, 12);
            for (int i = 0; i < steps; i++)
            {
                TestQueue queue = queues[_random.Next(queues.Length)];
                switch (_random.Next(16))
                {
                    case < 7:
                        AddRandomChain(queue);
                        break;
                    case < 11:
                        queue.Kick();
                        break;
                    case 11:
                        AccessRegister();
                        break;
                    case 12:
                        queue.SetInterruptWish((ushort)_random.Next(0x10000));
                        break;
                    case 13 when Chance(4):
                        queue.AvailableIndex += (ushort)_random.Next(0x10000);
                        queue.PublishAvailable();
                        break;
                    case 14:
                        StirDevice();
                        break;
                    default:
                        driver.Write(VirtioMmioRegister.QueueNotify, (uint)_random.Next(4));
                        break;
                }
            }

            foreach (TestQueue queue in queues)
            {
                queue.Kick();
                Used += queue.UsedIndex;
            }
        }

        private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

        private void StirDevice()
        {
            if (machine.Transport.Device is VirtioConsole console)
            {
                byte[] bytes = new byte[_random.Next(2000)];
                console.Receive(bytes);
                console.SinkReady();
                console.Resize((ushort)_random.Next(200), (ushort)_random.Next(200));
            }
        }

        private void AccessRegister()
        {
            int size = Chance(4) ? Sizes[_random.Next(Sizes.Length)] : 4;
            uint offset = Chance(3) ? (uint)_random.Next(0x1000 - size + 1) : Registers[_random.Next(Registers.Length)];
            if (Chance(2))
            {
                machine.Transport.Read(new MmioAccess(offset, size), out _);
            }
            else
            {
                machine.Transport.Write(new MmioAccess(offset, size), RandomWord());
            }
        }

        private void AddRandomChain(TestQueue queue)
        {
            GuestPhysicalAddress table = queue.Descriptors;
            int capacity = QueueSize;
            bool indirect = Chance(3);
            if (indirect)
            {
                capacity = Chance(10) ? 40 : 4;
                table = machine.Memory.Start + ((ulong)_random.Next(RamSize / 32 - 40) * 16) + (RamSize / 2);
            }

            int length = _random.Next(1, Math.Min(capacity, 6) + 1);
            int head = indirect ? 0 : _random.Next(QueueSize);
            bool writable = false;
            for (int i = 0; i < length; i++)
            {
                int at = (head + i) % capacity;
                writable = Chance(20) ? !writable : writable || Chance(2);
                var flags = (writable ? DescriptorFlags.Write : 0) | (i < length - 1 || Chance(20) ? DescriptorFlags.Next : 0);
                if (Chance(40))
                {
                    flags |= (DescriptorFlags)_random.Next(0x10000);
                }

                ushort next = Chance(30) ? (ushort)_random.Next(12) : (ushort)((at + 1) % capacity);
                (ulong address, uint size) = RandomBuffer(isFirst: i == 0, isLast: i == length - 1);
                queue.RawDescriptor(table, at, address, size, flags, next);
            }

            if (indirect)
            {
                head = _random.Next(QueueSize);
                uint bytes = Chance(20) ? (uint)RandomWord() : (uint)(capacity * 16);
                queue.RawDescriptor(queue.Descriptors, head, Chance(20) ? RandomWord() : table.Value, bytes, DescriptorFlags.Indirect, 0);
            }

            queue.Offer(Chance(40) ? (ushort)_random.Next(0x10000) : (ushort)head);
        }

        /// <summary>Often a plausible block request: a header first, a byte for the status last.</summary>
        private (ulong Address, uint Length) RandomBuffer(bool isFirst, bool isLast)
        {
            if (Chance(30))
            {
                return (RandomWord(), (uint)RandomWord());
            }

            ulong offset = (ulong)_random.Next((RamSize / 2) + 4096, RamSize - 4096);
            if (isFirst && !Chance(4))
            {
                Span<byte> header = machine.Memory.At(machine.Memory.Start + offset, 16);
                BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)_random.Next(15));
                BinaryPrimitives.WriteUInt64LittleEndian(header[8..], Chance(5) ? RandomWord() : (ulong)_random.Next(DiskSectors + 2));
                return (VirtioMachine.RamStart + offset, 16);
            }

            uint length = isLast && Chance(2) ? 1u : Chance(3) ? (uint)_random.Next(4096) : (uint)(512 * _random.Next(8));
            return (VirtioMachine.RamStart + offset, length);
        }

        private ulong RandomWord() => _random.Next(5) switch
        {
            0 => 0,
            1 => ulong.MaxValue - (ulong)_random.Next(32),
            2 => 1UL << _random.Next(64),
            3 => VirtioMachine.RamStart + (ulong)_random.NextInt64(2 * RamSize),
            _ => (ulong)_random.NextInt64(),
        };
    }
}

using System.Text;
using Emulator.Core.Memory;
using Emulator.Devices.Storage;
using Emulator.Devices.Virtio;
using Emulator.Devices.Work;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Virtio;

internal sealed class VirtioBlockTests
{
    private const int Sectors = 256;
    private const ulong Flush = 1UL << 9;
    private const ulong ConfigWriteCache = 1UL << 11;
    private const ulong Discard = 1UL << 13;
    private const ulong WriteZeroes = 1UL << 14;
    private const ulong ReadOnly = 1UL << 5;

    private FakeDisk _disk = null!;
    private VirtioMachine _machine = null!;
    private TestQueue _queue = null!;
    private BlockDriver _block = null!;

    [SetUp]
    public void SetUp() => Start(new FakeDisk(Sectors * 512));

    private void Start(FakeDisk disk, ulong features = ulong.MaxValue, VirtioBlockOptions? options = null)
    {
        _disk = disk;
        _machine = new VirtioMachine(new VirtioBlock(disk, options));
        _queue = _machine.Driver.Start(features)[0];
        _block = new BlockDriver(_machine.Driver, _queue);
    }

    private static byte[] Pattern(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Test]
    public void Configuration_describes_the_disk()
    {
        TestDriver driver = _machine.Driver;
        Assert.Multiple(() =>
        {
            Assert.That(driver.Read(VirtioMmioRegister.DeviceId), Is.EqualTo(2));
            Assert.That(driver.ReadConfig(0, 8), Is.EqualTo(Sectors), "capacity");
            Assert.That(driver.ReadConfig(0, 4) | (driver.ReadConfig(4, 4) << 32), Is.EqualTo(Sectors), "capacity in halves");
            Assert.That(driver.ReadConfig(12, 4), Is.EqualTo(254), "seg_max");
            Assert.That(driver.ReadConfig(20, 4), Is.EqualTo(512), "blk_size");
            Assert.That(driver.ReadConfig(24, 1), Is.EqualTo(3), "physical_block_exp");
            Assert.That(driver.ReadConfig(26, 2), Is.EqualTo(8), "min_io_size");
            Assert.That(driver.ReadConfig(32, 1), Is.EqualTo(1), "writeback");
            Assert.That(driver.ReadConfig(36, 4), Is.GreaterThan(0), "max_discard_sectors");
            Assert.That(driver.ReadConfig(56, 1), Is.EqualTo(1), "write_zeroes_may_unmap");
            Assert.That(driver.ReadConfig(60, 8), Is.Zero);
            Assert.That(driver.ReadConfig(72, 8), Is.Zero);
        });
    }

    [Test]
    public void Writes_and_reads([Values] bool spans)
    {
        _machine.Memory.AllowsSpans = spans;
        byte[] data = Pattern(4096, 1);
        Assert.That(_block.Do(BlockDriver.Out, 7, data), Is.EqualTo((BlockDriver.Ok, Array.Empty<byte>(), 1u)));
        Assert.That(_disk.Bytes.AsSpan(7 * 512, 4096).SequenceEqual(data));
        (byte status, byte[] read, uint written) = _block.Do(BlockDriver.In, 7, input: 4096);
        Assert.That(status, Is.EqualTo(BlockDriver.Ok));
        Assert.That(read, Is.EqualTo(data));
        Assert.That(written, Is.EqualTo(4097));
        Assert.That(_machine.Memory.UnannouncedWrites, Is.Zero);
    }

    [Test]
    public void Requests_may_be_cut_anywhere([Values(1, 2, 3, 4, 5, 6)] int seed, [Values] bool indirect)
    {
        var random = new Random(seed);
        TestDriver driver = _machine.Driver;
        byte[] expected = _disk.Bytes.AsSpan(512 * 3, 1024).ToArray();

        // The header in pieces, the data in pieces, the status as the end of the last piece.
        GuestPhysicalAddress header = driver.Put(BlockDriver.Header(BlockDriver.In, 3));
        GuestPhysicalAddress answer = driver.Allocate(1025);
        uint cut = (uint)random.Next(1, 16);
        uint first = (uint)random.Next(1, 1024);
        TestBuffer[] buffers =
        [
            new(header, cut), new(header + cut, 16 - cut), new(answer, first, true), new(answer + first, 1025 - first, true),
        ];
        _ = indirect ? _queue.AddIndirect([], buffers) : _queue.Add(buffers);
        _queue.Kick();
        Assert.That(_queue.TakeUsed().Single().Length, Is.EqualTo(1025), $"seed {seed}");
        Assert.That(_machine.Memory.At(answer, 1024).ToArray(), Is.EqualTo(expected), $"seed {seed}");
        Assert.That(_machine.Memory.At(answer + 1024, 1)[0], Is.EqualTo(BlockDriver.Ok), $"seed {seed}");
    }

    [TestCase(Sectors - 1UL, 512, BlockDriver.Ok)]
    [TestCase(Sectors - 1UL, 1024, BlockDriver.IoError)]
    [TestCase((ulong)Sectors, 512, BlockDriver.IoError)]
    [TestCase((ulong)Sectors, 0, BlockDriver.Ok)]
    [TestCase(Sectors + 1UL, 0, BlockDriver.IoError)]
    [TestCase(0UL, 511, BlockDriver.IoError)]
    [TestCase(0UL, 513, BlockDriver.IoError)]
    [TestCase(ulong.MaxValue, 512, BlockDriver.IoError)]
    [TestCase(0x0080_0000_0000_0000UL, 512, BlockDriver.IoError, Description = "times 512 is 2^64")]
    [TestCase(0x007F_FFFF_FFFF_FFFFUL, 512, BlockDriver.IoError)]
    public void Requests_stay_inside_the_disk_and_are_whole_sectors(ulong sector, int length, byte expected)
    {
        (byte status, byte[] data, uint written) = _block.Do(BlockDriver.In, sector, input: length);
        Assert.That(status, Is.EqualTo(expected));
        if (expected != BlockDriver.Ok)
        {
            Assert.That(data, Is.All.Zero);
            Assert.That(written, Is.EqualTo(length == 0 ? 1 : 0), "nothing before the status byte was written");
        }

        byte[] before = [.. _disk.Bytes];
        Assert.That(_block.Do(BlockDriver.Out, sector, new byte[length]).Status, Is.EqualTo(expected));
        if (expected != BlockDriver.Ok)
        {
            Assert.That(_disk.Bytes.AsSpan().SequenceEqual(before));
        }
    }

    [Test]
    public void A_read_only_disk_refuses_every_change()
    {
        Start(new FakeDisk(Sectors * 512) { IsReadOnly = true });
        ulong features = _machine.Driver.ReadFeatures();
        Assert.That(features & (ReadOnly | Discard | WriteZeroes | ConfigWriteCache), Is.EqualTo(ReadOnly));
        byte[] before = [.. _disk.Bytes];
        Assert.That(_block.Do(BlockDriver.Out, 0, new byte[512]).Status, Is.EqualTo(BlockDriver.IoError));
        Assert.That(_block.Do(BlockDriver.Discard, 0, BlockDriver.Range(0, 1)).Status, Is.EqualTo(BlockDriver.Unsupported));
        Assert.That(_block.Do(BlockDriver.WriteZeroes, 0, BlockDriver.Range(0, 1)).Status, Is.EqualTo(BlockDriver.Unsupported));
        Assert.That(_block.Do(BlockDriver.In, 0, input: 512).Data, Is.EqualTo(before[..512]));
        Assert.That(_block.Do(BlockDriver.Flush, 0).Status, Is.EqualTo(BlockDriver.Ok));
        Assert.That(_disk.Bytes.AsSpan().SequenceEqual(before));
    }

    [TestCase("", 20, "")]
    [TestCase("disk-0", 20, "disk-0")]
    [TestCase("12345678901234567890", 20, "12345678901234567890")]
    [TestCase("disk-0", 4, "disk")]
    public void Gives_its_serial_number(string serial, int room, string expected)
    {
        Start(new FakeDisk(512), options: new VirtioBlockOptions { Serial = serial });
        (byte status, byte[] data, uint written) = _block.Do(BlockDriver.GetId, 0, input: room);
        Assert.That(status, Is.EqualTo(BlockDriver.Ok));
        Assert.That(Encoding.ASCII.GetString(data).TrimEnd('\0'), Is.EqualTo(expected));
        Assert.That(written, Is.EqualTo(room + 1));
    }

    [TestCase("123456789012345678901")]
    [TestCase("Schlüssel")]
    public void A_serial_number_is_short_and_plain(string serial) =>
        Assert.Throws<ArgumentException>(() => _ = new VirtioBlock(new FakeDisk(512), new VirtioBlockOptions { Serial = serial }));

    [TestCase(2u)]
    [TestCase(3u)]
    [TestCase(10u)]
    [TestCase(14u)]
    [TestCase(uint.MaxValue)]
    public void Unknown_requests_are_unsupported(uint type) =>
        Assert.That(_block.Do(type, 0, new byte[32], input: 512).Status, Is.EqualTo(BlockDriver.Unsupported));

    [Test]
    public void Zeroes_and_discards_ranges()
    {
        Assert.That(_block.Do(BlockDriver.WriteZeroes, 0, BlockDriver.Range(5, 2, flags: 1)).Status, Is.EqualTo(BlockDriver.Ok));
        Assert.That(_disk.Bytes.AsSpan(5 * 512, 1024).ToArray(), Is.All.Zero);
        Assert.That(_disk.Bytes[(5 * 512) - 1], Is.Not.Zero);
        Assert.That(_disk.Bytes[7 * 512], Is.Not.Zero);

        byte[] ranges = [.. BlockDriver.Range(10, 1), .. BlockDriver.Range(20, 3)];
        Assert.That(_block.Do(BlockDriver.Discard, 0, ranges).Status, Is.EqualTo(BlockDriver.Ok));
        Assert.That(_disk.Discarded, Is.EqualTo(new[] { (10L * 512, 512L), (20L * 512, 3L * 512) }));
    }

    private static byte[] ManyRanges(int count) => [.. Enumerable.Range(0, count).SelectMany(static _ => BlockDriver.Range(0, 1))];

    public static IEnumerable<TestCaseData> BadRanges()
    {
        yield return new TestCaseData(BlockDriver.Discard, BlockDriver.Range(0, 1, flags: 1), BlockDriver.Unsupported);
        yield return new TestCaseData(BlockDriver.Discard, BlockDriver.Range(0, 1, flags: 2), BlockDriver.Unsupported);
        yield return new TestCaseData(BlockDriver.WriteZeroes, BlockDriver.Range(0, 1, flags: 3), BlockDriver.Unsupported);
        yield return new TestCaseData(BlockDriver.WriteZeroes, BlockDriver.Range(0, 1, flags: 0x8000_0000), BlockDriver.Unsupported);
        yield return new TestCaseData(BlockDriver.Discard, BlockDriver.Range(Sectors, 1), BlockDriver.IoError);
        yield return new TestCaseData(BlockDriver.Discard, BlockDriver.Range(ulong.MaxValue, uint.MaxValue), BlockDriver.IoError);
        yield return new TestCaseData(BlockDriver.WriteZeroes, BlockDriver.Range(1, Sectors), BlockDriver.IoError);
        yield return new TestCaseData(BlockDriver.WriteZeroes, Array.Empty<byte>(), BlockDriver.IoError);
        yield return new TestCaseData(BlockDriver.WriteZeroes, new byte[15], BlockDriver.IoError);
        yield return new TestCaseData(BlockDriver.WriteZeroes, ManyRanges(2), BlockDriver.IoError);
        yield return new TestCaseData(BlockDriver.Discard, ManyRanges(65), BlockDriver.IoError);
        yield return new TestCaseData(
            BlockDriver.Discard, (byte[])[.. BlockDriver.Range(0, 1), .. BlockDriver.Range(0, 1, flags: 4)], BlockDriver.Unsupported);
    }

    [TestCaseSource(nameof(BadRanges))]
    public void Bad_ranges_change_nothing(uint type, byte[] ranges, byte expected)
    {
        byte[] before = [.. _disk.Bytes];
        Assert.That(_block.Do(type, 0, ranges).Status, Is.EqualTo(expected));
        Assert.That(_disk.Bytes.AsSpan().SequenceEqual(before));
        Assert.That(_disk.Discarded, Is.Empty);
    }

    [Test]
    public void Discard_is_offered_where_it_frees_something()
    {
        Start(new FakeDisk(512) { CanDiscard = false });
        Assert.That(_machine.Driver.ReadFeatures() & (Discard | WriteZeroes), Is.EqualTo(WriteZeroes));
        Assert.That(_block.Do(BlockDriver.Discard, 0, BlockDriver.Range(0, 1)).Status, Is.EqualTo(BlockDriver.Unsupported));
        Assert.That(_machine.Driver.ReadConfig(56, 1), Is.Zero, "write_zeroes_may_unmap");
    }

    [TestCase(ulong.MaxValue, 0, TestName = "write-back: durable after FLUSH")]
    [TestCase(~ConfigWriteCache, 0, TestName = "write-back when the driver knows FLUSH only")]
    [TestCase(~(ConfigWriteCache | Flush), 3, TestName = "write-through for a driver without FLUSH")]
    [TestCase(~Flush, 3, TestName = "write-through at first for a driver with the switch but without FLUSH")]
    public void Writes_are_as_durable_as_negotiated(ulong features, int flushes)
    {
        Start(new FakeDisk(Sectors * 512), features);
        _block.Do(BlockDriver.Out, 0, new byte[512]);
        _block.Do(BlockDriver.WriteZeroes, 0, BlockDriver.Range(0, 1));
        _block.Do(BlockDriver.Discard, 0, BlockDriver.Range(0, 1));
        Assert.That(_disk.Flushes, Is.EqualTo(flushes));
        _block.Do(BlockDriver.Flush, 0);
        Assert.That(_disk.Flushes, Is.EqualTo(flushes + 1));
    }

    [Test]
    public void The_write_cache_can_be_switched()
    {
        Assert.That(_machine.Driver.ReadConfig(32, 1), Is.EqualTo(1));
        _machine.Driver.WriteConfig(32, 1, 0);
        _block.Do(BlockDriver.Out, 0, new byte[512]);
        Assert.That(_disk.Flushes, Is.EqualTo(1));
        _machine.Driver.WriteConfig(0, 8, 0);
        _machine.Driver.WriteConfig(28, 8, ulong.MaxValue);
        Assert.That(_machine.Driver.ReadConfig(0, 8), Is.EqualTo(Sectors), "capacity is not the driver's");
        Assert.That(_machine.Driver.ReadConfig(32, 1), Is.Zero);
        _machine.Driver.WriteConfig(32, 1, 1);
        _block.Do(BlockDriver.Out, 0, new byte[512]);
        Assert.That(_disk.Flushes, Is.EqualTo(1));
    }

    [TestCase(BlockDriver.In)]
    [TestCase(BlockDriver.Out)]
    [TestCase(BlockDriver.Flush)]
    [TestCase(BlockDriver.Discard)]
    [TestCase(BlockDriver.WriteZeroes)]
    public void Failures_of_the_host_are_errors_of_the_disk(uint type)
    {
        _disk.Failing = true;
        byte[]? output = type == BlockDriver.Out ? new byte[512] : type == BlockDriver.In ? null : BlockDriver.Range(0, 1);
        Assert.That(_block.Do(type, 0, output, input: type == BlockDriver.In ? 512 : 0).Status, Is.EqualTo(BlockDriver.IoError));
        Assert.That(_machine.Memory.UnannouncedWrites, Is.Zero);
        _disk.Failing = false;
        Assert.That(_block.Do(BlockDriver.In, 0, input: 512).Status, Is.EqualTo(BlockDriver.Ok));
    }

    [Test]
    public void Requests_without_room_for_an_answer_are_given_back()
    {
        _queue.Add(new TestBuffer(_machine.Driver.Put(BlockDriver.Header(BlockDriver.Out, 0)), 16));
        _queue.Kick();
        Assert.That(_queue.TakeUsed(), Is.EqualTo(new[] { new UsedElement(0, 0) }));
        Assert.That(_machine.Driver.Status, Is.EqualTo(TestDriver.Ready));
    }

    [Test]
    public void Requests_with_half_a_header_or_wild_data_are_errors()
    {
        TestDriver driver = _machine.Driver;
        GuestPhysicalAddress status = driver.Put([BlockDriver.NoStatus]);
        void Expect(params ReadOnlySpan<TestBuffer> buffers)
        {
            driver.Memory.At(status, 1)[0] = BlockDriver.NoStatus;
            _queue.Add([.. buffers, new TestBuffer(status, 1, true)]);
            _queue.Kick();
            Assert.That(_queue.TakeUsed(), Has.Count.EqualTo(1));
            Assert.That(driver.Memory.At(status, 1)[0], Is.EqualTo(BlockDriver.IoError));
        }

        var wild = new GuestPhysicalAddress(0x1000);
        Expect();
        Expect(new TestBuffer(driver.Put(BlockDriver.Header(BlockDriver.In, 0)), 15));
        Expect(new TestBuffer(wild, 16));
        Expect(new TestBuffer(driver.Put(BlockDriver.Header(BlockDriver.In, 0)), 16), new TestBuffer(wild, 512, true));
        Expect(new TestBuffer(driver.Put(BlockDriver.Header(BlockDriver.Out, 0)), 16), new TestBuffer(wild, 512));
        Expect(new TestBuffer(driver.Put(BlockDriver.Header(BlockDriver.GetId, 0)), 16), new TestBuffer(wild, 20, true));
        Expect(new TestBuffer(driver.Put(BlockDriver.Header(BlockDriver.Discard, 0)), 16), new TestBuffer(wild, 16));
    }

    [Test]
    public void A_status_byte_outside_memory_needs_a_reset()
    {
        _queue.Add(
            new TestBuffer(_machine.Driver.Put(BlockDriver.Header(BlockDriver.Flush, 0)), 16),
            new TestBuffer(new GuestPhysicalAddress(0x1000), 1, true));
        _queue.Kick();
        Assert.That(_machine.Driver.Status, Is.EqualTo(TestDriver.Ready | VirtioStatus.DeviceNeedsReset));
    }

    [Test]
    public async Task A_thread_serves_what_several_harts_ask_for()
    {
        const int Requests = 300;
        await using var work = WorkQueue.CreateThreaded();
        var disk = new FakeDisk(Sectors * 512);
        var machine = new VirtioMachine(new VirtioBlock(disk), work, ramSize: 4 << 20);
        TestQueue queue = machine.Driver.Start(queueSize: 64)[0];
        var block = new BlockDriver(machine.Driver, queue);
        var open = new Dictionary<uint, BlockDriver.Request>();
        int done = 0;
        void Collect()
        {
            foreach (UsedElement used in queue.TakeUsed())
            {
                Assert.That(open.Remove(used.Id, out BlockDriver.Request? request));
                Assert.That(request!.Status, Is.EqualTo(BlockDriver.Ok));
                done++;
            }
        }

        for (int i = 0; i < Requests; i++)
        {
            for (Collect(); open.Count >= 16; Collect())
            {
                Thread.Yield();
            }

            BlockDriver.Request request = block.Add(BlockDriver.In, (ulong)(i % Sectors), input: 512);
            open.Add(request.Head, request);
            queue.KickIfWanted();
        }

        await work.DrainAsync();
        Collect();
        Assert.That(done, Is.EqualTo(Requests), "no notification was lost");
    }

    [Test]
    public void Behaves_like_an_array([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        var disk = new MemoryDisk(64 * 1024);
        byte[] model = new byte[disk.Length];
        var machine = new VirtioMachine(new VirtioBlock(disk));
        for (int i = 0; i < 400; i++)
        {
            if (i % 20 == 0)
            {
                _queue = machine.Driver.Start()[0]; // and take its memory back
                _block = new BlockDriver(machine.Driver, _queue);
            }

            int sector = random.Next(128);
            int count = random.Next(1, Math.Min(40, 129 - sector));
            Span<byte> expected = model.AsSpan(sector * 512, count * 512);
            switch (random.Next(3))
            {
                case 0:
                    random.NextBytes(expected);
                    Assert.That(_block.Do(BlockDriver.Out, (ulong)sector, expected.ToArray()).Status, Is.Zero, $"seed {seed}");
                    break;
                case 1:
                    expected.Clear();
                    Assert.That(
                        _block.Do(BlockDriver.WriteZeroes, 0, BlockDriver.Range((ulong)sector, (uint)count)).Status, Is.Zero, $"seed {seed}");
                    break;
                default:
                    byte[] read = _block.Do(BlockDriver.In, (ulong)sector, input: count * 512).Data;
                    Assert.That(read.AsSpan().SequenceEqual(expected), $"seed {seed}");
                    break;
            }
        }
    }
}

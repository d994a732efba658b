using Emulator.Devices.Storage;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Virtio;

internal sealed class DiskImageTests
{
    private const int ChunkSize = SparseDiskContents.ChunkSize;

    private string _folder = null!;

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("emulator-disks").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, recursive: true);

    private string File(string name, byte[] contents)
    {
        string path = Path.Combine(_folder, name);
        System.IO.File.WriteAllBytes(path, contents);
        return path;
    }

    private static byte[] Pattern(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] ReadAll(IDiskImage disk)
    {
        byte[] bytes = new byte[disk.Length];
        disk.Read(0, bytes);
        return bytes;
    }

    public static IEnumerable<TestCaseData> Kinds()
    {
        const int Length = (5 * ChunkSize) + 1536;
        yield return Kind("raw file", static folder =>
        {
            string path = Path.Combine(folder, "raw");
            System.IO.File.WriteAllBytes(path, new byte[Length]);
            return DiskImage.Open(new DiskOptions { Path = path });
        });
        yield return Kind("memory", static _ => new MemoryDisk(Length));
        yield return Kind("overlay", static folder =>
        {
            string path = Path.Combine(folder, "base");
            System.IO.File.WriteAllBytes(path, new byte[Length]);
            return DiskImage.Open(new DiskOptions { Path = path, Snapshot = true });
        });

        static TestCaseData Kind(string name, Func<string, IDiskImage> create) => new TestCaseData(create).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Kinds))]
    public void Every_kind_behaves_like_an_array(Func<string, IDiskImage> create)
    {
        using IDiskImage disk = create(_folder);
        byte[] model = ReadAll(disk);
        var random = new Random(1);
        for (int i = 0; i < 2_000; i++)
        {
            int offset = random.Next(model.Length);
            int length = random.Next(4) == 0 ? model.Length - offset : Math.Min(random.Next(3 * ChunkSize), model.Length - offset);
            if (random.Next(3) == 0)
            {
                offset = offset / ChunkSize * ChunkSize;
            }

            Span<byte> range = model.AsSpan(offset, length);
            switch (random.Next(4))
            {
                case 0:
                    random.NextBytes(range);
                    disk.Write(offset, range);
                    break;
                case 1:
                    range.Clear();
                    disk.WriteZeroes(offset, length);
                    break;
                case 2:
                    disk.Discard(offset, length);
                    disk.Read(offset, range); // may be anything, but stays what it is
                    break;
                default:
                    byte[] read = new byte[length];
                    disk.Read(offset, read);
                    Assert.That(read.AsSpan().SequenceEqual(range), $"step {i}");
                    break;
            }
        }

        disk.Flush();
        Assert.That(ReadAll(disk).AsSpan().SequenceEqual(model));
    }

    [TestCaseSource(nameof(Kinds))]
    public void Ranges_outside_are_the_callers_error(Func<string, IDiskImage> create)
    {
        using IDiskImage disk = create(_folder);
        byte[] sector = new byte[512];
        foreach (long offset in (long[])[-1, disk.Length - 511, disk.Length, long.MaxValue, long.MinValue])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => disk.Read(offset, sector), $"{offset}");
            Assert.Throws<ArgumentOutOfRangeException>(() => disk.Write(offset, sector), $"{offset}");
            Assert.Throws<ArgumentOutOfRangeException>(() => disk.Discard(offset, 512), $"{offset}");
            Assert.Throws<ArgumentOutOfRangeException>(() => disk.WriteZeroes(offset, 512), $"{offset}");
        }
    }

    [Test]
    public void A_raw_file_keeps_what_is_written()
    {
        string path = File("disk", Pattern(4096));
        using (IDiskImage disk = DiskImage.Open(new DiskOptions { Path = path }))
        {
            Assert.That(disk.Length, Is.EqualTo(4096));
            Assert.That(disk.IsReadOnly, Is.False);
            disk.Write(512, Pattern(512, seed: 2));
            disk.Flush();
        }

        byte[] bytes = System.IO.File.ReadAllBytes(path);
        Assert.That(bytes.AsSpan(512, 512).SequenceEqual(Pattern(512, seed: 2)));
        Assert.That(bytes.AsSpan(0, 512).SequenceEqual(Pattern(4096).AsSpan(0, 512)));
    }

    [Test]
    public void A_snapshot_leaves_the_file_alone()
    {
        byte[] original = Pattern(100_000 / 512 * 512);
        string path = File("disk", original);
        using (IDiskImage disk = DiskImage.Open(new DiskOptions { Path = path, Snapshot = true }))
        {
            byte[] model = [.. original];
            Pattern(3000, seed: 2).CopyTo(model, 40_000);
            disk.Write(40_000, Pattern(3000, seed: 2));
            disk.WriteZeroes(0, 20_000);
            model.AsSpan(0, 20_000).Clear();
            Assert.That(ReadAll(disk).AsSpan().SequenceEqual(model));
        }

        Assert.That(System.IO.File.ReadAllBytes(path).AsSpan().SequenceEqual(original));
    }

    [Test]
    public void A_read_only_disk_is_not_written()
    {
        string path = File("disk", Pattern(1024));
        using IDiskImage disk = DiskImage.Open(new DiskOptions { Path = path, ReadOnly = true, Snapshot = true });
        Assert.That(disk.IsReadOnly);
        Assert.Throws<IOException>(() => disk.Write(0, new byte[512]));
        Assert.Throws<IOException>(() => disk.WriteZeroes(0, 512));
        Assert.Throws<IOException>(() => disk.Discard(0, 512));
    }

    [Test]
    public void One_writer_or_many_readers_use_a_file()
    {
        string path = File("disk", Pattern(1024));
        var write = new DiskOptions { Path = path };
        var read = new DiskOptions { Path = path, ReadOnly = true };
        var snapshot = new DiskOptions { Path = path, Snapshot = true };
        using (DiskImage.Open(write))
        {
            AssertRefused(write, "using it");
            AssertRefused(read, "using it");
        }

        using (DiskImage.Open(read))
        using (DiskImage.Open(snapshot))
        {
            AssertRefused(write, "using it");
        }

        using IDiskImage again = DiskImage.Open(write);
        Assert.That(again.Length, Is.EqualTo(1024));
    }

    [Test]
    public void Files_that_cannot_be_disks_are_named()
    {
        AssertRefused(new DiskOptions { Path = Path.Combine(_folder, "missing") }, "no such file");
        AssertRefused(new DiskOptions { Path = Path.Combine(_folder, "no", "folder") }, "no such file");
        AssertRefused(new DiskOptions { Path = _folder }, "directory");
        AssertRefused(new DiskOptions { Path = File("empty", []) }, "empty");
        AssertRefused(new DiskOptions { Path = File("odd", new byte[1000]) }, "multiple of 512 (24 more)");
        AssertRefused(new DiskOptions { Path = File("qcow2", [.. "QFI"u8, 0xfb, .. new byte[508]]) }, "qcow2");
        AssertRefused(new DiskOptions { Path = File("gz", [0x1f, 0x8b, .. new byte[510]]), Snapshot = true }, "gzip");
        using IDiskImage raw = DiskImage.Open(new DiskOptions { Path = Path.Combine(_folder, "qcow2"), Format = DiskFormat.Raw });
        Assert.That(raw.Length, Is.EqualTo(512), "unless the user insists");
    }

    [TestCase(true, false)]
    [TestCase(false, true)]
    public void A_file_that_is_only_read_may_end_inside_a_sector(bool readOnly, bool snapshot)
    {
        byte[] contents = Pattern(1000);
        using IDiskImage disk = DiskImage.Open(new DiskOptions { Path = File("odd", contents), ReadOnly = readOnly, Snapshot = snapshot });
        Assert.That(disk.Length, Is.EqualTo(1024));
        Assert.That(ReadAll(disk).AsSpan().SequenceEqual([.. contents, .. new byte[24]]));
    }

    [Test]
    public void A_file_cut_short_under_the_machine_reads_as_zeros()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Ignore("Windows does not let others cut an open file short");
        }

        string path = File("disk", Pattern(2048));
        using IDiskImage disk = DiskImage.Open(new DiskOptions { Path = path, ReadOnly = true });
        using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.SetLength(600);
        }

        Assert.That(ReadAll(disk).AsSpan().SequenceEqual([.. Pattern(2048)[..600], .. new byte[1448]]));
    }

    [Test]
    public void Only_what_is_written_takes_memory()
    {
        using var disk = new MemoryDisk(1L << 40, memoryLimit: 10 * ChunkSize);
        disk.WriteZeroes(0, 1L << 30);
        disk.Discard(0, 1L << 30);
        disk.Write((1L << 40) - 512, Pattern(512));
        for (int i = 0; i < 8; i++)
        {
            disk.Write(i * (long)ChunkSize, Pattern(512));
        }

        Assert.Throws<IOException>(() => disk.Write(1L << 35, Pattern(512)), "the limit");
        disk.Discard(0, ChunkSize);
        Assert.DoesNotThrow(() => disk.Write(1L << 35, Pattern(512)), "room was made");
        byte[] end = new byte[512];
        disk.Read((1L << 40) - 512, end);
        Assert.That(end.AsSpan().SequenceEqual(Pattern(512)));
    }

    [Test]
    public void Zeros_over_another_disk_count_too()
    {
        using var disk = new SnapshotOverlayDisk(new MemoryDisk(1L << 40), memoryLimit: 1 << 20);
        Assert.Throws<IOException>(() => disk.WriteZeroes(0, 1L << 30));
    }

    [Test]
    public void Discarding_less_than_a_chunk_takes_no_memory()
    {
        using var disk = new SnapshotOverlayDisk(new FakeDisk(4 * ChunkSize), memoryLimit: 0);
        disk.Discard(512, ChunkSize);
        Assert.That(ReadAll(disk)[ChunkSize], Is.Not.Zero);
    }

    [Test]
    public void A_captured_state_does_not_change_and_can_be_shared()
    {
        byte[] original = Pattern(4 * ChunkSize);
        using var disk = new MemoryDisk(original);
        MemoryDiskState state = disk.Save();
        Assert.That(disk.Save(), Is.EqualTo(state));
        disk.Write(100, Pattern(512, seed: 2));
        disk.WriteZeroes(ChunkSize, ChunkSize);
        Assert.That(disk.Save(), Is.Not.EqualTo(state));

        using var fork = new MemoryDisk(disk.Length);
        fork.Restore(state);
        Assert.That(ReadAll(fork).AsSpan().SequenceEqual(original));
        fork.Write(0, Pattern(512, seed: 3));
        disk.Restore(state);
        Assert.That(ReadAll(disk).AsSpan().SequenceEqual(original));
        Assert.That(disk.Save(), Is.EqualTo(state));
        disk.Restore(default);
        Assert.That(ReadAll(disk), Is.All.Zero);
    }

    [Test]
    public void A_state_goes_through_its_chunks()
    {
        using var disk = new MemoryDisk(10 * ChunkSize);
        disk.Write(ChunkSize - 10, Pattern(20));
        disk.Write(7 * ChunkSize, new byte[ChunkSize]);
        SparseDiskContents contents = disk.Save().Contents!;
        var copy = new SparseDiskContents(contents.OrderedChunks);
        Assert.That(copy, Is.EqualTo(contents));
        Assert.That(copy.OrderedChunks.Select(static chunk => chunk.Key), Is.EqualTo(new[] { 0, 1, 7 }));
        Assert.Throws<ArgumentException>(() => _ = new SparseDiskContents([KeyValuePair.Create(0L, new ReadOnlyMemory<byte>(new byte[5]))]));
    }

    [TestCase(0)]
    [TestCase(-512)]
    [TestCase(100)]
    public void A_memory_disk_is_whole_sectors(long length) => Assert.Catch<ArgumentException>(() => _ = new MemoryDisk(length));

    private static void AssertRefused(DiskOptions options, string why)
    {
        DiskImageException refusal = Assert.Throws<DiskImageException>(() => DiskImage.Open(options).Dispose());
        Assert.That(refusal.Message, Does.Contain(options.Path).And.Contain(why));
    }
}

using Emulator.Devices;
using Emulator.Devices.Storage;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

/// <summary>The flash as the drivers of Linux, EDK2 and U-Boot use it: the same command to both chips, in words of 32 bits.</summary>
internal sealed class CfiFlashTests
{
    private const uint ReadArray = 0xff, ReadIdentifier = 0x90, ReadQuery = 0x98, ReadStatus = 0x70, ClearStatus = 0x50, ProgramWord = 0x40, ProgramWordToo = 0x10,
        EraseBlock = 0x20, WriteToBuffer = 0xe8, LockSetup = 0x60, LockBlock = 0x01, Confirm = 0xd0;

    private const uint Ready = 0x80, EraseError = 0x20, ProgramError = 0x10, WriteProtected = 8, Locked = 2;
    private const uint Word = 4;
    private const uint Block = CfiFlash.BlockSize;

    private FakeDeviceMemory _cells = null!;
    private CfiFlash _flash = null!;

    public static DeviceCase Case => DeviceCase.Of<CfiFlash, CfiFlashState>(
        static _ => new CfiFlash(new FakeDeviceMemory(CfiFlash.BankSize), new CfiFlashOptions()), CfiFlash.BankSize, [0, Word, 2, 0x10 * Word, 0x55 * Word, Block]);

    [SetUp]
    public void SetUp() => Create(new CfiFlashOptions());

    [TearDown]
    public void TearDown() => _flash.Dispose();

    [Test]
    public void The_query_names_the_command_set_and_the_geometry()
    {
        _flash.Write32(0x55 * Word, Both(ReadQuery));
        Assert.That(Query(0x10, 3), Is.EqualTo("QRY"u8.ToArray()));
        Assert.That(_flash.Read32(0x10 * Word), Is.EqualTo(Both('Q')), "each chip answers on its half of the bus");
        uint extended = Value(0x15, 2);
        int log2Size = Query(0x27, 1)[0];
        Assert.Multiple(() =>
        {
            Assert.That(Value(0x13, 2), Is.EqualTo(1), "Intel's extended command set");
            Assert.That(Query(extended, 3), Is.EqualTo("PRI"u8.ToArray()));
            Assert.That(2L << log2Size, Is.EqualTo(CfiFlash.BankSize));
            Assert.That(2L << Query(0x2a, 1)[0], Is.GreaterThanOrEqualTo(128), "EDK2 writes 128 bytes at once");
            Assert.That(Query(0x2c, 1)[0], Is.EqualTo(1));
            Assert.That(Value(0x2f, 2) * 256 * 2, Is.EqualTo(Block));
            Assert.That((Value(0x2d, 2) + 1) * Block, Is.EqualTo(CfiFlash.BankSize));
        });
    }

    [Test]
    public void Identifier_codes_tell_maker_chip_and_lock_bit()
    {
        Command(Block, LockSetup);
        Command(Block, LockBlock);
        Command(0, ReadIdentifier);
        Assert.That(Words(0, 3), Is.EqualTo(new[] { Both(0x89), Both(0x18), 0u }));
        Assert.That(_flash.Read32(Block + (2 * Word)), Is.EqualTo(Both(1)));
    }

    [TestCase(ProgramWord)]
    [TestCase(ProgramWordToo)]
    public void Programming_a_word_only_clears_bits(uint command)
    {
        Program(8, 0xffff_0f0f, command);
        Program(8, 0x1234_ffff, command);
        Command(0, ReadArray);
        Assert.That(_flash.Read64(8), Is.EqualTo(0xffff_ffff_1234_0f0fUL));
        Assert.That(Words(4, 1), Is.EqualTo(new[] { uint.MaxValue }));
    }

    [Test]
    public void A_buffer_is_programmed_when_it_is_confirmed()
    {
        uint start = Block + 0x80;
        uint[] data = [.. Enumerable.Range(1, 32).Select(i => (uint)i * 0x0101_0101)];
        Command(start, WriteToBuffer);
        Assert.That(_flash.Read32(start), Is.EqualTo(Both(Ready)), "the buffer is free");
        _flash.Write32(start, Both(31));
        for (uint i = 0; i < data.Length; i++) _flash.Write32(start + (i * Word), data[i]);
        Assert.That(Cell(start), Is.EqualTo(uint.MaxValue), "not yet");
        Command(start, Confirm);
        Assert.That(_flash.Read32(start), Is.EqualTo(Both(Ready)));
        Command(0, ReadArray);
        Assert.That(Words(start, 32), Is.EqualTo(data));
    }

    [Test]
    public void Words_of_a_buffer_come_in_any_order_and_may_be_missing()
    {
        Command(0, WriteToBuffer);
        _flash.Write32(0, Both(2));
        _flash.Write32(8, 1);
        _flash.Write32(16, 3);
        _flash.Write32(8, 2);
        Command(8, Confirm);
        Command(0, ReadArray);
        Assert.That(Words(8, 3), Is.EqualTo(new uint[] { 2, uint.MaxValue, 3 }));
    }

    [Test]
    public void Erasing_sets_one_block()
    {
        foreach (uint at in (uint[])[Block - Word, Block, (2 * Block) - Word, 2 * Block]) Program(at, 0);
        Command(Block + 0x100, EraseBlock);
        Command(Block + 0x100, Confirm);
        Assert.That(_flash.Read32(0), Is.EqualTo(Both(Ready)));
        Command(0, ReadArray);
        Assert.That((Cell(Block - Word), Cell(Block), Cell((2 * Block) - Word), Cell(2 * Block)), Is.EqualTo((0u, uint.MaxValue, uint.MaxValue, 0u)));
    }

    [Test]
    public void A_locked_block_stays_as_it_is_until_all_are_unlocked()
    {
        Command(Block, LockSetup);
        Command(Block, LockBlock);
        Program(Block, 0, expected: Ready | ProgramError | Locked);
        Command(Block, ClearStatus);
        Command(Block, EraseBlock);
        Command(Block, Confirm);
        Assert.That(_flash.Read32(Block), Is.EqualTo(Both(Ready | EraseError | Locked)));
        Command(0, ClearStatus);
        Program(0, 0);
        Command(0, LockSetup);
        Command(0, Confirm);
        Program(Block, 0);
        Assert.That(Cell(Block), Is.Zero);
    }

    [Test]
    public void A_write_protected_flash_says_so()
    {
        Create(new CfiFlashOptions { Contents = new byte[8], IsWriteProtected = true });
        Program(16, 0, expected: Ready | ProgramError | WriteProtected);
        Command(0, ClearStatus);
        Command(0, EraseBlock);
        Command(0, Confirm);
        Assert.That(_flash.Read32(0), Is.EqualTo(Both(Ready | EraseError | WriteProtected)));
        Assert.That((Cell(0), Cell(4), Cell(8), Cell(16)), Is.EqualTo((0u, 0u, uint.MaxValue, uint.MaxValue)));
    }

    [TestCase(new uint[] { EraseBlock, ReadArray }, TestName = "erase without confirmation")]
    [TestCase(new uint[] { LockSetup, ReadStatus }, TestName = "lock setup and nothing to do")]
    [TestCase(new uint[] { WriteToBuffer, 32 }, TestName = "more words than the buffer has")]
    [TestCase(new uint[] { WriteToBuffer, 0xffff }, TestName = "far more words than the buffer has")]
    [TestCase(new uint[] { WriteToBuffer, 0, 0x1234, ReadArray }, TestName = "buffer without confirmation")]
    public void A_wrong_sequence_is_an_error_and_changes_nothing(uint[] writes)
    {
        foreach (uint write in writes) _flash.Write32(0, Both(write));
        Assert.That(_flash.Read32(0), Is.EqualTo(Both(Ready | ProgramError | EraseError)));
        Command(0, ReadStatus);
        Assert.That(_flash.Read32(0), Is.EqualTo(Both(Ready | ProgramError | EraseError)), "until cleared");
        Command(0, ClearStatus);
        Assert.That(Words(0, 2), Is.All.EqualTo(uint.MaxValue));
        Program(0, 5);
    }

    [TestCase(Block - Word, Block, TestName = "data across blocks")]
    [TestCase(0x100u, 0x0fcu, TestName = "a word before the buffer")]
    [TestCase(0x100u, 0x180u, TestName = "a word behind the buffer")]
    public void Data_outside_of_the_buffer_is_an_error(uint first, uint second)
    {
        Command(0, WriteToBuffer);
        _flash.Write32(0, Both(1));
        _flash.Write32(first, 0);
        _flash.Write32(second, 0);
        Command(0, ReadStatus);
        Assert.That(_flash.Read32(0), Is.EqualTo(Both(Ready | ProgramError | EraseError)));
        Assert.That((Cell(first), Cell(second)), Is.EqualTo((uint.MaxValue, uint.MaxValue)));
    }

    // U-Boot's driver finds a 16-bit chip with its registers 4 bytes apart.
    [Test]
    public void Half_of_the_bus_is_enough_to_command_both_chips([Values(0u, 2u)] uint half)
    {
        _flash.WriteOk(0x55 * Word, 2, ReadQuery);
        Assert.That(_flash.ReadOk((0x10 * Word) + half, 2), Is.EqualTo((ulong)'Q'));
        _flash.WriteOk(half, 2, WriteToBuffer);
        _flash.WriteOk(half, 2, 31);
        for (uint i = 0; i < 32; i++) _flash.WriteOk(0x100 + (i * 2), 2, i);
        _flash.WriteOk(half, 2, Confirm);
        _flash.WriteOk(Block + half, 2, ProgramWord);
        _flash.WriteOk(Block + 0x102, 2, 0x1234);
        Assert.That(_flash.ReadOk(half, 2), Is.EqualTo(Ready));
        _flash.WriteOk(half, 2, ReadArray);
        Assert.That(_cells.ReadsReachDevice, Is.False);
        Assert.That(Words(0x100, 17), Is.EqualTo(Enumerable.Range(0, 16).Select(static i => (uint)((((2 * i) + 1) << 16) | (2 * i))).Append(uint.MaxValue)));
        Assert.That(_flash.Read32(Block + 0x100), Is.EqualTo(0x1234_ffff));
    }

    [Test]
    public void Processors_read_the_cells_only_while_the_flash_gives_them()
    {
        Assert.That(_cells.ReadsReachDevice, Is.False);
        foreach (uint command in (uint[])[ReadStatus, ReadIdentifier, ReadQuery])
        {
            Command(0, command);
            Assert.That(_cells.ReadsReachDevice, $"command {command:x}");
            Command(0, ReadArray);
            Assert.That(_cells.ReadsReachDevice, Is.False);
        }

        Command(0, ReadStatus);
        _flash.Reset();
        Assert.That(_cells.ReadsReachDevice, Is.False, "after reset");
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(8)]
    public void Accesses_of_other_sizes_are_cycles_of_the_bus(int size)
    {
        Program(8, 0x1122_3344);
        Program(12, 0x5566_7788);
        Assert.That(_flash.ReadOk(8, size), Is.EqualTo(Both(Ready | ((ulong)Ready << 32)) & (ulong.MaxValue >> (64 - (8 * size)))), "status in the low byte of each chip");
        Command(0, ReadArray);
        Assert.That(_flash.ReadOk(9, size), Is.EqualTo(0xff55_6677_8811_2233 & (ulong.MaxValue >> (64 - (8 * size)))));
    }

    [Test]
    public void Bytes_that_are_not_written_are_not_programmed()
    {
        Command(0, ProgramWord);
        _flash.Write8(2, 0x12);
        Assert.That(Cell(0), Is.EqualTo(0xff12_ffff));
    }

    [Test]
    public void An_image_keeps_what_is_programmed()
    {
        var image = new FakeDisk((int)CfiFlash.BankSize);
        Create(new CfiFlashOptions { Image = image });
        Assert.That(Cell(0), Is.EqualTo(0x0403_0201));
        Command(0, EraseBlock);
        Command(0, Confirm);
        Program(4, 0xabcd_1234);
        Assert.That(image.Bytes[..8], Is.EqualTo(new byte[] { 255, 255, 255, 255, 0x34, 0x12, 0xcd, 0xab }));
        Assert.That(image.Bytes[(int)Block], Is.EqualTo((byte)((Block % 255) + 1)));
        _flash.Dispose();
        Assert.That(image.Flushes, Is.EqualTo(1));

        image.Failing = true;
        Program(8, 0, expected: Ready | ProgramError);
        image.Failing = false;
    }

    [Test]
    public void A_snapshot_leaves_the_image_alone()
    {
        var image = new FakeDisk(512) { IsReadOnly = true };
        Create(new CfiFlashOptions { Image = image, IsSnapshot = true });
        Program(0, 0);
        Assert.That((Cell(0), Cell(512)), Is.EqualTo((0u, uint.MaxValue)));
        Assert.That(image.Bytes[0], Is.EqualTo(1));
    }

    [Test]
    public void Too_much_content_is_refused() => Assert.Throws<ArgumentException>(static () =>
        _ = new CfiFlash(new FakeDeviceMemory(CfiFlash.BankSize), new CfiFlashOptions { Image = new MemoryDisk(CfiFlash.BankSize + 512) }));

    [Test]
    public void Random_programming_is_what_a_model_says([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        uint[] model = new uint[2 * Block / Word];
        Array.Fill(model, uint.MaxValue);
        for (int i = 0; i < 2_000; i++)
        {
            uint at = (uint)random.Next(model.Length);
            if (i % 400 == 399)
            {
                Command(at * Word, EraseBlock);
                Command(at * Word, Confirm);
                model.AsSpan((int)(at * Word / Block * (Block / Word)), (int)(Block / Word)).Fill(uint.MaxValue);
                continue;
            }

            int count = random.Next(1, 33);
            bool fits = at * Word / Block == (at + (uint)count - 1) * Word / Block;
            if (!fits) count = 1;
            if (count > 1)
            {
                Command(at * Word, WriteToBuffer);
                _flash.Write32(at * Word, Both((uint)count - 1));
            }

            for (uint word = 0; word < count; word++)
            {
                uint value = (uint)random.NextInt64(1L << 32);
                if (count == 1) Command(at * Word, ProgramWord);
                _flash.Write32((at + word) * Word, value);
                model[at + word] &= value;
            }

            if (count > 1) Command(at * Word, Confirm);
        }

        Assert.That(_flash.Read32(0), Is.EqualTo(Both(Ready)), $"seed {seed}");
        Command(0, ReadArray);
        Assert.That(Words(0, model.Length), Is.EqualTo(model), $"seed {seed}");
    }

    private static uint Both(uint value) => value | (value << 16);

    private static ulong Both(ulong value) => value | (value << 16);

    private void Create(CfiFlashOptions options)
    {
        _cells = new FakeDeviceMemory(CfiFlash.BankSize);
        _flash = new CfiFlash(_cells, options);
    }

    private void Command(uint offset, uint command) => _flash.Write32(offset, Both(command));

    private void Program(uint offset, uint value, uint command = ProgramWord, uint expected = Ready)
    {
        Command(offset, command);
        _flash.Write32(offset, value);
        uint status = _flash.Read32(offset);
        Command(offset, ReadArray);
        Assert.That((status & 0xffff) | (status >> 16), Is.EqualTo(expected));
        Command(offset, ReadStatus);
    }

    private uint Cell(uint offset)
    {
        byte[] bytes = new byte[Word];
        _cells.Read(offset, bytes);
        return BitConverter.ToUInt32(bytes);
    }

    private uint[] Words(uint offset, int count) => [.. Enumerable.Range(0, count).Select(i => _flash.Read32(offset + ((uint)i * Word)))];

    private byte[] Query(uint word, int count) => [.. Words(word * Word, count).Select(static value => (byte)value)];

    private uint Value(uint word, int count) => Query(word, count).Select(static (value, i) => (uint)value << (8 * i)).Aggregate(static (a, b) => a | b);
}

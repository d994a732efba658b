namespace Emulator.Devices;

/// <summary>
/// NOR flash with the Intel basic and extended command set 0001: Intel's data sheet 290667 (StrataFlash 28F128J3), JEDEC JESD68.01
/// (Common Flash Interface, CFI) and Intel's application note 646. Two 16-bit chips lie side by side on a bus of 32 bits and are always in
/// the same mode: a write to one of them is a command to both, as in QEMU, which U-Boot (that takes the bank for one chip) relies on.
/// </summary>
public sealed partial class CfiFlash
{
    /// <summary>Bytes of one bank: two chips of 128 Mbit.</summary>
    public const uint BankSize = ChipWords * BytesPerWord * ChipCount;

    /// <summary>Bytes of the bank that are erased at once.</summary>
    public const uint BlockSize = BlockWords * BytesPerWord * ChipCount;

    /// <summary>Bytes of the bus: a word of each chip.</summary>
    public const int BusWidth = ChipCount * BytesPerWord;

    internal const int ChipCount = 2;
    internal const int BytesPerWord = 2;
    internal const uint ChipWords = 1u << 23;
    internal const uint BlockWords = 1u << 16;

    /// <summary>Bus cycles of data that one write-to-buffer command takes.</summary>
    internal const int BufferCycles = 32;

    /// <summary>Bytes of both chips' buffers.</summary>
    internal const int BufferSize = BufferCycles * BusWidth;

    internal const ushort Manufacturer = 0x89;
    internal const ushort Device = 0x18;

    /// <summary>Commands (table 12); the upper byte of the bus does not matter.</summary>
    internal enum Command : byte
    {
        LockBlock = 0x01,
        ProgramWordAlternate = 0x10,
        EraseBlock = 0x20,
        ProgramWord = 0x40,
        ClearStatus = 0x50,
        LockSetup = 0x60,
        ReadStatus = 0x70,
        ReadIdentifier = 0x90,
        ReadQuery = 0x98,
        Suspend = 0xb0,
        Confirm = 0xd0,
        WriteToBuffer = 0xe8,
        ReadArray = 0xff,
    }

    /// <summary>The status register (table 16).</summary>
    [Flags]
    internal enum Status : byte
    {
        None = 0,

        /// <summary>DPS: the block is locked.</summary>
        Locked = 1 << 1,

        /// <summary>VPENS: programming and erasing are not enabled.</summary>
        WriteProtected = 1 << 3,

        /// <summary>PSLBS: programming, or setting a lock bit, failed. With <see cref="EraseError"/>: a command came in a wrong place.</summary>
        ProgramError = 1 << 4,

        /// <summary>ECLBS: erasing, or clearing lock bits, failed.</summary>
        EraseError = 1 << 5,

        /// <summary>WSMS: the chip is ready, as it always is here.</summary>
        Ready = 1 << 7,

        SequenceError = ProgramError | EraseError,
    }

    /// <summary>Word addresses in read-identifier mode.</summary>
    internal static class Identifier
    {
        public const uint Manufacturer = 0;
        public const uint Device = 1;

        /// <summary>In every block, and in query mode too: bit 0 is its lock bit.</summary>
        public const uint BlockLock = 2;

        /// <summary>Which part of an address is looked at.</summary>
        public const uint Mask = 0xff;
    }

    /// <summary>The first word address of the query table.</summary>
    internal const uint QueryStart = 0x10;

    /// <summary>What read-query mode answers from <see cref="QueryStart"/> on, a byte a word (JESD68.01, section 3).</summary>
    internal static ReadOnlySpan<byte> Query =>
    [
        (byte)'Q', (byte)'R', (byte)'Y',
        0x01, 0x00,                        // 13: primary command set 0001
        0x31, 0x00,                        // 15: address of its table
        0x00, 0x00, 0x00, 0x00,            // 17: no alternate command set
        0x27, 0x36, 0x00, 0x00,            // 1b: Vcc 2.7 to 3.6 V; no Vpp pin
        0x06, 0x07, 0x0a, 0x00,            // 1f: typical times: word 2^6 us, buffer 2^7 us, block erase 2^10 ms, no chip erase
        0x02, 0x02, 0x02, 0x00,            // 23: longest times, as 2^n of these
        0x18,                              // 27: 2^24 bytes
        0x01, 0x00,                        // 28: 16 bits wide
        0x06, 0x00,                        // 2a: the buffer holds 2^6 bytes
        0x01,                              // 2c: all blocks are alike:
        0x7f, 0x00, 0x00, 0x02,            // 2d: 127 + 1 blocks of 512 * 256 bytes
        (byte)'P', (byte)'R', (byte)'I', (byte)'1', (byte)'1',
        0x08, 0x00, 0x00, 0x00,            // 36: lock bits of the older kind; nothing can be suspended
        0x00,                              // 3a: nothing works during a suspend
        0x01, 0x00,                        // 3b: a block's status is its lock bit
        0x33, 0x00,                        // 3d: best at 3.3 V; no Vpp
        0x00,                              // 3f: no protection registers
    ];
}

namespace Emulator.Machines.BareX86.Demo;

/// <summary>Where the demo is and what it uses of the machine.</summary>
internal static class DemoLayout
{
    /// <summary>The ROM as processors see it after the first far jump; its top is at 1 MiB, and at 4 GiB.</summary>
    public const uint RomBase = 0xf_0000;
    public const int RomSize = 0x1_0000;
    public const ushort RomSegment = 0xf000;

    // Offsets in the ROM.
    public const int LongModeOffset = 0;
    public const int ProtectedModeOffset = 0xe000;
    public const int RealModeTextOffset = 0xec00;
    public const int ProtectedModeTextOffset = 0xed00;
    public const int NoLongModeTextOffset = 0xee00;
    public const int DescriptorsOffset = 0xef00;
    public const int DescriptorPointerOffset = 0xef80;
    public const int RealModeOffset = 0xf000;
    public const int ResetVectorOffset = 0xfff0;

    // RAM, all below 640 KiB.
    public const uint PageTables = 0x1000; // PML4, PDPT, four page directories: 4 GiB in pages of 2 MiB
    public const int PageTableBytes = 6 * 0x1000;
    public const uint InterruptTable = 0x8000;
    public const uint Variables = 0x9000;
    public const uint StackTop = 0x2_0000;

    // Selectors of the descriptors.
    public const ushort Code32 = 0x08;
    public const ushort Data = 0x10;
    public const ushort Code64 = 0x18;

    // Ports.
    public const ushort Com1 = 0x3f8;
    public const ushort LineStatus = Com1 + 5;
    public const byte DataReady = 0x01;
    public const byte TransmitterEmpty = 0x20;
    public const byte MasterPic = 0x20;
    public const byte SlavePic = 0xa0;
    public const byte PitChannel0 = 0x40;
    public const byte PitControl = 0x43;
    public const ushort ResetControl = 0xcf9;
    public const ushort PowerControl = 0x604;
    public const ushort DebugExit = 0xf4;

    /// <summary>Bytes written to ports one after the other.</summary>
    /// <param name="Port">Where.</param>
    /// <param name="Value">What.</param>
    public readonly record struct PortWrite(ushort Port, byte Value);

    /// <summary>115200 baud, 8 bits, FIFOs on, interrupt on input.</summary>
    public static readonly PortWrite[] SerialSetup =
    [
        new(Com1 + 3, 0x80), new(Com1, 1), new(Com1 + 1, 0), new(Com1 + 3, 3), new(Com1 + 2, 7), new(Com1 + 4, 0x0b), new(Com1 + 1, 1),
    ];
}

namespace Emulator.Machines.BareX86;

/// <summary>Addresses, ports and interrupt inputs of the board, as on a PC.</summary>
internal static class BareX86Map
{
    public const ulong ConventionalEnd = 0xa_0000;
    public const ulong ExtendedStart = 0x10_0000;

    /// <summary>RAM goes on at 4 GiB when there is more than this.</summary>
    public const ulong LowRamEnd = 0xc000_0000;

    public const ulong HighRamStart = 0x1_0000_0000;

    /// <summary>The ROM ends here, and its last part once more at 1 MiB.</summary>
    public const ulong RomEnd = 0x1_0000_0000;
    public const int LargestRom = 16 << 20;
    public const int LargestRomAlias = 128 << 10;
    public const int PageSize = 4096;

    public const ushort MasterPic = 0x20;
    public const ushort SlavePic = 0xa0;
    public const ushort EdgeLevelControl = 0x4d0;
    public const int PicPorts = 2;
    public const ushort Pit = 0x40;
    public const int PitPorts = 4;
    public const ushort Rtc = 0x70;
    public const int RtcPorts = 2;
    public const ushort SystemControlB = 0x61;
    public const ushort SystemControlA = 0x92;
    public const ushort ResetControl = 0xcf9;
    public const ushort PowerControl = 0x604;
    public const int PowerControlPorts = 2;
    public const ushort Com1 = 0x3f8;
    public const int UartPorts = 8;

    public const int PitInput = 0;
    public const int Com1Input = 4;
    public const int RtcInput = 8;
}

namespace Emulator.Machines.RiscVVirt;

/// <summary>Addresses and interrupt sources of the board, as guests made for QEMU's <c>virt</c> expect them.</summary>
internal static class RiscVVirtMap
{
    public const ulong BootRom = 0x1000;
    public const ulong BootRomSize = 0xf000;
    public const ulong Finisher = 0x10_0000;
    public const ulong FinisherSize = 0x1000;
    public const ulong Rtc = 0x10_1000;
    public const ulong RtcSize = 0x1000;
    public const ulong Clint = 0x200_0000;
    public const ulong ClintSize = 0x1_0000;
    public const ulong Sswi = 0x2f0_0000;
    public const ulong SswiSize = 0x4000;
    public const ulong Plic = 0xc00_0000;
    public const ulong Uart = 0x1000_0000;
    public const ulong UartSize = 0x100;
    public const ulong Virtio = 0x1000_1000;
    public const ulong VirtioSize = 0x1000;
    public const int VirtioSlots = 8;
    public const ulong Flash = 0x2000_0000;
    public const int FlashBanks = 2;
    public const ulong Ram = 0x8000_0000;

    public const int FirstVirtioSource = 1;
    public const int UartSource = 10;
    public const int RtcSource = 11;

    /// <summary>Sources 1 to 95.</summary>
    public const int PlicSources = 95;

    public const int MaxHarts = 32;
    public const uint TimebaseFrequency = 10_000_000;
    public const uint UartClock = 3_686_400;

    /// <summary>Kernels start at the next 2 MiB (RV32: 4 MiB) boundary behind the firmware.</summary>
    public static ulong FirmwareRoom(bool is64) => is64 ? 0x20_0000u : 0x40_0000u;
}

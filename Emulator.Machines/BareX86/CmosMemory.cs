namespace Emulator.Machines.BareX86;

/// <summary>What firmware and test programs expect in the CMOS memory: how much RAM there is, as QEMU's PCs say it.</summary>
internal static class CmosMemory
{
    private const byte BaseKibibytes = 0x15;
    private const byte ExtendedKibibytes = 0x17;
    private const byte ExtendedKibibytesAgain = 0x30;
    private const byte Above16Mebibytes = 0x34;
    private const byte Above4Gibibytes = 0x5b;
    private const int KibibyteShift = 10;
    private const int UnitShift = 16; // of the last two: 64 KiB
    private const ulong SixteenMebibytes = 16 << 20;

    /// <summary>The bytes by address.</summary>
    public static Dictionary<byte, byte> Of(ulong memory)
    {
        ulong low = Math.Min(memory, BareX86Map.LowRamEnd);
        Dictionary<byte, byte> bytes = [];
        ulong extended = Math.Min((low - BareX86Map.ExtendedStart) >> KibibyteShift, ushort.MaxValue);
        Put(bytes, BaseKibibytes, BareX86Map.ConventionalEnd >> KibibyteShift, sizeof(ushort));
        Put(bytes, ExtendedKibibytes, extended, sizeof(ushort));
        Put(bytes, ExtendedKibibytesAgain, extended, sizeof(ushort));
        Put(bytes, Above16Mebibytes, low > SixteenMebibytes ? (low - SixteenMebibytes) >> UnitShift : 0, sizeof(ushort));
        Put(bytes, Above4Gibibytes, (memory - low) >> UnitShift, 3);
        return bytes;
    }

    private static void Put(Dictionary<byte, byte> bytes, byte address, ulong value, int count)
    {
        for (int i = 0; i < count; i++) bytes[(byte)(address + i)] = (byte)(value >> (8 * i));
    }
}

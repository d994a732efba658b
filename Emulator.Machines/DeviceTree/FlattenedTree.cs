namespace Emulator.Machines.DeviceTree;

/// <summary>The numbers of the flattened format (Devicetree Specification chapter 5), named as it names them. All are big-endian.</summary>
internal static class FlattenedTree
{
    public const uint Magic = 0xd00dfeed;
    public const uint Version = 17;
    public const uint LastCompatibleVersion = 16;

    // Header fields, section 5.2.
    public const int TotalSizeField = 0x04;
    public const int StructureOffsetField = 0x08;
    public const int StringsOffsetField = 0x0c;
    public const int ReservationsOffsetField = 0x10;
    public const int VersionField = 0x14;
    public const int LastCompatibleVersionField = 0x18;
    public const int BootProcessorField = 0x1c;
    public const int StringsSizeField = 0x20;
    public const int StructureSizeField = 0x24;
    public const int HeaderSize = 0x28;

    // Section 5.6.
    public const int TokenAlignment = 4;
    public const int ReservationAlignment = 8;
    public const int ReservationSize = 16;

    // Section 5.4.1.
    public const uint BeginNode = 1;
    public const uint EndNode = 2;
    public const uint Property = 3;
    public const uint Nop = 4;
    public const uint End = 9;

    /// <summary>Twice what Linux maps: enough for any tree, little enough to refuse a file that was meant for another option.</summary>
    public const int MaximumSize = 4 * 1024 * 1024;

    public static uint Align(uint offset, uint alignment) => (offset + alignment - 1) & ~(alignment - 1);
}

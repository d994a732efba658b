namespace Emulator.Devices.Virtio;

// Block device (virtio 1.2, section 5.2).
public sealed partial class VirtioBlock
{
    private const int HeaderSize = 16;
    private const int RangeSize = 16;
    private const int IdSize = 20;
    private const uint RangeFlagUnmap = 1;

    /// <summary>Feature bits (section 5.2.3).</summary>
    [Flags]
    private enum Feature : ulong
    {
        SegmentMax = 1UL << 2,
        ReadOnly = 1UL << 5,
        BlockSize = 1UL << 6,
        Flush = 1UL << 9,
        Topology = 1UL << 10,
        ConfigWriteCache = 1UL << 11,
        Discard = 1UL << 13,
        WriteZeroes = 1UL << 14,
    }

    /// <summary>VIRTIO_BLK_T_*: types of requests (section 5.2.6).</summary>
    private enum RequestType : uint
    {
        In = 0,
        Out = 1,
        Flush = 4,
        GetId = 8,
        Discard = 11,
        WriteZeroes = 13,
    }

    /// <summary>VIRTIO_BLK_S_*: the last byte of a request.</summary>
    private enum RequestStatus : byte
    {
        Ok = 0,
        IoError = 1,
        Unsupported = 2,
    }

    /// <summary>Offsets in the configuration space (section 5.2.4).</summary>
    private static class Config
    {
        public const int Capacity = 0;
        public const int SegmentMax = 12;
        public const int BlockSize = 20;
        public const int PhysicalBlockExponent = 24;
        public const int MinIoSize = 26;
        public const int WriteBack = 32;
        public const int MaxDiscardSectors = 36;
        public const int MaxDiscardSegments = 40;
        public const int DiscardSectorAlignment = 44;
        public const int MaxWriteZeroesSectors = 48;
        public const int MaxWriteZeroesSegments = 52;
        public const int WriteZeroesMayUnmap = 56;
        public const int Size = 72;
    }
}

using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Emulator.Core.Bus;
using Emulator.Devices.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Emulator.Devices.Virtio;

/// <summary>
/// A disk. Requests are served one after the other on the machine's work queue, data going straight between guest memory and the
/// image. The machine owns the image.
/// </summary>
public sealed partial class VirtioBlock : IVirtioDevice, IStateful<VirtioBlockState>
{
    private const int MinQueueSize = 4;
    private const int DescriptorsBesidesData = 2; // header and status
    private const int PhysicalBlockExponent = 3; // 4 KiB: smaller writes make the host read first
    private const int SectorsPerPhysicalBlock = 1 << PhysicalBlockExponent;

    // Bound what one request may cost: zeroing writes that much, discarding walks an index.
    private const uint MaxDiscardSectors = 1 << 21;
    private const uint MaxDiscardRanges = 64;
    private const uint MaxWriteZeroesSectors = 1 << 15;
    private const uint MaxWriteZeroesRanges = 1;

    private readonly Lock _lock = new();
    private readonly IDiskImage _disk;
    private readonly VirtioBlockOptions _options;
    private readonly byte[] _id = new byte[IdSize];
    private readonly ILogger _logger;
    private VirtioBlockState _state;

    /// <summary>Makes a disk device.</summary>
    /// <exception cref="ArgumentException">The serial number or the queue size cannot be.</exception>
    public VirtioBlock(IDiskImage disk, VirtioBlockOptions? options = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(disk);
        _disk = disk;
        _options = options ?? new VirtioBlockOptions();
        _logger = logger ?? NullLogger.Instance;
        if (_options.QueueSize < MinQueueSize || _options.QueueSize > SplitRing.MaxQueueSize || !BitOperations.IsPow2(_options.QueueSize))
        {
            throw new ArgumentException(
                $"queue size {_options.QueueSize}: expected a power of two from {MinQueueSize} to {SplitRing.MaxQueueSize}", nameof(options));
        }

        if (_options.Serial.Length > IdSize || !Ascii.IsValid(_options.Serial))
        {
            throw new ArgumentException($"serial number '{_options.Serial}': expected up to {IdSize} ASCII characters", nameof(options));
        }

        Encoding.ASCII.GetBytes(_options.Serial, _id);
    }

    /// <inheritdoc/>
    public VirtioDeviceId Id => VirtioDeviceId.Block;

    /// <inheritdoc/>
    public ulong Features => (ulong)(
        Feature.SegmentMax | Feature.BlockSize | Feature.Topology | Feature.Flush
        | (_disk.IsReadOnly ? Feature.ReadOnly : Feature.ConfigWriteCache | Feature.WriteZeroes)
        | (_disk.IsReadOnly || !_disk.CanDiscard ? 0 : Feature.Discard));

    /// <inheritdoc/>
    public int QueueCount => 1;

    /// <inheritdoc/>
    public ushort MaxQueueSize(int index) => _options.QueueSize;

    /// <inheritdoc/>
    public void AcceptFeatures(ulong features)
    {
        lock (_lock)
        {
            // Without FLUSH the driver cannot ask for durable writes, so every write is (section 5.2.5.2).
            _state = new VirtioBlockState(features, ((Feature)features).HasFlag(Feature.Flush));
        }
    }

    /// <inheritdoc/>
    public void ReadConfig(uint offset, Span<byte> destination)
    {
        Span<byte> config = stackalloc byte[Config.Size];
        config.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(config[Config.Capacity..], _disk.Length / DiskImage.SectorSize);
        Put(config, Config.SegmentMax, _options.QueueSize - (uint)DescriptorsBesidesData);
        Put(config, Config.BlockSize, DiskImage.SectorSize);
        config[Config.PhysicalBlockExponent] = PhysicalBlockExponent;
        BinaryPrimitives.WriteUInt16LittleEndian(config[Config.MinIoSize..], SectorsPerPhysicalBlock);
        config[Config.WriteBack] = Save().WriteBack ? (byte)1 : (byte)0;
        Put(config, Config.MaxDiscardSectors, MaxDiscardSectors);
        Put(config, Config.MaxDiscardSegments, MaxDiscardRanges);
        Put(config, Config.DiscardSectorAlignment, SectorsPerPhysicalBlock);
        Put(config, Config.MaxWriteZeroesSectors, MaxWriteZeroesSectors);
        Put(config, Config.MaxWriteZeroesSegments, MaxWriteZeroesRanges);
        config[Config.WriteZeroesMayUnmap] = _disk.CanDiscard ? (byte)1 : (byte)0;
        ConfigSpace.Copy(config, offset, destination);

        static void Put(Span<byte> config, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(config[offset..], value);
    }

    /// <inheritdoc/>
    public void WriteConfig(uint offset, ReadOnlySpan<byte> source)
    {
        if (offset != Config.WriteBack || source.Length != 1)
        {
            return;
        }

        lock (_lock)
        {
            if (((Feature)_state.Features).HasFlag(Feature.ConfigWriteCache))
            {
                _state.WriteBack = source[0] != 0;
            }
        }
    }

    /// <inheritdoc/>
    public void ProcessQueue(int index, Virtqueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        while (queue.TryPop(out DescriptorChain chain))
        {
            queue.Push(chain, Serve(chain, queue));
        }
    }

    /// <inheritdoc/>
    public void ResetByDriver() => Restore(default);

    /// <inheritdoc/>
    public void Reset() => Restore(default);

    /// <inheritdoc/>
    public VirtioBlockState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(VirtioBlockState state)
    {
        lock (_lock)
        {
            _state = state;
        }
    }

    /// <summary>Serves a request, which has a place for its status in the last writable byte.</summary>
    /// <returns>How many bytes from the start of the writable part were written.</returns>
    private long Serve(DescriptorChain chain, Virtqueue queue)
    {
        DescriptorBuffer writable = chain.Writable;
        if (writable.Length == 0)
        {
            return 0; // nowhere to answer
        }

        DescriptorBuffer input = writable.Slice(0, writable.Length - 1);
        long written = 0;
        RequestStatus status;
        try
        {
            status = Execute(chain.Readable, input, (Feature)queue.Features, ref written);
        }
        catch (Exception failure)
        {
            _logger.LogWarning(failure, "virtio-blk: the host could not serve a request");
            status = RequestStatus.IoError;
        }

        if (!writable.Slice(input.Length).TryCopyFrom([(byte)status]))
        {
            queue.Break("the status of a block request is outside RAM");
        }

        return written == input.Length ? written + 1 : written;
    }

    private RequestStatus Execute(DescriptorBuffer readable, DescriptorBuffer input, Feature features, ref long written)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (readable.Length < HeaderSize || !readable.Slice(0, HeaderSize).TryCopyTo(header))
        {
            return RequestStatus.IoError;
        }

        var type = (RequestType)BinaryPrimitives.ReadUInt32LittleEndian(header);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        DescriptorBuffer output = readable.Slice(HeaderSize);
        switch (type)
        {
            case RequestType.In:
                return ReadSectors(sector, input, ref written);
            case RequestType.Out:
                return WriteSectors(sector, output, features);
            case RequestType.Flush:
                _disk.Flush();
                return RequestStatus.Ok;
            case RequestType.GetId:
                int length = (int)Math.Min(IdSize, input.Length);
                written = input.TryCopyFrom(_id.AsSpan(0, length)) ? length : 0;
                return written == length ? RequestStatus.Ok : RequestStatus.IoError;
            case RequestType.Discard when features.HasFlag(Feature.Discard):
                return ChangeRanges(output, MaxDiscardRanges, MaxDiscardSectors, allowedFlags: 0, features, _disk.Discard);
            case RequestType.WriteZeroes when features.HasFlag(Feature.WriteZeroes):
                return ChangeRanges(output, MaxWriteZeroesRanges, MaxWriteZeroesSectors, RangeFlagUnmap, features, _disk.WriteZeroes);
            default:
                return RequestStatus.Unsupported;
        }
    }

    private RequestStatus ReadSectors(ulong sector, DescriptorBuffer input, ref long written)
    {
        if (!TryLocate(sector, input.Length, out long offset))
        {
            return RequestStatus.IoError;
        }

        bool ok = input.TryFill(
            (_disk, offset),
            static ((IDiskImage Disk, long Offset) from, long position, Span<byte> bytes) => from.Disk.Read(from.Offset + position, bytes),
            out written);
        return ok ? RequestStatus.Ok : RequestStatus.IoError;
    }

    private RequestStatus WriteSectors(ulong sector, DescriptorBuffer output, Feature features)
    {
        if (_disk.IsReadOnly || !TryLocate(sector, output.Length, out long offset))
        {
            return RequestStatus.IoError;
        }

        bool ok = output.TryRead(
            (_disk, offset),
            static ((IDiskImage Disk, long Offset) to, long position, ReadOnlySpan<byte> bytes) => to.Disk.Write(to.Offset + position, bytes));
        MakeDurable(features);
        return ok ? RequestStatus.Ok : RequestStatus.IoError;
    }

    /// <summary>DISCARD and WRITE_ZEROES: all ranges are checked before the first is changed.</summary>
    private RequestStatus ChangeRanges(
        DescriptorBuffer output, uint maxRanges, uint maxSectors, uint allowedFlags, Feature features, Action<long, long> change)
    {
        Span<byte> ranges = stackalloc byte[(int)Math.Min(output.Length, maxRanges * RangeSize)];
        if (_disk.IsReadOnly || output.Length == 0 || output.Length % RangeSize != 0
            || ranges.Length < output.Length || !output.TryCopyTo(ranges))
        {
            return RequestStatus.IoError;
        }

        for (Span<byte> rest = ranges; rest.Length > 0; rest = rest[RangeSize..])
        {
            if ((ReadRange(rest).Flags & ~allowedFlags) != 0)
            {
                return RequestStatus.Unsupported;
            }
        }

        for (Span<byte> rest = ranges; rest.Length > 0; rest = rest[RangeSize..])
        {
            (ulong sector, uint count, _) = ReadRange(rest);
            if (count > maxSectors || !TryLocate(sector, (long)count * DiskImage.SectorSize, out _))
            {
                return RequestStatus.IoError;
            }
        }

        for (Span<byte> rest = ranges; rest.Length > 0; rest = rest[RangeSize..])
        {
            (ulong sector, uint count, _) = ReadRange(rest);
            change((long)sector * DiskImage.SectorSize, (long)count * DiskImage.SectorSize);
        }

        MakeDurable(features);
        return RequestStatus.Ok;

        static (ulong Sector, uint Count, uint Flags) ReadRange(ReadOnlySpan<byte> range) => (
            BinaryPrimitives.ReadUInt64LittleEndian(range),
            BinaryPrimitives.ReadUInt32LittleEndian(range[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(range[12..]));
    }

    /// <summary>Whole sectors inside the disk; no product or sum here can overflow.</summary>
    private bool TryLocate(ulong sector, long length, out long offset)
    {
        ulong capacity = (ulong)(_disk.Length / DiskImage.SectorSize);
        ulong count = (ulong)length / DiskImage.SectorSize;
        bool ok = length % DiskImage.SectorSize == 0 && count <= capacity && sector <= capacity - count;
        offset = ok ? (long)sector * DiskImage.SectorSize : 0;
        return ok;
    }

    /// <summary>When a completed write is stable (section 5.2.6.2): the driver has no FLUSH, or has switched the cache off.</summary>
    private void MakeDurable(Feature features)
    {
        bool writeBack = features.HasFlag(Feature.ConfigWriteCache) ? Save().WriteBack : features.HasFlag(Feature.Flush);
        if (!writeBack)
        {
            _disk.Flush();
        }
    }
}

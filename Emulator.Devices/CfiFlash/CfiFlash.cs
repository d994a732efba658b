using Emulator.Core.Bus;
using Emulator.Core.Memory;

namespace Emulator.Devices;

/// <summary>
/// A bank of NOR flash. While both chips give their cells, processors read the cells as memory; commands come here, and reads too as
/// long as a chip gives something else. Every command is done at once.
/// </summary>
public sealed partial class CfiFlash : IMmioDevice, IResettable, IStateful<CfiFlashState>, IDisposable
{
    private const int CopyChunk = 1 << 16;

    private readonly Lock _lock = new();
    private readonly Lock _imageLock = new();
    private readonly IDeviceMemory _cells;
    private readonly CfiFlashOptions _options;
    private readonly OutputSequencer _outputs;
    private CfiFlashState _state;

    /// <summary>Creates the bank as at power-on and fills its cells.</summary>
    /// <param name="cells">The cells: <see cref="BankSize"/> bytes.</param>
    /// <param name="options">What they hold.</param>
    /// <exception cref="ArgumentException">The contents do not fit.</exception>
    /// <exception cref="IOException">The image cannot be read.</exception>
    public CfiFlash(IDeviceMemory cells, CfiFlashOptions options)
    {
        ArgumentNullException.ThrowIfNull(cells);
        ArgumentNullException.ThrowIfNull(options);
        long length = options.Image?.Length ?? options.Contents.Length;
        if (cells.Length != BankSize || length > BankSize)
        {
            throw new ArgumentException($"{length} bytes for a flash of {cells.Length}; expected up to {BankSize} for a flash of that size", nameof(options));
        }

        _cells = cells;
        _options = options;
        _outputs = new OutputSequencer(DriveOutputs);
        Fill(length);
    }

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        lock (_lock)
        {
            for (int i = 0; i < access.Size; i++)
            {
                uint at = access.Offset + (uint)i;
                uint lane = at / BytesPerWord;
                int shift = (int)(at % BytesPerWord) * 8;
                value |= (ulong)(byte)(Chip(lane).Read(lane / ChipCount) >> shift) << (8 * i);
            }
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        uint last = (access.Offset + (uint)access.Size - 1) / BytesPerWord;
        for (uint lane = access.Offset / BytesPerWord; lane <= last; lane++)
        {
            FlashChange change;
            lock (_lock)
            {
                change = Chip(lane).Write(lane / ChipCount, WordAt(access, value, lane * BytesPerWord));
            }

            if (change.Length > 0) WriteBack(change, lane);
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <summary>Returns the chips to power-on. The cells keep what they hold.</summary>
    public void Reset() => Restore(default);

    /// <inheritdoc/>
    public CfiFlashState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">No flash can be in this state.</exception>
    public void Restore(CfiFlashState state)
    {
        if (!state.Low.IsValid || !state.High.IsValid) throw new InvalidDataException("flash state: a mode, step or buffer that does not exist");
        lock (_lock)
        {
            _state = state;
        }

        _outputs.Update();
    }

    /// <summary>Makes what was programmed durable. The image stays open.</summary>
    public void Dispose()
    {
        if (_options is { Image.IsReadOnly: false, IsSnapshot: false, IsWriteProtected: false }) _options.Image.Flush();
    }

    // Bytes of a word that are not written float high: they program nothing, and a command in them is read-array.
    private static ushort WordAt(MmioAccess access, ulong value, uint offset)
    {
        uint word = 0;
        for (uint i = 0; i < BytesPerWord; i++)
        {
            uint index = unchecked(offset + i - access.Offset);
            uint bits = index < (uint)access.Size ? (byte)(value >> (int)(8 * index)) : byte.MaxValue;
            word |= bits << (int)(8 * i);
        }

        return (ushort)word;
    }

    private FlashChip Chip(uint lane) => lane % ChipCount == 0
        ? new FlashChip(ref _state.Low, _cells, 0, _options.IsWriteProtected)
        : new FlashChip(ref _state.High, _cells, 1, _options.IsWriteProtected);

    private void Fill(long length)
    {
        byte[] bytes = new byte[CopyChunk];
        for (long offset = 0; offset < BankSize; offset += CopyChunk)
        {
            int count = (int)Math.Clamp(length - offset, 0, CopyChunk);
            if (count > 0 && _options.Image is { } image) image.Read(offset, bytes.AsSpan(0, count));
            else if (count > 0) _options.Contents.Span.Slice((int)offset, count).CopyTo(bytes);
            bytes.AsSpan(count).Fill(byte.MaxValue);
            _cells.Write(offset, bytes);
        }
    }

    // What the cells hold now, which may be newer than the change; the lock keeps an older copy from going last.
    private void WriteBack(FlashChange change, uint lane)
    {
        if (_options.IsSnapshot || _options.Image is not { IsReadOnly: false } image) return;
        try
        {
            lock (_imageLock)
            {
                byte[] bytes = new byte[(int)Math.Clamp(image.Length - change.Offset, 0, change.Length)];
                _cells.Read(change.Offset, bytes);
                image.Write(change.Offset, bytes);
            }
        }
        catch (IOException)
        {
            lock (_lock)
            {
                (lane % ChipCount == 0 ? ref _state.Low : ref _state.High).Errors |= Status.ProgramError;
            }
        }
    }

    private void DriveOutputs()
    {
        bool readsArray;
        lock (_lock)
        {
            readsArray = _state is { Low.Output: FlashOutput.Array, High.Output: FlashOutput.Array };
        }

        _cells.ReadsReachDevice = !readsArray;
    }
}

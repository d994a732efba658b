using System.Buffers.Binary;
using Emulator.Core.Bus;
using Emulator.Core.Memory;

namespace Emulator.Devices;

/// <summary>
/// A bank of NOR flash. While it gives its cells, processors read them as memory; commands come here, and reads too as long as the
/// flash gives something else. Every command is done at once.
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
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bytes.Clear();
        lock (_lock)
        {
            if (_state.Output == FlashOutput.Array) _cells.Read(access.Offset, bytes[..access.Size]);
            for (uint i = 0; i < access.Size && _state.Output != FlashOutput.Array; i++)
            {
                uint at = access.Offset + i;
                bytes[(int)i] = (byte)(ReadWord(at) >> (int)(at % BytesPerWord * 8));
            }
        }

        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        int count;
        for (int done = 0; done < access.Size; done += count)
        {
            uint offset = access.Offset + (uint)done;
            count = Math.Min(access.Size - done, BusWidth - (int)(offset % BusWidth));
            FlashChange change;
            lock (_lock)
            {
                change = WriteCycle(offset, bytes.Slice(done, count));
            }

            if (change.Length > 0) WriteBack(change);
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <summary>Returns the flash to power-on. The cells keep what they hold.</summary>
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
        if (!state.IsValid) throw new InvalidDataException("flash state: a mode, step or buffer that does not exist");
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
    private void WriteBack(FlashChange change)
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
                _state.Errors |= Status.ProgramError;
            }
        }
    }

    private void DriveOutputs()
    {
        bool readsArray;
        lock (_lock)
        {
            readsArray = _state.Output == FlashOutput.Array;
        }

        _cells.ReadsReachDevice = !readsArray;
    }
}

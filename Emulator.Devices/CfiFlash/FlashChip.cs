using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Emulator.Core.Memory;

namespace Emulator.Devices;

/// <summary>Cells that changed: bytes of the bank.</summary>
internal readonly record struct FlashChange(long Offset, int Length);

/// <summary>One 16-bit chip of a bank, for the time of one access: its state and its lane of the cells.</summary>
/// <param name="state">The chip's state; the caller holds the device's lock.</param>
/// <param name="cells">The bank's cells.</param>
/// <param name="lane">Which 16 bits of the bus.</param>
/// <param name="isWriteProtected">VPEN is low.</param>
internal readonly ref struct FlashChip(ref FlashChipState state, IDeviceMemory cells, int lane, bool isWriteProtected)
{
    private const int Stride = CfiFlash.ChipCount * CfiFlash.BytesPerWord;
    private const int EraseChunk = 16 << 10;
    private readonly ref FlashChipState _state = ref state;

    /// <summary>What a read of a word gives.</summary>
    public ushort Read(uint word) => _state.Output switch
    {
        FlashOutput.Array => ReadCell(word),
        FlashOutput.Status => (ushort)(CfiFlash.Status.Ready | _state.Errors),
        FlashOutput.Identifier => ReadIdentifier(word),
        _ => ReadQuery(word),
    };

    /// <summary>Takes a write.</summary>
    /// <returns>The cells that changed.</returns>
    public FlashChange Write(uint word, ushort value)
    {
        var step = _state.Step;
        var command = (CfiFlash.Command)(byte)value;
        _state.Step = FlashStep.Command;
        switch (step)
        {
            case FlashStep.ProgramData:
                return Program(word, [value]);
            case FlashStep.EraseConfirm when command == CfiFlash.Command.Confirm:
                return Erase(BlockOf(word));
            case FlashStep.LockConfirm when command is CfiFlash.Command.Confirm or CfiFlash.Command.LockBlock:
                ChangeLocks(command, word);
                return default;
            case FlashStep.BufferCount when value < CfiFlash.BufferWords:
                _state.Buffer = new FlashBuffer { Length = (byte)(value + 1) };
                _state.Step = FlashStep.BufferData;
                return default;
            case FlashStep.BufferData when TryTakeData(word, value):
                _state.Step = _state.Buffer.Filled < _state.Buffer.Length ? FlashStep.BufferData : FlashStep.BufferConfirm;
                return default;
            case FlashStep.BufferConfirm when command == CfiFlash.Command.Confirm:
                return Program(_state.Buffer.Start, _state.Buffer.Words);
            case FlashStep.Command:
                Obey(command);
                return default;
            default:
                _state.Errors |= CfiFlash.Status.SequenceError;
                return default;
        }
    }

    private static uint BlockOf(uint word) => word / CfiFlash.BlockWords;

    private long OffsetOf(uint word) => ((long)word * Stride) + (lane * CfiFlash.BytesPerWord);

    private bool IsLocked(uint block) => ((_state.Locked >> (int)block) & 1) != 0;

    private void Obey(CfiFlash.Command command)
    {
        (_state.Output, _state.Step) = command switch
        {
            CfiFlash.Command.ReadStatus or CfiFlash.Command.Suspend => (FlashOutput.Status, FlashStep.Command), // nothing lasts, to be suspended
            CfiFlash.Command.ReadIdentifier => (FlashOutput.Identifier, FlashStep.Command),
            CfiFlash.Command.ReadQuery => (FlashOutput.Query, FlashStep.Command),
            CfiFlash.Command.ProgramWord or CfiFlash.Command.ProgramWordAlternate => (FlashOutput.Status, FlashStep.ProgramData),
            CfiFlash.Command.EraseBlock => (FlashOutput.Status, FlashStep.EraseConfirm),
            CfiFlash.Command.LockSetup => (FlashOutput.Status, FlashStep.LockConfirm),
            CfiFlash.Command.WriteToBuffer => (FlashOutput.Status, FlashStep.BufferCount),
            CfiFlash.Command.Confirm => (_state.Output, FlashStep.Command), // resumes nothing
            _ => (FlashOutput.Array, FlashStep.Command),
        };
        if (command == CfiFlash.Command.ClearStatus) _state.Errors = CfiFlash.Status.None;
    }

    private bool TryTakeData(uint word, ushort value)
    {
        ref var buffer = ref _state.Buffer;
        if (buffer.Filled == 0)
        {
            if (BlockOf(word) != BlockOf(word + buffer.Length - 1)) return false;
            buffer.Start = word;
            buffer.Words.Fill(CfiFlash.Erased);
        }

        uint index = unchecked(word - buffer.Start);
        if (index >= buffer.Length) return false;
        buffer.Words[(int)index] = value;
        buffer.Filled++;
        return true;
    }

    private bool IsRefused(bool isLocked, CfiFlash.Status error)
    {
        if (isWriteProtected) _state.Errors |= error | CfiFlash.Status.WriteProtected;
        else if (isLocked) _state.Errors |= error | CfiFlash.Status.Locked;
        return isWriteProtected || isLocked;
    }

    // Programming only clears bits.
    private FlashChange Program(uint word, ReadOnlySpan<ushort> values)
    {
        if (IsRefused(IsLocked(BlockOf(word)), CfiFlash.Status.ProgramError)) return default;
        Span<byte> bytes = stackalloc byte[CfiFlash.BufferWords * Stride];
        bytes = bytes[..(((values.Length - 1) * Stride) + CfiFlash.BytesPerWord)];
        cells.Read(OffsetOf(word), bytes);
        for (int i = 0; i < values.Length; i++)
        {
            var cell = bytes[(i * Stride)..];
            BinaryPrimitives.WriteUInt16LittleEndian(cell, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(cell) & values[i]));
        }

        cells.Write(OffsetOf(word), bytes);
        return new FlashChange(OffsetOf(word), bytes.Length);
    }

    private FlashChange Erase(uint block)
    {
        if (IsRefused(IsLocked(block), CfiFlash.Status.EraseError)) return default;
        long start = (long)block * CfiFlash.BlockSize;
        uint erased = (uint)CfiFlash.Erased << (lane * CfiFlash.BytesPerWord * 8);
        Span<uint> words = stackalloc uint[EraseChunk / sizeof(uint)];
        for (long offset = start; offset < start + CfiFlash.BlockSize; offset += EraseChunk)
        {
            cells.Read(offset, MemoryMarshal.AsBytes(words));
            foreach (ref uint word in words) word |= erased;
            cells.Write(offset, MemoryMarshal.AsBytes(words));
        }

        return new FlashChange(start, (int)CfiFlash.BlockSize);
    }

    // Lock bits are set one by one and cleared all together.
    private void ChangeLocks(CfiFlash.Command command, uint word)
    {
        bool isSet = command == CfiFlash.Command.LockBlock;
        if (IsRefused(false, isSet ? CfiFlash.Status.ProgramError : CfiFlash.Status.EraseError)) return;
        if (isSet) _state.Locked |= UInt128.One << (int)BlockOf(word);
        else _state.Locked = 0;
    }

    private ushort ReadCell(uint word)
    {
        Span<byte> bytes = stackalloc byte[CfiFlash.BytesPerWord];
        cells.Read(OffsetOf(word), bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    private ushort ReadIdentifier(uint word) => (word & CfiFlash.Identifier.Mask) switch
    {
        CfiFlash.Identifier.Manufacturer => CfiFlash.Manufacturer,
        CfiFlash.Identifier.Device => CfiFlash.Device,
        CfiFlash.Identifier.BlockLock => (ushort)(IsLocked(BlockOf(word)) ? 1 : 0),
        _ => 0,
    };

    private ushort ReadQuery(uint word)
    {
        uint index = (word & CfiFlash.Identifier.Mask) - CfiFlash.QueryStart;
        return index < CfiFlash.Query.Length ? CfiFlash.Query[(int)index] : ReadIdentifier(word);
    }
}

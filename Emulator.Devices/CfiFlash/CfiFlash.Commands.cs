using System.Buffers.Binary;

namespace Emulator.Devices;

/// <summary>What commands do; always under the lock.</summary>
public sealed partial class CfiFlash
{
    private const int EraseChunk = 16 << 10;

    /// <summary>Takes one bus cycle.</summary>
    /// <returns>The cells that changed.</returns>
    private FlashChange WriteCycle(uint offset, ReadOnlySpan<byte> bytes)
    {
        var step = _state.Step;
        var command = (Command)bytes[0];
        _state.Step = FlashStep.Command;
        switch (step)
        {
            case FlashStep.ProgramData:
                return Program(offset, bytes);
            case FlashStep.EraseConfirm when command == Command.Confirm:
                return Erase(offset / BlockSize);
            case FlashStep.LockConfirm when command is Command.Confirm or Command.LockBlock:
                ChangeLocks(command, offset / BlockSize);
                return default;
            case FlashStep.BufferCount when CountOf(bytes) < BufferCycles:
                _state.Buffer = new FlashBuffer { Count = (byte)(CountOf(bytes) + 1) };
                _state.Step = FlashStep.BufferData;
                return default;
            case FlashStep.BufferData when TryTakeData(offset, bytes):
                _state.Step = _state.Buffer.Filled < _state.Buffer.Count ? FlashStep.BufferData : FlashStep.BufferConfirm;
                return default;
            case FlashStep.BufferConfirm when command == Command.Confirm:
                return Program(_state.Buffer.Start, _state.Buffer.Bytes[..BytesLeftInBlock(_state.Buffer.Start)]);
            case FlashStep.Command:
                Obey(command);
                return default;
            default:
                _state.Errors |= Status.SequenceError;
                return default;
        }
    }

    private static int CountOf(ReadOnlySpan<byte> bytes) => bytes.Length < BytesPerWord ? bytes[0] : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static int BytesLeftInBlock(uint offset) => (int)Math.Min(BufferSize, BlockSize - (offset % BlockSize));

    private bool IsLocked(uint block) => ((_state.Locked >> (int)block) & 1) != 0;

    private void Obey(Command command)
    {
        (_state.Output, _state.Step) = command switch
        {
            Command.ReadStatus or Command.Suspend => (FlashOutput.Status, FlashStep.Command), // nothing lasts, to be suspended
            Command.ReadIdentifier => (FlashOutput.Identifier, FlashStep.Command),
            Command.ReadQuery => (FlashOutput.Query, FlashStep.Command),
            Command.ProgramWord or Command.ProgramWordAlternate => (FlashOutput.Status, FlashStep.ProgramData),
            Command.EraseBlock => (FlashOutput.Status, FlashStep.EraseConfirm),
            Command.LockSetup => (FlashOutput.Status, FlashStep.LockConfirm),
            Command.WriteToBuffer => (FlashOutput.Status, FlashStep.BufferCount),
            Command.Confirm => (_state.Output, FlashStep.Command), // resumes nothing
            _ => (FlashOutput.Array, FlashStep.Command),
        };
        if (command == Command.ClearStatus) _state.Errors = Status.None;
    }

    private bool TryTakeData(uint offset, ReadOnlySpan<byte> bytes)
    {
        ref var buffer = ref _state.Buffer;
        if (buffer.Filled == 0)
        {
            buffer.Start = Math.Min(offset, BankSize - BufferSize);
            buffer.Bytes.Fill(byte.MaxValue);
        }

        uint index = unchecked(offset - buffer.Start);
        if (index + (ulong)bytes.Length > (ulong)BytesLeftInBlock(buffer.Start)) return false;
        bytes.CopyTo(buffer.Bytes[(int)index..]);
        buffer.Filled++;
        return true;
    }

    private bool IsRefused(bool isLocked, Status error)
    {
        if (_options.IsWriteProtected) _state.Errors |= error | Status.WriteProtected;
        else if (isLocked) _state.Errors |= error | Status.Locked;
        return _options.IsWriteProtected || isLocked;
    }

    // Programming only clears bits.
    private FlashChange Program(uint offset, ReadOnlySpan<byte> bytes)
    {
        if (IsRefused(IsLocked(offset / BlockSize), Status.ProgramError)) return default;
        Span<byte> cells = stackalloc byte[bytes.Length];
        _cells.Read(offset, cells);
        for (int i = 0; i < cells.Length; i++) cells[i] &= bytes[i];
        _cells.Write(offset, cells);
        return new FlashChange(offset, cells.Length);
    }

    private FlashChange Erase(uint block)
    {
        if (IsRefused(IsLocked(block), Status.EraseError)) return default;
        long start = (long)block * BlockSize;
        Span<byte> erased = stackalloc byte[EraseChunk];
        erased.Fill(byte.MaxValue);
        for (long offset = start; offset < start + BlockSize; offset += EraseChunk) _cells.Write(offset, erased);
        return new FlashChange(start, (int)BlockSize);
    }

    // Lock bits are set one by one and cleared all together.
    private void ChangeLocks(Command command, uint block)
    {
        bool isSet = command == Command.LockBlock;
        if (IsRefused(false, isSet ? Status.ProgramError : Status.EraseError)) return;
        if (isSet) _state.Locked |= UInt128.One << (int)block;
        else _state.Locked = 0;
    }

    /// <summary>What each chip answers to a read of a word while it does not give its cells.</summary>
    private ushort ReadWord(uint offset)
    {
        uint index = offset / BusWidth & Identifier.Mask;
        return _state.Output switch
        {
            FlashOutput.Status => (ushort)(Status.Ready | _state.Errors),
            FlashOutput.Query when index - QueryStart < (uint)Query.Length => Query[(int)(index - QueryStart)],
            _ => ReadIdentifier(index, offset / BlockSize),
        };
    }

    private ushort ReadIdentifier(uint index, uint block) => index switch
    {
        Identifier.Manufacturer => Manufacturer,
        Identifier.Device => Device,
        Identifier.BlockLock => (ushort)(IsLocked(block) ? 1 : 0),
        _ => 0,
    };

    /// <summary>Cells that changed: bytes of the bank.</summary>
    private readonly record struct FlashChange(long Offset, int Length);
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="CfiFlash"/>. The cells are memory of the machine.</summary>
public record struct CfiFlashState
{
    /// <summary>What reads give.</summary>
    internal FlashOutput Output;

    /// <summary>What the next write is.</summary>
    internal FlashStep Step;

    /// <summary>Error bits since they were last cleared.</summary>
    internal CfiFlash.Status Errors;

    /// <summary>A lock bit for each block, block 0 lowest. Forgotten with the power: an image has no place for them.</summary>
    internal UInt128 Locked;

    internal FlashBuffer Buffer;

    internal readonly bool IsValid => Output <= FlashOutput.Query && Step <= FlashStep.BufferConfirm && Buffer.IsValid;
}

/// <summary>What reads of a flash give.</summary>
internal enum FlashOutput : byte
{
    Array,
    Status,
    Identifier,
    Query,
}

/// <summary>What a flash takes its next write for.</summary>
internal enum FlashStep : byte
{
    Command,
    ProgramData,
    EraseConfirm,
    LockConfirm,
    BufferCount,
    BufferData,
    BufferConfirm,
}

/// <summary>A write-to-buffer command on its way.</summary>
internal record struct FlashBuffer
{
    /// <summary>Offset in the bank of the first byte, once there is one.</summary>
    public uint Start;

    /// <summary>Bus cycles announced.</summary>
    public byte Count;

    /// <summary>Bus cycles that have come.</summary>
    public byte Filled;

    private ByteArray _bytes;

    public readonly bool IsValid => Count <= CfiFlash.BufferCycles && Filled <= Count && Start <= CfiFlash.BankSize - CfiFlash.BufferSize;

    [UnscopedRef]
    public Span<byte> Bytes => _bytes;

    [InlineArray(CfiFlash.BufferSize)]
    private struct ByteArray : IEquatable<ByteArray>
    {
        private byte _element0;

        public readonly bool Equals(ByteArray other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

        public override readonly bool Equals(object? obj) => obj is ByteArray other && Equals(other);

        public override readonly int GetHashCode()
        {
            var hash = new HashCode();
            hash.AddBytes((ReadOnlySpan<byte>)this);
            return hash.ToHashCode();
        }
    }
}

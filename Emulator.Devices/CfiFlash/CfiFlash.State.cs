using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="CfiFlash"/>. The cells are memory of the machine.</summary>
public record struct CfiFlashState
{
    /// <summary>The chip on bits 15 to 0.</summary>
    internal FlashChipState Low;

    /// <summary>The chip on bits 31 to 16.</summary>
    internal FlashChipState High;
}

/// <summary>What reads of a chip give.</summary>
internal enum FlashOutput : byte
{
    Array,
    Status,
    Identifier,
    Query,
}

/// <summary>What a chip takes its next write for.</summary>
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

/// <summary>One chip.</summary>
internal record struct FlashChipState
{
    public FlashOutput Output;

    public FlashStep Step;

    /// <summary>Error bits since they were last cleared.</summary>
    public CfiFlash.Status Errors;

    /// <summary>A lock bit for each block, block 0 lowest. Forgotten with the power: an image has no place for them.</summary>
    public UInt128 Locked;

    public FlashBuffer Buffer;

    public readonly bool IsValid => Output <= FlashOutput.Query && Step <= FlashStep.BufferConfirm && Buffer.IsValid;
}

/// <summary>A write-to-buffer command on its way.</summary>
internal record struct FlashBuffer
{
    /// <summary>Word address of the first word, once there is one.</summary>
    public uint Start;

    /// <summary>Words announced.</summary>
    public byte Length;

    /// <summary>Words that have come.</summary>
    public byte Filled;

    private WordArray _words;

    public readonly bool IsValid => Length <= CfiFlash.BufferWords && Filled <= Length && Start <= CfiFlash.ChipWords - Length;

    [UnscopedRef]
    public Span<ushort> Words => ((Span<ushort>)_words)[..Length];

    [InlineArray(CfiFlash.BufferWords)]
    private struct WordArray : IEquatable<WordArray>
    {
        private ushort _element0;

        public readonly bool Equals(WordArray other) => ((ReadOnlySpan<ushort>)this).SequenceEqual(other);

        public override readonly bool Equals(object? obj) => obj is WordArray other && Equals(other);

        public override readonly int GetHashCode()
        {
            var hash = new HashCode();
            hash.AddBytes(MemoryMarshal.AsBytes((ReadOnlySpan<ushort>)this));
            return hash.ToHashCode();
        }
    }
}

namespace Emulator.Arch.X86.Processor;

/// <summary>
/// The hidden part of a segment register but for its base, which is in a slot (Intel SDM volume 3, 3.4.3).
/// </summary>
/// <param name="Selector">The visible part.</param>
/// <param name="Limit">The last offset (for expand-down segments, the last one below the segment), in bytes.</param>
/// <param name="Attributes">Access rights.</param>
internal readonly record struct SegmentCache(ushort Selector, uint Limit, SegmentAttributes Attributes);

/// <summary>Access rights of a segment: bits 40 to 55 of its descriptor, without the limit's bits.</summary>
[Flags]
internal enum SegmentAttributes : ushort
{
    None = 0,

    /// <summary>Set by the processor when it loads the segment (code and data).</summary>
    Accessed = 1 << 0,

    /// <summary>Writable (data) or readable (code).</summary>
    Writable = 1 << 1,

    /// <summary>Grows down (data) or is conforming (code).</summary>
    ExpandDown = 1 << 2,

    /// <summary>Code.</summary>
    Code = 1 << 3,

    /// <summary>Code or data; a system descriptor without it.</summary>
    NotSystem = 1 << 4,

    /// <summary>The DPL, two bits.</summary>
    PrivilegeMask = 3 << 5,

    Present = 1 << 7,

    /// <summary>L: 64-bit code.</summary>
    Long = 1 << 13,

    /// <summary>D or B: 32-bit code or stack.</summary>
    Default32 = 1 << 14,

    /// <summary>G: the limit counts pages.</summary>
    PageGranular = 1 << 15,

    /// <summary>What real mode has: a present, writable, accessed data segment.</summary>
    RealMode = Present | NotSystem | Writable | Accessed,
}

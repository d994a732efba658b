namespace Emulator.Arch.X86.Processor;

/// <summary>Bits of paging-structure entries (Intel SDM volume 3, tables 4-5 to 4-20).</summary>
internal static class PageEntry
{
    public const ulong Present = 1ul << 0;
    public const ulong Writable = 1ul << 1;
    public const ulong User = 1ul << 2;
    public const ulong Accessed = 1ul << 5;
    public const ulong Dirty = 1ul << 6;
    public const ulong Large = 1ul << 7;
    public const ulong NoExecute = 1ul << 63;

    /// <summary>Address bits of 64-bit entries, as far as the architecture goes.</summary>
    public const ulong Address = 0x000f_ffff_ffff_f000;
}

/// <summary>Bits of page-fault error codes (figure 4-12).</summary>
[Flags]
internal enum PageFaultCode : uint
{
    None = 0,
    Protection = 1 << 0,
    Write = 1 << 1,
    User = 1 << 2,
    Reserved = 1 << 3,
    Fetch = 1 << 4,
}

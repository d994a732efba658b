namespace Emulator.Arch.X86;

/// <summary>Default operand and address size of code.</summary>
public enum CodeSize : byte
{
    /// <summary>16 bits: real mode, virtual-8086 mode, 16-bit segments.</summary>
    Bits16,

    /// <summary>32 bits.</summary>
    Bits32,

    /// <summary>64-bit mode.</summary>
    Bits64,
}

/// <summary>Sets of data translations kept apart in the TLB.</summary>
public enum X86MmuIndex
{
    /// <summary>As a user: CPL 3.</summary>
    User = 0,

    /// <summary>As a supervisor.</summary>
    Supervisor = 1,

    /// <summary>As a supervisor with EFLAGS.AC set, to which SMAP does not apply.</summary>
    SupervisorUserAccess = 2,
}

/// <summary>What lifted code assumes besides its bytes, packed into the mode word of the code cache's key.</summary>
[Flags]
public enum X86Mode : uint
{
    /// <summary>16-bit code in real mode.</summary>
    None = 0,

    /// <summary>The two bits of <see cref="CodeSize"/>.</summary>
    CodeSizeMask = 3,

    /// <summary>The stack pointer is ESP (SS.B is set); in 64-bit mode it is always RSP.</summary>
    Stack32 = 1 << 2,

    /// <summary>CR0.PE.</summary>
    Protected = 1 << 3,

    /// <summary>EFLAGS.VM.</summary>
    Virtual8086 = 1 << 4,

    /// <summary>EFER.LMA: IA-32e mode, 64-bit or compatibility.</summary>
    LongMode = 1 << 5,

    /// <summary>CS has base 0 and ends at 4 GiB: EIP is the linear address and needs no check.</summary>
    FlatCode = 1 << 6,

    /// <summary>DS, ES and SS are writable from 0 to 4 GiB: an offset is the linear address and needs no check.</summary>
    FlatData = 1 << 7,

    /// <summary>The CPL, two bits.</summary>
    PrivilegeMask = 3 << 8,

    /// <summary>The two bits of <see cref="X86MmuIndex"/> for data.</summary>
    MmuIndexMask = 3 << 10,

    /// <summary>CPL is 3 and CR0.AM and EFLAGS.AC are set: misaligned data faults.</summary>
    AlignmentCheck = 1 << 12,

    /// <summary>Floating point rounds to nearest, masks every exception and treats denormals as IEEE 754 does.</summary>
    DefaultMxcsr = 1 << 13,

    /// <summary>SSE instructions may be used: CR4.OSFXSR without CR0.EM.</summary>
    Sse = 1 << 14,

    /// <summary>CR0.TS: x87 and SSE instructions raise #NM.</summary>
    TaskSwitched = 1 << 15,
}

/// <summary>Parts of a mode.</summary>
internal static class X86ModeExtensions
{
    public const int PrivilegeShift = 8;
    public const int MmuIndexShift = 10;

    extension(X86Mode mode)
    {
        public CodeSize CodeSize => (CodeSize)(mode & X86Mode.CodeSizeMask);

        public bool Is64 => mode.CodeSize == CodeSize.Bits64;

        public int Privilege => (int)(mode & X86Mode.PrivilegeMask) >> PrivilegeShift;

        public X86MmuIndex MmuIndex => (X86MmuIndex)((int)(mode & X86Mode.MmuIndexMask) >> MmuIndexShift);

        public int MmuIndexNumber => (int)mode.MmuIndex;

        public bool Has(X86Mode bit) => (mode & bit) != 0;

        /// <summary>Bits that the decoder is set to.</summary>
        public int Bitness => mode.CodeSize switch { CodeSize.Bits16 => 16, CodeSize.Bits32 => 32, _ => 64 };

        /// <summary>Bytes that a stack address has.</summary>
        public int StackSize => mode.Is64 ? 8 : mode.Has(X86Mode.Stack32) ? 4 : 2;
    }
}

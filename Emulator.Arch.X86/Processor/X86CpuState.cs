using System.Runtime.CompilerServices;

namespace Emulator.Arch.X86.Processor;

/// <summary>The six segment registers.</summary>
[InlineArray(6)]
internal struct SegmentCaches
{
    private SegmentCache _first;
}

/// <summary>The six debug registers that exist, DR0 to DR3, DR6 and DR7.</summary>
internal record struct DebugRegisters(ulong Dr0, ulong Dr1, ulong Dr2, ulong Dr3, ulong Dr6, ulong Dr7);

/// <summary>A descriptor table register.</summary>
internal readonly record struct TableRegister(ulong Base, ushort Limit);

/// <summary>LDTR or TR.</summary>
internal readonly record struct SystemSegment(ushort Selector, ulong Base, uint Limit, SegmentAttributes Attributes)
{
    /// <summary>Of a TSS: it is a 32- or 64-bit one.</summary>
    public bool Is32BitTss => ((int)Attributes & (int)SystemType.Tss32 & ~1) != 0;
}

/// <summary>The page-directory-pointer-table entries that PAE paging keeps in the processor.</summary>
[InlineArray(4)]
internal struct DirectoryPointers
{
    private ulong _first;
}

/// <summary>Model-specific registers that have no other home.</summary>
internal struct ModelSpecificState
{
    public ulong Star;
    public ulong LStar;
    public ulong CStar;
    public ulong SfMask;
    public ulong KernelGsBase;
    public ulong SysenterCs;
    public ulong SysenterEsp;
    public ulong SysenterEip;
    public ulong TscOffset;
    public ulong TscAux;
    public ulong ApicBase;
    public ulong Pat;
    public ulong MiscEnable;
    public MemoryTypeState MemoryTypes;
}

/// <summary>MTRRs: stored, without effect, since memory is always coherent here.</summary>
internal struct MemoryTypeState
{
    public ulong Default;
    public FixedRanges Fixed;
    public VariableRanges Variable;

    /// <summary>The eleven fixed-range registers.</summary>
    [InlineArray(Count)]
    internal struct FixedRanges
    {
        public const int Count = 11;
        private ulong _first;
    }

    /// <summary>Pairs of base and mask.</summary>
    [InlineArray(2 * Count)]
    internal struct VariableRanges
    {
        public const int Count = 8;
        private ulong _first;
    }
}

/// <summary>Everything of a processor that a snapshot carries besides the slots.</summary>
internal struct X86CpuState
{
    public SegmentCaches Segments;
    public SystemSegment Ldtr;
    public SystemSegment Tr;
    public TableRegister Gdtr;
    public TableRegister Idtr;
    public ulong Cr0;
    public ulong Cr2;
    public ulong Cr3;
    public ulong Cr4;
    public ulong Cr8;
    public ulong Efer;
    public DirectoryPointers DirectoryPointers;
    public DebugRegisters Debug;
    public ModelSpecificState Msrs;
    public byte Cpl;

    /// <summary>Bits for DR6 of debug traps that wait for the end of an instruction.</summary>
    public ulong PendingDebug;

    /// <summary>The interrupt shadow is that of a load of SS, which holds debug traps, too.</summary>
    public bool HoldsDebugTraps;

    /// <summary>An NMI waits.</summary>
    public bool IsNmiPending;

    /// <summary>An NMI has been taken and no IRET has followed.</summary>
    public bool IsNmiBlocked;

    /// <summary>Halted by a triple fault.</summary>
    public bool IsShutDown;
}

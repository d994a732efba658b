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
internal readonly record struct SystemSegment(ushort Selector, ulong Base, uint Limit, SegmentAttributes Attributes);

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
    public DebugRegisters Debug;
    public byte Cpl;
}

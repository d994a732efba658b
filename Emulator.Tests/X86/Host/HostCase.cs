using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Emulator.Tests.X86.Host;

/// <summary>General registers in the order of encodings.</summary>
[InlineArray(16)]
internal struct GeneralRegisters
{
    private ulong _first;
}

/// <summary>XMM registers, two halves each, the low one first.</summary>
[InlineArray(32)]
internal struct VectorRegisters
{
    private ulong _first;
}

/// <summary>Segment selectors in the order of encodings: ES, CS, SS, DS, FS, GS.</summary>
[InlineArray(8)]
internal struct Selectors
{
    private ushort _first;
}

/// <summary>Code of a case, with the jumps to its exits.</summary>
[InlineArray(Length)]
internal struct CodeBytes
{
    public const int Length = 160;
    private byte _first;
}

[InlineArray(Length)]
internal struct PatchBytes
{
    public const int Length = 64;
    private byte _first;
}

/// <summary>Memory content other than <see cref="HostLayout.Content"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Patch
{
    public ulong Address;
    public PatchBytes Bytes;
}

[InlineArray(Length)]
internal struct Patches
{
    public const int Length = 3;
    private Patch _first;
}

/// <summary>What a case starts from; as x86-host.c reads it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HostCase
{
    public GeneralRegisters Registers;
    public ulong InstructionPointer;
    public ulong Flags;
    public uint Mxcsr;
    public byte Bits;
    public byte CodeLength;
    public byte PatchCount;
    public byte Reserved;
    public VectorRegisters Vectors;
    public ulong CodeAddress;
    public CodeBytes Code;
    public Patches Patches;
}

/// <summary>Eight bytes of memory that are not <see cref="HostLayout.Content"/> any more.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct MemoryDifference(ulong Address, ulong Value);

/// <summary>What a case leaves, without memory; as x86-host.c writes it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HostState
{
    /// <summary>The value of <see cref="Trap"/> of a case that ended at an exit.</summary>
    public const uint NoTrap = 255;

    /// <summary>The value of <see cref="Trap"/> of a case that ran for more than a second.</summary>
    public const uint Timeout = 254;

    public GeneralRegisters Registers;
    public ulong InstructionPointer;
    public ulong Flags;
    public uint Mxcsr;
    public uint Trap;
    public ulong Error;
    public ulong Address;
    public VectorRegisters Vectors;
    public Selectors Selectors;
    public ulong DifferenceCount;
}

/// <summary>What a case leaves.</summary>
internal readonly record struct HostResult(HostState State, MemoryDifference[] Memory);

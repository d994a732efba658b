using Emulator.Core.Memory;

namespace Emulator.Core.Loading;

/// <summary>The width of an ELF file's addresses (EI_CLASS).</summary>
public enum ElfClass : byte
{
    /// <summary>32-bit (ELFCLASS32).</summary>
    Elf32 = 1,

    /// <summary>64-bit (ELFCLASS64).</summary>
    Elf64 = 2,
}

/// <summary>What an ELF file is (e_type), of the kinds that can be loaded.</summary>
public enum ElfType : ushort
{
    /// <summary>A program at fixed addresses (ET_EXEC).</summary>
    Executable = 2,

    /// <summary>A program that relocates itself to wherever it is put (ET_DYN).</summary>
    PositionIndependent = 3,
}

/// <summary>What a segment's memory is for (p_flags).</summary>
[Flags]
public enum ElfSegmentFlags : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>PF_X.</summary>
    Execute = 1,

    /// <summary>PF_W.</summary>
    Write = 2,

    /// <summary>PF_R.</summary>
    Read = 4,
}

/// <summary>A part of an ELF file that goes to memory (PT_LOAD).</summary>
/// <param name="PhysicalAddress">Where it is put (p_paddr).</param>
/// <param name="VirtualAddress">Where its code believes to be (p_vaddr).</param>
/// <param name="Data">The bytes of the file; they refer to it.</param>
/// <param name="MemorySize">Bytes of memory, at least as many as there are data; those beyond the data are zero.</param>
/// <param name="Flags">What the memory is for.</param>
public sealed record ElfSegment(
    GuestPhysicalAddress PhysicalAddress,
    GuestVirtualAddress VirtualAddress,
    ReadOnlyMemory<byte> Data,
    ulong MemorySize,
    ElfSegmentFlags Flags);

/// <summary>A note of a PT_NOTE segment, such as the entry point of a PVH boot.</summary>
/// <param name="Name">Who defined the type.</param>
/// <param name="Type">The type, of that owner's.</param>
/// <param name="Description">The content, without padding.</param>
public readonly record struct ElfNote(string Name, uint Type, ReadOnlyMemory<byte> Description);

/// <summary>A name for a place in an ELF program.</summary>
/// <param name="Name">The name.</param>
/// <param name="Address">The value: where it is, as the program's code sees addresses.</param>
/// <param name="Size">Bytes, or 0 when not known.</param>
public readonly record struct ElfSymbol(string Name, GuestVirtualAddress Address, ulong Size);

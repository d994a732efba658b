using Emulator.Core.Memory;

namespace Emulator.Core.Loading;

/// <summary>
/// A little-endian ELF program without an interpreter (System V gABI), 32 or 64 bits wide: a bare-metal program, a firmware or a
/// kernel. Nothing is relocated here: a position-independent program (<see cref="At"/>) does that itself when it starts.
/// </summary>
public sealed record ElfImage : GuestImage
{
    internal ElfImage(string name)
        : base(name)
    {
    }

    /// <summary>The width of its addresses.</summary>
    public required ElfClass Class { get; init; }

    /// <summary>Whether its addresses are fixed.</summary>
    public required ElfType Type { get; init; }

    /// <summary>The processor it is for (e_machine), by the number that the gABI gave it.</summary>
    public required ushort Machine { get; init; }

    /// <summary>Flags of that processor (e_flags).</summary>
    public required uint MachineFlags { get; init; }

    /// <summary>Where it starts (e_entry), as its code sees addresses.</summary>
    public required GuestVirtualAddress EntryPoint { get; init; }

    /// <summary>The parts that go to memory, in the file's order; at least one, none of them empty. None wraps around the end of the address space.</summary>
    public required IReadOnlyList<ElfSegment> Segments { get; init; }

    /// <summary>The names of places; empty in a stripped file.</summary>
    public required ElfSymbolTable Symbols { get; init; }

    /// <summary>The notes, in the file's order.</summary>
    public required IReadOnlyList<ElfNote> Notes { get; init; }

    /// <summary>Where it starts when entered without address translation.</summary>
    public GuestPhysicalAddress PhysicalEntryPoint => ToPhysical(EntryPoint);

    /// <summary>
    /// Where a place of the program lies in physical memory before translation is on: by the segment that holds it, or the same
    /// number when none does.
    /// </summary>
    public GuestPhysicalAddress ToPhysical(GuestVirtualAddress address)
    {
        foreach (ElfSegment segment in Segments)
        {
            ulong offset = unchecked(address.Value - segment.VirtualAddress.Value);
            if (offset < segment.MemorySize)
            {
                return segment.PhysicalAddress + offset;
            }
        }

        return new GuestPhysicalAddress(address.Value);
    }

    /// <summary>The same program moved so that its lowest segment lies at an address; everything else moves by as much.</summary>
    /// <param name="address">The new physical address of the lowest segment.</param>
    /// <exception cref="ImageFormatException">The program's addresses are fixed, or it would pass the end of the address space.</exception>
    public ElfImage At(GuestPhysicalAddress address)
    {
        GuestPhysicalAddress lowest = Segments.Min(static segment => segment.PhysicalAddress);
        ulong bias = address - lowest;
        if (bias == 0)
        {
            return this;
        }

        if (Type != ElfType.PositionIndependent)
        {
            throw new ImageFormatException(Name, 0, $"an ELF program at fixed addresses, to be moved to {address}", "a position-independent one");
        }

        ulong mask = AddressMask(Class);
        ulong room = address.Value <= mask ? mask - address.Value : 0;
        if (address.Value > mask || Segments.Any(segment => (segment.PhysicalAddress - lowest) + (segment.MemorySize - 1) > room))
        {
            throw new ImageFormatException(Name, 0, $"an ELF program that at {address} passes the end of the address space", "a lower address");
        }

        return this with
        {
            EntryPoint = Move(EntryPoint, bias, mask),
            Symbols = Symbols.Moved(bias),
            Segments =
            [
                .. Segments.Select(segment => segment with
                {
                    PhysicalAddress = segment.PhysicalAddress + bias,
                    VirtualAddress = Move(segment.VirtualAddress, bias, mask),
                }),
            ],
        };
    }

    internal static ulong AddressMask(ElfClass width) => width == ElfClass.Elf64 ? ulong.MaxValue : uint.MaxValue;

    /// <summary>Whether a range's last byte is inside the address space of a class.</summary>
    internal static bool Fits(ulong address, ulong size, ElfClass width)
    {
        ulong last = AddressMask(width);
        return address <= last && (size == 0 || size - 1 <= last - address);
    }

    internal static GuestVirtualAddress Move(GuestVirtualAddress address, ulong bias, ulong mask) =>
        new(unchecked(address.Value + bias) & mask);
}

using Emulator.Core.Loading;
using Emulator.Core.Memory;

namespace Emulator.Machines.BareX86;

/// <summary>What is in memory when the machine is switched on: the ROM, and what the ROM starts.</summary>
internal sealed record BareX86Boot
{
    private const ushort Elf386 = 3;
    private const ushort ElfX8664 = 62;
    private const int BootSectorBytes = 512;

    /// <summary>The ROM, whole pages; its last byte is the highest of 4 GiB.</summary>
    public required ReadOnlyMemory<byte> Rom { get; init; }

    /// <summary>What is loaded into RAM.</summary>
    public IReadOnlyList<LoadPart> Parts { get; init; } = [];

    /// <summary>Finds out what a machine is to start.</summary>
    /// <exception cref="MachineConfigurationException">That is not possible.</exception>
    public static BareX86Boot Create(BareX86Description machine)
    {
        if (machine.Bios is { } bios)
        {
            if (machine.Kernel is { } unused) throw new MachineConfigurationException($"{unused.Name}: a kernel besides a ROM image, which could not find it; expected one of them");
            return new BareX86Boot { Rom = Padded(bios, machine.Name) };
        }

        var boot = machine.Kernel switch
        {
            null => new BareX86Boot { Rom = EmbeddedGuests.X86Demo },
            RawImage { Data.Length: BootSectorBytes } raw when raw.Data.Span[^2..].SequenceEqual<byte>([0x55, 0xaa]) => BootSector(raw),
            ElfImage elf => Program(machine, elf),
            RawImage raw when MultibootHeader.Find(raw.Data.Span) is { HasAddresses: true } header => Start(machine, header.Load(raw), header.EntryAddress, is64: false),
            var other => throw new MachineConfigurationException(
                $"{other.Name}: neither ELF nor a Multiboot image with addresses nor a boot sector of {BootSectorBytes} bytes, which is what {machine.Name} starts"),
        };
        RefuseOverlaps(boot.Parts);
        return boot;
    }

    private static ReadOnlyMemory<byte> Padded(ReadOnlyMemory<byte> image, string machine)
    {
        if (image.Length is 0 or > BareX86Map.LargestRom)
        {
            throw new MachineConfigurationException($"{machine}: a ROM image of {image.Length} bytes; expected 1 to {BareX86Map.LargestRom}");
        }

        int length = (image.Length + BareX86Map.PageSize - 1) & ~(BareX86Map.PageSize - 1);
        byte[] padded = new byte[length];
        image.Span.CopyTo(padded.AsSpan(length - image.Length));
        return padded;
    }

    private static BareX86Boot BootSector(RawImage sector) => new()
    {
        Rom = BootStub.ForBootSector(),
        Parts =
        [
            new LoadPart(0, BootStub.InterruptVectors(), "interrupt vectors"),
            new LoadPart(BootStub.BootSectorAddress, sector.Data, sector.Name),
        ],
    };

    private static BareX86Boot Program(BareX86Description machine, ElfImage elf)
    {
        ushort expected = elf.Class == ElfClass.Elf64 ? ElfX8664 : Elf386;
        if (elf.Machine != expected)
        {
            throw new MachineConfigurationException($"{elf.Name}: ELF machine number {elf.Machine}; expected {Elf386} (80386) or {ElfX8664} (x86-64) for {machine.Name}");
        }

        if (elf.Type == ElfType.PositionIndependent) elf = elf.At(new GuestPhysicalAddress(BareX86Map.ExtendedStart));
        var header = elf.Segments.Select(static segment => MultibootHeader.Find(segment.Data.Span)).FirstOrDefault(static found => found is not null);
        ulong entry = header is { HasAddresses: true } ? header.EntryAddress : elf.PhysicalEntryPoint.Value;
        var parts = elf.Segments.Where(static segment => segment.MemorySize > 0)
            .Select(segment => new LoadPart(segment.PhysicalAddress, segment.Data, segment.MemorySize, elf.Name));
        return Start(machine, [.. parts], entry, is64: header is null && elf.Class == ElfClass.Elf64);
    }

    private static BareX86Boot Start(BareX86Description machine, IReadOnlyList<LoadPart> kernel, ulong entry, bool is64)
    {
        var (address, information) = MultibootInformation.Create(machine, kernel);
        return new BareX86Boot
        {
            Rom = is64 ? BootStub.ForLongMode(entry, address) : BootStub.ForProtectedMode((uint)entry, address),
            Parts = [.. kernel, .. information, .. is64 ? [IdentityPageTables.Create(machine.Memory)] : Array.Empty<LoadPart>()],
        };
    }

    private static void RefuseOverlaps(IReadOnlyList<LoadPart> parts)
    {
        LoadPart? below = null;
        foreach (var part in parts.Where(static part => part.Size > 0).OrderBy(static part => part.Address.Value))
        {
            if (below is not null && part.Address.Value < below.End)
            {
                throw new MachineConfigurationException($"{part.Name} at {part.Address} overlaps {below.Name} at {below.Address}..{new GuestPhysicalAddress(below.End - 1)}");
            }

            below = part;
        }
    }
}

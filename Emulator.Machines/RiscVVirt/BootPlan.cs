using Emulator.Core.Loading;
using Emulator.Core.Memory;

namespace Emulator.Machines.RiscVVirt;

/// <summary>Where everything that is loaded goes, and where execution starts.</summary>
internal sealed record BootPlan
{
    private const ulong TreeAlignment = 0x20_0000;
    private const ulong TreeLimit = 0xc000_0000; // 3 GiB: reachable with 32 bits
    private const ulong MaxInitrdDistance = 128 << 20;
    private const ulong PageSize = 4096;

    /// <summary>What to copy where, in order.</summary>
    public required IReadOnlyList<LoadPart> Parts { get; init; }

    /// <summary>Where the first instruction after the boot ROM is.</summary>
    public required ulong Start { get; init; }

    /// <summary>Where firmware goes on, or 0.</summary>
    public required ulong Next { get; init; }

    /// <summary>Where the device tree is.</summary>
    public required ulong Tree { get; init; }

    public static BootPlan Create(RiscVVirtDescription machine, Func<(ulong Start, ulong End)?, byte[]> createTree)
    {
        var parts = new List<LoadPart>();
        var firmware = machine.EffectiveFirmware;
        ulong firmwareEntry = RiscVVirtMap.Ram;
        if (firmware is Firmware.FirmwareImage { Image: var image }) firmwareEntry = Place(image, RiscVVirtMap.Ram, parts, out _);
        ulong kernelBase = RiscVVirtMap.Ram + (firmware is Firmware.NoFirmware ? 0 : RiscVVirtMap.FirmwareRoom(machine.Isa.Is64));
        ulong kernelEntry = 0;
        ulong end = kernelBase;
        if (machine.Kernel is { } kernel)
        {
            RefuseOtherArchitecture(kernel, machine);
            if (kernel is LinuxImage linux) kernelBase = Math.Max(kernelBase, RiscVVirtMap.Ram + linux.TextOffset);
            kernelEntry = Place(kernel, kernelBase, parts, out end);
        }

        if (machine.StartsInFlash) kernelEntry = RiscVVirtMap.Flash;

        (ulong Start, ulong End)? initrd = null;
        ulong ramEnd = RiscVVirtMap.Ram + machine.Memory;
        if (machine.Initrd is { } disk)
        {
            ulong start = AlignUp(end, PageSize);
            ulong preferred = kernelBase + Math.Min(machine.Memory / 2, MaxInitrdDistance);
            if (preferred > start && preferred + (ulong)disk.Length < ramEnd - (4 * TreeAlignment)) start = preferred;
            parts.Add(new LoadPart(new GuestPhysicalAddress(start), disk, (ulong)disk.Length, "initrd"));
            initrd = (start, start + (ulong)disk.Length);
        }

        byte[] tree = createTree(initrd);
        ulong used = RiscVVirtMap.Ram;
        foreach (var part in parts)
        {
            if (part.Address.Value < ramEnd) used = Math.Max(used, part.Address.Value + part.Size);
        }

        ulong treeEnd = Math.Min(ramEnd, TreeLimit);
        ulong treeAddress = (treeEnd - (ulong)tree.Length) & ~(TreeAlignment - 1);
        if (treeAddress < used) treeAddress = (treeEnd - (ulong)tree.Length) & ~(PageSize - 1); // little memory
        if (treeAddress < used)
        {
            throw new MachineConfigurationException(
                $"{machine.Name}: what is loaded ends at {new GuestPhysicalAddress(used)}, beyond the device tree at {new GuestPhysicalAddress(treeAddress)}; expected more memory than {machine.Memory >> 10} KiB");
        }

        parts.Add(new LoadPart(new GuestPhysicalAddress(treeAddress), tree, (ulong)tree.Length, "device tree"));
        return new BootPlan
        {
            Parts = parts,
            Start = firmware is Firmware.FirmwareImage || (machine.Kernel is null && !machine.StartsInFlash) ? firmwareEntry : kernelEntry,
            Next = firmware is Firmware.FirmwareImage ? kernelEntry : 0,
            Tree = treeAddress,
        };
    }

    private static void RefuseOtherArchitecture(GuestImage kernel, RiscVVirtDescription machine)
    {
        const ushort RiscV = 243;
        if (kernel is not ElfImage elf) return;
        if (elf.Machine != RiscV) throw new MachineConfigurationException($"{elf.Name}: ELF machine number {elf.Machine}; expected {RiscV} (RISC-V) for {machine.Name}");
        if (elf.Class == ElfClass.Elf64 != machine.Isa.Is64)
        {
            throw new MachineConfigurationException($"{elf.Name}: {elf.Class} program; expected one for the processor's {machine.Isa.IsaString} (choose another --cpu)");
        }
    }

    /// <summary>Notes an image's parts; gives its entry and where it ends.</summary>
    private static ulong Place(GuestImage image, ulong at, List<LoadPart> parts, out ulong end)
    {
        switch (image)
        {
            case ElfImage elf:
                var placed = elf.Type == ElfType.PositionIndependent ? elf.At(new GuestPhysicalAddress(at)) : elf;
                end = at;
                foreach (var segment in placed.Segments)
                {
                    if (segment.MemorySize == 0) continue;
                    parts.Add(new LoadPart(segment.PhysicalAddress, segment.Data, segment.MemorySize, elf.Name));
                    end = Math.Max(end, segment.PhysicalAddress.Value + segment.MemorySize);
                }

                return placed.PhysicalEntryPoint.Value;
            case LinuxImage linux:
                parts.Add(new LoadPart(new GuestPhysicalAddress(at), linux.Data, (ulong)linux.Data.Length, linux.Name));
                end = at + Math.Max(linux.MemorySize, (ulong)linux.Data.Length);
                return at;
            case RawImage raw:
                parts.Add(new LoadPart(new GuestPhysicalAddress(at), raw.Data, (ulong)raw.Data.Length, raw.Name));
                end = at + (ulong)raw.Data.Length;
                return at;
            default:
                throw new MachineConfigurationException($"{image.Name}: an image of kind {image.GetType().Name}; expected ELF, Linux Image or raw");
        }
    }

    private static ulong AlignUp(ulong value, ulong alignment) => (value + alignment - 1) & ~(alignment - 1);
}

using System.Buffers.Binary;
using System.Text;

namespace Emulator.Machines.BareX86;

/// <summary>What a kernel is told by the Multiboot specification, version 0.6.96 (3.3): memory, command line, module.</summary>
internal static class MultibootInformation
{
    /// <summary>In EAX: started by Multiboot.</summary>
    public const uint Magic = 0x2bad_b002;

    private const uint UsualAddress = 0x9000;
    private const uint MapOffset = 0x100;
    private const uint ModuleOffset = 0x200;
    private const uint TextOffset = 0x300;
    private const int LongestText = 0x6000;
    private const uint StackBytes = 0x1000; // free below the information
    private const int Size = 0x74;
    private const string LoaderName = "emu";
    private const int KibibyteShift = 10;
    private const int MapEntryBytes = 24;

    [Flags]
    private enum Field : uint
    {
        Memory = 1 << 0,
        CommandLine = 1 << 2,
        Modules = 1 << 3,
        MemoryMap = 1 << 6,
        LoaderName = 1 << 9,
    }

    private enum MemoryKind : uint
    {
        Available = 1,
        Reserved = 2,
    }

    /// <summary>Puts the information together, and the module behind the kernel.</summary>
    /// <returns>Where the information begins, and everything that belongs to it.</returns>
    /// <exception cref="MachineConfigurationException">The command line is too long.</exception>
    public static (uint Address, IReadOnlyList<LoadPart> Parts) Create(BareX86Description machine, IReadOnlyList<LoadPart> kernel)
    {
        string commandLine = $"{kernel[0].Name} {machine.Append}".TrimEnd();
        byte[] texts = Encoding.UTF8.GetBytes($"{LoaderName}\0{commandLine}\0");
        if (texts.Length > LongestText) throw new MachineConfigurationException($"{machine.Name}: a command line of {texts.Length} bytes; expected less than {LongestText}");
        uint address = FreeAddress(kernel, TextOffset + (uint)texts.Length);
        uint text = address + TextOffset;
        byte[] map = Map(machine);
        byte[] information = new byte[Size];
        ulong low = Math.Min(machine.Memory, BareX86Map.LowRamEnd);
        var fields = Field.Memory | Field.CommandLine | Field.MemoryMap | Field.LoaderName;
        Put(information, 4, (uint)(BareX86Map.ConventionalEnd >> KibibyteShift));
        Put(information, 8, (uint)((low - BareX86Map.ExtendedStart) >> KibibyteShift));
        Put(information, 16, text + (uint)LoaderName.Length + 1);
        Put(information, 44, (uint)map.Length);
        Put(information, 48, address + MapOffset);
        Put(information, 64, text);
        List<LoadPart> parts =
        [
            new(address + MapOffset, map, "Multiboot memory map"),
            new(text, texts, "Multiboot command line"),
        ];
        if (machine.Initrd is { } initrd)
        {
            ulong start = (kernel.Max(static part => part.End) + BareX86Map.PageSize - 1) & ~(ulong)(BareX86Map.PageSize - 1);
            start = Math.Max(start, BareX86Map.ExtendedStart);
            byte[] module = new byte[16];
            Put(module, 0, (uint)start);
            Put(module, 4, (uint)start + (uint)initrd.Length);
            Put(module, 8, text + (uint)LoaderName.Length); // an empty text
            parts.Add(new LoadPart(address + ModuleOffset, module, "Multiboot module"));
            parts.Add(new LoadPart(start, initrd, "initrd"));
            fields |= Field.Modules;
            Put(information, 20, 1);
            Put(information, 24, address + ModuleOffset);
        }

        Put(information, 0, (uint)fields);
        parts.Add(new LoadPart(address, information, "Multiboot information"));
        return (address, parts);
    }

    // The usual place, or the highest of conventional memory that the kernel and a small stack leave free.
    private static uint FreeAddress(IReadOnlyList<LoadPart> kernel, uint size)
    {
        uint address = UsualAddress;
        if (!IsFree(address)) address = (uint)(BareX86Map.ConventionalEnd - size) & ~(uint)(BareX86Map.PageSize - 1);
        while (!IsFree(address) && address > UsualAddress) address -= BareX86Map.PageSize;
        return address;

        bool IsFree(uint start) => kernel.All(part => part.End <= start - StackBytes || part.Address.Value >= start + size);
    }

    private static byte[] Map(BareX86Description machine)
    {
        ulong low = Math.Min(machine.Memory, BareX86Map.LowRamEnd);
        List<(ulong Start, ulong End, MemoryKind Kind)> ranges =
        [
            (0, BareX86Map.ConventionalEnd, MemoryKind.Available),
            (BareX86Map.ConventionalEnd, BareX86Map.ExtendedStart, MemoryKind.Reserved),
            (BareX86Map.ExtendedStart, low, MemoryKind.Available),
            (BareX86Map.RomEnd - BootStub.RomBytes, BareX86Map.RomEnd, MemoryKind.Reserved),
            (BareX86Map.HighRamStart, BareX86Map.HighRamStart + machine.Memory - low, MemoryKind.Available),
        ];
        var present = ranges.Where(static range => range.End > range.Start).ToList();
        byte[] map = new byte[present.Count * MapEntryBytes];
        for (int i = 0; i < present.Count; i++)
        {
            var entry = map.AsSpan(i * MapEntryBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(entry, MapEntryBytes - sizeof(uint)); // without itself
            BinaryPrimitives.WriteUInt64LittleEndian(entry[4..], present[i].Start);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[12..], present[i].End - present[i].Start);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[20..], (uint)present[i].Kind);
        }

        return map;
    }

    private static void Put(byte[] to, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(to.AsSpan(offset), value);
}

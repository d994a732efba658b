using System.Buffers.Binary;
using System.Text;

namespace Emulator.Machines.BareX86;

/// <summary>What a kernel is told by the Multiboot specification, version 0.6.96 (3.3): memory, command line, module.</summary>
internal static class MultibootInformation
{
    /// <summary>Where the information begins.</summary>
    public const uint Address = 0x9000;

    /// <summary>In EAX: started by Multiboot.</summary>
    public const uint Magic = 0x2bad_b002;

    private const uint MapAddress = Address + 0x100;
    private const uint ModuleAddress = Address + 0x200;
    private const uint TextAddress = Address + 0x300;
    private const int LongestText = 0x6000;
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
    /// <exception cref="MachineConfigurationException">The command line is too long.</exception>
    public static IReadOnlyList<LoadPart> Create(BareX86Description machine, IReadOnlyList<LoadPart> kernel)
    {
        string commandLine = $"{kernel[0].Name} {machine.Append}".TrimEnd();
        byte[] texts = Encoding.UTF8.GetBytes($"{LoaderName}\0{commandLine}\0");
        if (texts.Length > LongestText) throw new MachineConfigurationException($"{machine.Name}: a command line of {texts.Length} bytes; expected less than {LongestText}");
        byte[] map = Map(machine);
        byte[] information = new byte[Size];
        ulong low = Math.Min(machine.Memory, BareX86Map.LowRamEnd);
        var fields = Field.Memory | Field.CommandLine | Field.MemoryMap | Field.LoaderName;
        Put(information, 4, (uint)(BareX86Map.ConventionalEnd >> KibibyteShift));
        Put(information, 8, (uint)((low - BareX86Map.ExtendedStart) >> KibibyteShift));
        Put(information, 16, TextAddress + (uint)LoaderName.Length + 1);
        Put(information, 44, (uint)map.Length);
        Put(information, 48, MapAddress);
        Put(information, 64, TextAddress);
        List<LoadPart> parts =
        [
            new(MapAddress, map, "Multiboot memory map"),
            new(TextAddress, texts, "Multiboot command line"),
        ];
        if (machine.Initrd is { } initrd)
        {
            ulong start = (kernel.Max(static part => part.End) + BareX86Map.PageSize - 1) & ~(ulong)(BareX86Map.PageSize - 1);
            start = Math.Max(start, BareX86Map.ExtendedStart);
            byte[] module = new byte[16];
            Put(module, 0, (uint)start);
            Put(module, 4, (uint)start + (uint)initrd.Length);
            Put(module, 8, TextAddress + (uint)LoaderName.Length); // an empty text
            parts.Add(new LoadPart(ModuleAddress, module, "Multiboot module"));
            parts.Add(new LoadPart(start, initrd, "initrd"));
            fields |= Field.Modules;
            Put(information, 20, 1);
            Put(information, 24, ModuleAddress);
        }

        Put(information, 0, (uint)fields);
        parts.Add(new LoadPart(Address, information, "Multiboot information"));
        return parts;
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

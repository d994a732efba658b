using Emulator.Core.Memory;
using Emulator.Machines.DeviceTree;

namespace Emulator.Tests.DeviceTree;

/// <summary>A tree such as a machine describes itself with, and random ones.</summary>
internal static class SampleTrees
{
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789,._+-";

    public static DeviceTreeDocument Machine(int harts = 2)
    {
        DeviceTreeDocument document = new();
        document.Reservations.Add(new DeviceTreeReservation(new GuestPhysicalAddress(0x8000_0000), 0x4_0000));
        DeviceTreeNode root = document.Root.SetCells("#address-cells", 2).SetCells("#size-cells", 2)
            .SetStrings("compatible", "riscv-virtio").SetStrings("model", "riscv-virtio,test");
        root.AddNode("aliases").SetStrings("serial0", "/soc/serial@10000000");
        root.AddNode("chosen").SetStrings("stdout-path", "/soc/serial@10000000").SetBytes("rng-seed", new byte[] { 1, 2, 3, 4, 5, 6, 7 });
        root.AddNode("memory@80000000").SetStrings("device_type", "memory").SetUInt64s("reg", 0x8000_0000, 0x1000_0000);

        DeviceTreeNode cpus = root.AddNode("cpus").SetCells("#address-cells", 1).SetCells("#size-cells", 0)
            .SetCells("timebase-frequency", 10_000_000);
        List<DeviceTreeNode> controllers = [];
        for (uint hart = 0; hart < harts; hart++)
        {
            controllers.Add(cpus.AddNode($"cpu@{hart:x}").SetStrings("device_type", "cpu").SetCells("reg", hart)
                .SetStrings("status", "okay").SetStrings("compatible", "riscv").SetStrings("riscv,isa", "rv64imafdc")
                .SetStrings("riscv,isa-extensions", "i", "m", "a", "f", "d", "c").SetStrings("mmu-type", "riscv,sv39")
                .AddNode("interrupt-controller").SetCells("#interrupt-cells", 1).SetCells("#address-cells", 0)
                .SetEmpty("interrupt-controller").SetStrings("compatible", "riscv,cpu-intc"));
        }

        AddSoc(root, controllers);
        return document;
    }

    public static DeviceTreeDocument Random(Random random)
    {
        DeviceTreeDocument document = new() { BootProcessor = (uint)random.Next(4) };
        for (int i = random.Next(3); i > 0; i--)
        {
            document.Reservations.Add(new DeviceTreeReservation(new GuestPhysicalAddress((ulong)random.NextInt64()), (ulong)random.NextInt64(1, 1 << 30)));
        }

        Fill(document.Root, random, depth: 0);
        return document;
    }

    private static void AddSoc(DeviceTreeNode root, List<DeviceTreeNode> controllers)
    {
        DeviceTreeNode soc = root.AddNode("soc").SetCells("#address-cells", 2).SetCells("#size-cells", 2)
            .SetStrings("compatible", "simple-bus").SetEmpty("ranges");
        soc.AddNode("clint@2000000").SetStrings("compatible", "sifive,clint0", "riscv,clint0").SetUInt64s("reg", 0x200_0000, 0x1_0000)
            .SetCells("interrupts-extended", [.. controllers.SelectMany(static c => new[] { c.Phandle, 3u, c.Phandle, 7u })]);
        DeviceTreeNode plic = soc.AddNode("plic@c000000").SetStrings("compatible", "sifive,plic-1.0.0", "riscv,plic0")
            .SetCells("#interrupt-cells", 1).SetCells("#address-cells", 0).SetEmpty("interrupt-controller")
            .SetUInt64s("reg", 0xc00_0000, 0x60_0000)
            .SetCells("interrupts-extended", [.. controllers.SelectMany(static c => new[] { c.Phandle, 11u, c.Phandle, 9u })])
            .SetCells("riscv,ndev", 95);
        soc.AddNode("serial@10000000").SetStrings("compatible", "ns16550a").SetUInt64s("reg", 0x1000_0000, 0x100)
            .SetCells("clock-frequency", 3_686_400).SetReferences("interrupt-parent", plic).SetCells("interrupts", 10);
        DeviceTreeNode test = soc.AddNode("test@100000").SetStrings("compatible", "sifive,test1", "sifive,test0", "syscon")
            .SetUInt64s("reg", 0x10_0000, 0x1000);
        root.AddNode("poweroff").SetStrings("compatible", "syscon-poweroff").SetReferences("regmap", test)
            .SetCells("offset", 0).SetCells("value", 0x5555);
    }

    private static void Fill(DeviceTreeNode node, Random random, int depth)
    {
        for (int i = random.Next(6); i > 0; i--)
        {
            byte[] bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            string name = Name(random);
            _ = random.Next(6) switch
            {
                0 => node.SetEmpty(name),
                1 => node.SetCells(name, (uint)random.Next(), uint.MaxValue, 0),
                2 => node.SetUInt64s(name, (ulong)random.NextInt64()),
                3 => node.SetStrings(name, Text(random), Text(random)),
                4 => node.SetCells(name, node.Phandle),
                _ => node.SetBytes(name, bytes),
            };
        }

        for (int i = depth < 5 ? random.Next(4) : 0; i > 0; i--)
        {
            string name = random.Next(2) == 0 ? Name(random) : $"{Name(random)}@{random.Next():x}";
            if (node.FindNode(name) is null)
            {
                Fill(node.AddNode(name), random, depth + 1);
            }
        }
    }

    private static string Name(Random random) =>
        (char)('a' + random.Next(26)) + string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => NameCharacters[random.Next(NameCharacters.Length)]));

    // Anything printable, with the characters that source text must escape, and sometimes nothing or an accent.
    private static string Text(Random random) =>
        random.Next(8) == 0 ? "é\n" : string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => (char)random.Next(0x20, 0x7f)));
}

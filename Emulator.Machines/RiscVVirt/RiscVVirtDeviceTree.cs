using Emulator.Devices;
using Emulator.Machines.DeviceTree;

namespace Emulator.Machines.RiscVVirt;

/// <summary>Writes the device tree of the board from its description.</summary>
internal static class RiscVVirtDeviceTree
{
    private const uint MachineSoftware = 3;
    private const uint MachineTimer = 7;
    private const uint MachineExternal = 11;
    private const uint SupervisorSoftware = 1;
    private const uint SupervisorExternal = 9;
    private const uint CacheBlockBytes = 64;

    public static DeviceTreeDocument Create(RiscVVirtDescription machine, ReadOnlySpan<byte> seed)
    {
        var document = new DeviceTreeDocument();
        var root = document.Root;
        root.SetCells("#address-cells", 2).SetCells("#size-cells", 2);
        root.SetStrings("compatible", "riscv-virtio").SetStrings("model", "riscv-virtio,emulator");
        var controllers = AddProcessors(root, machine);
        root.AddNode($"memory@{RiscVVirtMap.Ram:x}").SetStrings("device_type", "memory").SetUInt64s("reg", RiscVVirtMap.Ram, machine.Memory);
        var soc = root.AddNode("soc").SetCells("#address-cells", 2).SetCells("#size-cells", 2).SetStrings("compatible", "simple-bus").SetEmpty("ranges");
        AddTimers(soc, controllers);
        var plic = AddPlic(soc, controllers);
        for (int slot = 0; slot < RiscVVirtMap.VirtioSlots; slot++)
        {
            ulong address = RiscVVirtMap.Virtio + ((ulong)slot * RiscVVirtMap.VirtioSize);
            AddDevice(soc, "virtio_mmio", address, RiscVVirtMap.VirtioSize, plic, RiscVVirtMap.FirstVirtioSource + slot).SetStrings("compatible", "virtio,mmio");
        }

        AddPower(root, soc);
        AddDevice(soc, "rtc", RiscVVirtMap.Rtc, RiscVVirtMap.RtcSize, plic, RiscVVirtMap.RtcSource).SetStrings("compatible", "google,goldfish-rtc");
        var uart = AddDevice(soc, "serial", RiscVVirtMap.Uart, RiscVVirtMap.UartSize, plic, RiscVVirtMap.UartSource)
            .SetStrings("compatible", "ns16550a").SetCells("clock-frequency", RiscVVirtMap.UartClock);
        if (machine.Flash.Length > 0) AddFlash(root);
        root.AddNode("aliases").SetStrings("serial0", uart.Path);
        root.AddNode("chosen").SetStrings("stdout-path", uart.Path).SetBytes("rng-seed", seed.ToArray());
        return document;
    }

    private static List<DeviceTreeNode> AddProcessors(DeviceTreeNode root, RiscVVirtDescription machine)
    {
        var controllers = new List<DeviceTreeNode>();
        var cpus = root.AddNode("cpus").SetCells("#address-cells", 1).SetCells("#size-cells", 0)
            .SetCells("timebase-frequency", RiscVVirtMap.TimebaseFrequency);
        var nodes = new List<DeviceTreeNode>();
        for (int hart = 0; hart < machine.Harts; hart++)
        {
            var cpu = cpus.AddNode($"cpu@{hart:x}").SetStrings("device_type", "cpu").SetCells("reg", (uint)hart)
                .SetStrings("status", "okay").SetStrings("compatible", "riscv")
                .SetStrings("riscv,isa-base", machine.Isa.BaseName).SetStrings("riscv,isa-extensions", [.. machine.Isa.ExtensionNames])
                .SetStrings("riscv,isa", machine.Isa.IsaString);
            if (machine.Isa.MmuType is { } mmu) cpu.SetStrings("mmu-type", mmu);
            foreach (string block in (ReadOnlySpan<string>)["cbom", "cbop", "cboz"]) cpu.SetCells($"riscv,{block}-block-size", CacheBlockBytes);
            controllers.Add(cpu.AddNode("interrupt-controller").SetCells("#interrupt-cells", 1).SetEmpty("interrupt-controller")
                .SetStrings("compatible", "riscv,cpu-intc"));
            nodes.Add(cpu);
        }

        var cluster = cpus.AddNode("cpu-map").AddNode("cluster0");
        for (int hart = 0; hart < machine.Harts; hart++) cluster.AddNode($"core{hart}").SetReferences("cpu", nodes[hart]);
        return controllers;
    }

    private static void AddTimers(DeviceTreeNode soc, List<DeviceTreeNode> controllers)
    {
        AddRegion(soc, "clint", RiscVVirtMap.Clint, RiscVVirtMap.ClintSize).SetStrings("compatible", "sifive,clint0", "riscv,clint0")
            .SetCells("interrupts-extended", Interrupts(controllers, MachineSoftware, MachineTimer));
        AddRegion(soc, "aclint-sswi", RiscVVirtMap.Sswi, RiscVVirtMap.SswiSize).SetStrings("compatible", "riscv,aclint-sswi")
            .SetEmpty("interrupt-controller").SetCells("#interrupt-cells", 0)
            .SetCells("interrupts-extended", Interrupts(controllers, SupervisorSoftware));
    }

    private static DeviceTreeNode AddPlic(DeviceTreeNode soc, List<DeviceTreeNode> controllers) =>
        AddRegion(soc, "plic", RiscVVirtMap.Plic, 0x20_0000 + (0x1000u * 2 * (ulong)controllers.Count))
            .SetStrings("compatible", "sifive,plic-1.0.0", "riscv,plic0").SetCells("#interrupt-cells", 1).SetCells("#address-cells", 0)
            .SetEmpty("interrupt-controller").SetCells("riscv,ndev", RiscVVirtMap.PlicSources)
            .SetCells("interrupts-extended", Interrupts(controllers, MachineExternal, SupervisorExternal));

    // Pairs of a processor and one of its interrupts.
    private static uint[] Interrupts(List<DeviceTreeNode> controllers, params ReadOnlySpan<uint> numbers)
    {
        uint[] cells = new uint[controllers.Count * numbers.Length * 2];
        int count = 0;
        foreach (var controller in controllers)
        {
            foreach (uint number in numbers)
            {
                cells[count++] = controller.Phandle;
                cells[count++] = number;
            }
        }

        return cells;
    }

    private static void AddPower(DeviceTreeNode root, DeviceTreeNode soc)
    {
        var test = AddRegion(soc, "test", RiscVVirtMap.Finisher, RiscVVirtMap.FinisherSize).SetStrings("compatible", "sifive,test1", "sifive,test0", "syscon");
        root.AddNode("poweroff").SetStrings("compatible", "syscon-poweroff").SetReferences("regmap", test).SetCells("offset", 0).SetCells("value", 0x5555);
        root.AddNode("reboot").SetStrings("compatible", "syscon-reboot").SetReferences("regmap", test).SetCells("offset", 0).SetCells("value", 0x7777);
    }

    private static void AddFlash(DeviceTreeNode root)
    {
        var banks = Enumerable.Range(0, RiscVVirtMap.FlashBanks).SelectMany(bank => (ulong[])[RiscVVirtMap.Flash + ((ulong)bank * CfiFlash.BankSize), CfiFlash.BankSize]);
        root.AddNode($"flash@{RiscVVirtMap.Flash:x}").SetStrings("compatible", "cfi-flash").SetUInt64s("reg", [.. banks]).SetCells("bank-width", CfiFlash.BusWidth);
    }

    private static DeviceTreeNode AddRegion(DeviceTreeNode soc, string name, ulong address, ulong size) =>
        soc.AddNode($"{name}@{address:x}").SetUInt64s("reg", address, size);

    private static DeviceTreeNode AddDevice(DeviceTreeNode soc, string name, ulong address, ulong size, DeviceTreeNode plic, int source) =>
        AddRegion(soc, name, address, size).SetReferences("interrupt-parent", plic).SetCells("interrupts", (uint)source);
}

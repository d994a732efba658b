using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Loading;

namespace Emulator.Machines.RiscVVirt;

/// <summary>What runs in machine mode before the kernel.</summary>
public abstract record Firmware
{
    private Firmware()
    {
    }

    /// <summary>Nothing: the kernel is entered in machine mode.</summary>
    public static Firmware None { get; } = new NoFirmware();

    /// <summary>Our own SBI, outside the guest: the kernel is entered in supervisor mode.</summary>
    public static Firmware BuiltIn { get; } = new BuiltInSbi();

    /// <summary>A firmware image such as OpenSBI, at the start of RAM.</summary>
    public static Firmware FromImage(GuestImage image) => new FirmwareImage(image);

    internal sealed record NoFirmware : Firmware;

    internal sealed record BuiltInSbi : Firmware;

    internal sealed record FirmwareImage(GuestImage Image) : Firmware;
}

/// <summary>The board <c>riscv-virt</c>: QEMU's <c>virt</c> machine for RISC-V, with its addresses and interrupts.</summary>
public sealed record RiscVVirtDescription : MachineDescription
{
    /// <inheritdoc/>
    public override string Name => "riscv-virt";

    /// <summary>The instruction set of all harts.</summary>
    public IsaConfiguration Isa { get; init; } = IsaConfiguration.Max;

    /// <summary>
    /// What runs before the kernel; null: <see cref="Firmware.BuiltIn"/> for a Linux kernel, and for a program that leaves room for
    /// firmware at the start of RAM; else <see cref="Firmware.None"/>.
    /// </summary>
    public Firmware? Firmware { get; init; }

    /// <summary>A device tree to use in place of the board's own; command line and initrd are entered into it.</summary>
    public DeviceTree.DeviceTreeDocument? DeviceTree { get; init; }

    internal Firmware EffectiveFirmware => Firmware ?? Kernel switch
    {
        null => RiscVVirt.Firmware.None,
        LinuxImage => RiscVVirt.Firmware.BuiltIn,
        ElfImage elf => elf.Segments.Any(s => s.PhysicalAddress.Value < RiscVVirtMap.Ram + RiscVVirtMap.FirmwareRoom(Isa.Is64))
            ? RiscVVirt.Firmware.None : RiscVVirt.Firmware.BuiltIn,
        _ => RiscVVirt.Firmware.None,
    };

    internal override IMachineBoard Build(MachineContext context) => RiscVVirtBoard.Create(this, context);
}

/// <summary>The entry to the board <c>riscv-virt</c>.</summary>
public static class RiscVVirtMachine
{
    /// <summary>Describes a machine; refine it with <c>with { ... }</c>.</summary>
    /// <param name="memory">RAM in bytes; 0 for the default of 128 MiB.</param>
    /// <param name="harts">Processors, 1 to 32.</param>
    /// <param name="isa">ISA string such as <c>rv64gc_zba</c>; null for everything there is, on 64 bits.</param>
    public static RiscVVirtDescription Describe(ulong memory = 0, int harts = 1, string? isa = null) => new()
    {
        Memory = memory == 0 ? 128.MiB() : memory,
        Harts = harts,
        Isa = isa is null ? IsaConfiguration.Max : IsaConfiguration.Parse(isa),
    };
}

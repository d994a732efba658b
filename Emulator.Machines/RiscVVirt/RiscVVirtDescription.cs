using System.Collections.Immutable;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Loading;
using Emulator.Devices.Storage;

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

/// <summary>What a bank of flash holds.</summary>
public sealed record FlashImage
{
    private FlashImage()
    {
    }

    /// <summary>Nothing at first; what the guest programs is gone with the machine.</summary>
    public static FlashImage Erased { get; } = new();

    internal DiskOptions? File { get; private init; }

    internal ReadOnlyMemory<byte> Contents { get; private init; }

    internal bool IsWriteProtected { get; private init; }

    /// <summary>A raw file, which keeps what the guest programs; one shorter than the bank must be read-only or a snapshot.</summary>
    public static FlashImage FromFile(DiskOptions file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new FlashImage { File = file, IsWriteProtected = file.ReadOnly };
    }

    /// <summary>Bytes to start with; what the guest programs is gone with the machine.</summary>
    /// <param name="contents">The bytes; what follows them is erased.</param>
    /// <param name="isWriteProtected">The guest cannot program or erase.</param>
    public static FlashImage FromMemory(ReadOnlyMemory<byte> contents, bool isWriteProtected = false) =>
        new() { Contents = contents, IsWriteProtected = isWriteProtected };
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

    /// <summary>
    /// Flash images, for the banks at 0x20000000 and 0x22000000; bare <see cref="FlashImage.Erased"/> for one without. When there are any,
    /// both banks exist, and what is in the first is started: at reset with <see cref="Firmware.None"/>, else by the firmware in place of a
    /// missing kernel.
    /// </summary>
    public ImmutableArray<FlashImage> Flash { get; init; } = [];

    internal bool StartsInFlash => Flash.Length > 0 && (Kernel is null || EffectiveFirmware is Firmware.NoFirmware);

    internal Firmware EffectiveFirmware => Firmware ?? Kernel switch
    {
        null => Flash.Length > 0 ? RiscVVirt.Firmware.BuiltIn : RiscVVirt.Firmware.None,
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

using Emulator.Arch.RiscV.Isa;
using Emulator.Cli.Options;
using Emulator.Core.Loading;
using Emulator.Machines;
using Emulator.Machines.BareX86;
using Emulator.Machines.DeviceTree;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Cli.Running;


/// <summary>A machine that can be named on the command line.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it is, in one line.</param>
/// <param name="Options">The options that mean something special to it, with what.</param>
/// <param name="Describe">Makes its description: everything that is particular to this machine.</param>
internal sealed record MachineEntry(
    string Name, string Summary, IReadOnlyList<(string Option, string Meaning)> Options, Func<RunOptions, GuestImage?, MachineDescription> Describe)
{
    /// <summary>There is something to run when nothing is named.</summary>
    public bool StartsByItself { get; init; }
}

/// <summary>The machines there are.</summary>
internal static class MachineCatalog
{
    private const string NoFirmware = "none";
    private const string BuiltInFirmware = "builtin";

    /// <summary>The PC without firmware.</summary>
    public const string BareX86 = "bare-x86";

    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<MachineEntry> All { get; } =
    [
        new(RunOptions.DefaultMachine, "RISC-V board with the addresses and interrupts of QEMU's virt",
        [
            ("--cpu LIST", "ISA string such as rv64gc_zba, max or rv32max, then ,+name and ,-name (default max, or rv32max for a 32-bit ELF file)"),
            ("--harts N", "1 to 32"),
            ("--memory SIZE", "from 1M, in whole pages; at 0x80000000"),
            ("--bios none|builtin|FILE", "nothing, our own SBI, or firmware such as OpenSBI at the start of RAM"),
            ("--kernel FILE", "Linux Image (also gzip, zstd, EFI zboot), ELF or raw"),
            ("--disk FILE,...", "up to 7 virtio block devices"),
            ("--flash FILE,...", "up to 2 banks of 32 MiB, at 0x20000000; the first is started when there is no --kernel, or with --bios none"),
        ], DescribeRiscVVirt),
        new(BareX86, "PC of the fewest chips: 8259A, 8254, 16550, debug ports; starts at the reset vector",
        [
            ("--memory SIZE", "from 1M, in whole pages; from 3 GiB on at 4 GiB"),
            ("--bios FILE", "a ROM of up to 16 MiB that ends at 4 GiB, and its last 128 KiB at 1 MiB (default: a small guest of our own)"),
            ("--kernel FILE", "Multiboot, ELF (32 bits: flat protected mode; 64 bits: long mode), or a boot sector"),
            ("--initrd FILE", "the Multiboot module"),
            ("--debug-exit PORT", "port that ends the machine: writing v gives the exit status (v << 1) | 1"),
            ("--debugcon PORT=FILE", "port whose bytes go to a file"),
        ], DescribeBareX86) { StartsByItself = true },
    ];

    /// <summary>The machine of a name.</summary>
    /// <exception cref="CommandLineException">There is none.</exception>
    public static MachineEntry Get(string name) => All.FirstOrDefault(machine => machine.Name == name)
        ?? throw new CommandLineException($"--machine {name}: no such machine; expected {string.Join(" or ", All.Select(static machine => machine.Name))}");

    /// <summary>What <c>--cpu</c> says; without it, everything that a program of this width may use.</summary>
    public static IsaConfiguration Isa(string? cpu, GuestImage? kernel)
    {
        if (cpu is null) return kernel is ElfImage { Class: ElfClass.Elf32 } ? IsaConfiguration.Max32 : IsaConfiguration.Max;
        try
        {
            return IsaConfiguration.Parse(cpu);
        }
        catch (FormatException exception)
        {
            throw new CommandLineException($"--cpu: {exception.Message}");
        }
    }

    private static RiscVVirtDescription DescribeRiscVVirt(RunOptions options, GuestImage? kernel)
    {
        string? x86Option = options.DebugExit is not null ? "--debug-exit" : options.DebugOutputs.IsEmpty ? null : "--debugcon";
        if (x86Option is not null) throw new CommandLineException($"{x86Option} is for x86 machines; {RunOptions.DefaultMachine} ends by its finisher, SBI or tohost");
        return new RiscVVirtDescription
        {
            Isa = Isa(options.Cpu, kernel),
            Firmware = options.Bios switch
            {
                null => null,
                NoFirmware => Firmware.None,
                BuiltInFirmware => Firmware.BuiltIn,
                string path => Firmware.FromImage(InputFile.Use("--bios", path, static path => GuestImage.Load(path))),
            },
            Flash = [.. options.Flash.Select(FlashImage.FromFile)],
            DeviceTree = options.DeviceTree is { } tree ? InputFile.Use("--dtb", tree, DeviceTreeDocument.Load) : null,
        };
    }

    private static BareX86Description DescribeBareX86(RunOptions options, GuestImage? kernel)
    {
        string? foreign = options.Cpu is not null ? "--cpu" : options.DeviceTree is not null ? "--dtb"
            : !options.Disks.IsEmpty ? "--disk" : options.Flash.IsEmpty ? null : "--flash";
        if (foreign is not null) throw new CommandLineException($"{foreign} is not for {BareX86}, which has one kind of processor, no device tree, no disks and no flash");
        if (options.Bios == NoFirmware && kernel is null) throw new CommandLineException($"--bios {NoFirmware} leaves {BareX86} nothing to run; expected --bios FILE or --kernel FILE");
        string? rom = options.Bios is NoFirmware or BuiltInFirmware ? null : options.Bios;
        if (rom is not null && kernel is not null) throw new CommandLineException($"--bios {rom} could not find the --kernel on {BareX86}; expected one of them");
        return new BareX86Description
        {
            Bios = rom is null ? (ReadOnlyMemory<byte>?)null : InputFile.Use("--bios", rom, File.ReadAllBytes),
            DebugExit = options.DebugExit,
            DebugOutputs = options.DebugOutputs,
        };
    }
}

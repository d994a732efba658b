namespace Emulator.Devices;

/// <summary>One choice a user has about a device.</summary>
/// <param name="Name">As written on the command line or in a machine description.</param>
/// <param name="Summary">What it chooses, with its default.</param>
public sealed record DeviceOption(string Name, string Summary);

/// <summary>One kind of device this library can put into a machine.</summary>
/// <param name="Name">The name users know it by.</param>
/// <param name="Summary">What it is, in one line.</param>
/// <param name="Options">What may be chosen, in the order of interest.</param>
public sealed record DeviceDescription(string Name, string Summary, IReadOnlyList<DeviceOption> Options);

/// <summary>The devices there are, for listing.</summary>
public static class DeviceCatalog
{
    /// <summary>All devices, ordered by name.</summary>
    public static IReadOnlyList<DeviceDescription> All { get; } =
    [
        new("aclint", "RISC-V timer and software interrupts of machine level, compatible with SiFive's CLINT", []),
        new("aclint-sswi", "RISC-V software interrupts of supervisor level", []),
        new("cfi-flash", "NOR flash with Intel's command set, 32 MiB in blocks of 256 KiB", [new("flash", "image FILE with readonly, snapshot")]),
        new("debug-console", "Port whose bytes go to the host", [new("backend", "a file or standard output")]),
        new("debug-exit", "Port that ends the machine: writing v gives the exit status (v << 1) | 1", []),
        new("goldfish-rtc", "Real-time clock with an alarm", [new("start", "time of day at power-on (default: the host's)")]),
        new("mc146818", "Clock and CMOS memory of a PC", [new("start", "time of day at power-on (default: the host's)")]),
        new("ns16550a", "Serial port with FIFOs",
        [
            new("backend", "stdio, null, file:PATH, tcp:HOST:PORT or tcp-listen:ADDRESS:PORT"),
            new("shift", "registers lie 2^shift bytes apart (default 0)"),
        ]),
        new("pc-system-control", "A20 gate, reset and power-off of a PC (ports 0x92, 0xcf9 and 0x604)", []),
        new("pic8259", "The two 8259A interrupt controllers of a PC, with edge/level control", []),
        new("pit8254", "The 8254 timer of a PC, with system control port B", []),
        new("plic", "RISC-V platform-level interrupt controller", [new("sources", "interrupt sources, 1 to 1023 (default 95)")]),
        new("sifive-test", "Switches the machine off or restarts it", []),
        new("virtio-blk", "Disk",
        [
            new("disk", "image FILE with format=raw, readonly, snapshot"),
            new("serial", "up to 20 ASCII characters (default none)"),
            new("queue-size", "a power of two from 4 to 32768 (default 256)"),
        ]),
        new("virtio-console", "Console with one port", [new("size", "columns and rows (default unknown)")]),
        new("virtio-rng", "Source of random bytes", [new("seed", "the same bytes for the same seed (default: the host's generator)")]),
    ];
}

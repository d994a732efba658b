using System.Globalization;
using System.Text.Json;
using Emulator.Cli.Bench;

namespace Emulator.Benchmarks;

/// <summary>
/// Whole guests beside QEMU, in alternation: <c>guests --emu EMU.DLL [--runs N] [--json FILE] [--boot KERNEL INITRD] [--x86 PROGRAM.elf]... PROGRAM.elf...</c>.
/// Programs for x86 are those of benchmarks/x86-kernels, the others run on the virt machine. Each figure is the median of cold processes, compile time included.
/// </summary>
internal static class GuestComparison
{
    private const string Prompt = "# ";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private sealed record Guest(string Name, string[] EmuArguments, string[] QemuArguments, string? Until, string Qemu = "qemu-system-riscv64", int Status = 0);

    private sealed record Row(string Guest, double EmuCpu, double QemuCpu, double EmuWall, double QemuWall, double Ratio);

    public static async Task<int> RunAsync(string[] args)
    {
        string emu = "";
        string? json = null;
        int runs = 5;
        var guests = new List<Guest>();
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--emu": emu = args[++i]; break;
                case "--runs": runs = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
                case "--json": json = args[++i]; break;
                case "--boot": guests.Add(Boot(args[++i], args[++i])); break;
                case "--x86": guests.Add(X86Program(args[++i])); break;
                default: guests.Add(Program(args[i])); break;
            }
        }

        if (!File.Exists(emu) || guests.Count == 0)
        {
            Console.Error.WriteLine("usage: guests --emu EMU.DLL [--runs N] [--json FILE] [--boot KERNEL INITRD] [--x86 PROGRAM.elf]... PROGRAM.elf...");
            return 2;
        }

        var rows = new List<Row>();
        foreach (var guest in guests) rows.Add(await MeasureAsync(emu, guest, runs));

        foreach (var row in rows)
        {
            Console.WriteLine($"{row.Guest,-12} emu {row.EmuCpu,7:F2} s CPU {row.EmuWall,7:F2} s   qemu {row.QemuCpu,7:F2} s CPU {row.QemuWall,7:F2} s   qemu/emu {row.Ratio:F2}");
        }

        Console.WriteLine($"geometric mean of QEMU's CPU time / ours: {Math.Exp(rows.Average(r => Math.Log(r.Ratio))):F2}");
        if (json is not null) await File.WriteAllTextAsync(json, JsonSerializer.Serialize(rows));
        return 0;
    }

    private static Guest Program(string file) => new(
        Path.GetFileNameWithoutExtension(file), ["--kernel", file, "--bios", "none"], ["-M", "virt", "-bios", "none", "-kernel", file], null);

    private static Guest X86Program(string file) => new(
        Path.GetFileNameWithoutExtension(file), ["--machine", "bare-x86", "--kernel", file, "--debug-exit", "0xf4"],
        ["-M", "pc", "-kernel", file, "-device", "isa-debug-exit,iobase=0xf4,iosize=4"], null, "qemu-system-x86_64", Status: 1);

    private static Guest Boot(string kernel, string initrd) => new(
        "boot", ["--kernel", kernel, "--initrd", initrd, "--append", "console=ttyS0"], ["-M", "virt", "-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0"], Prompt);

    private static async Task<Row> MeasureAsync(string emu, Guest guest, int runs)
    {
        var ours = new List<(double Wall, double Cpu)>();
        var theirs = new List<(double Wall, double Cpu)>();
        for (int run = 0; run < runs; run++)
        {
            ours.Add(await OnceAsync("dotnet", [emu, "run", "--memory", "512M", .. guest.EmuArguments], guest));
            theirs.Add(await OnceAsync(guest.Qemu, ["-m", "512M", "-nographic", .. guest.QemuArguments], guest));
        }

        double emuCpu = Comparison.Median(ours.Select(t => t.Cpu));
        double qemuCpu = Comparison.Median(theirs.Select(t => t.Cpu));
        return new Row(guest.Name, emuCpu, qemuCpu, Comparison.Median(ours.Select(t => t.Wall)), Comparison.Median(theirs.Select(t => t.Wall)), qemuCpu / emuCpu);
    }

    private static async Task<(double Wall, double Cpu)> OnceAsync(string program, string[] arguments, Guest guest)
    {
        var times = await MeasuredProcess.RunAsync([program, .. arguments], guest.Until, Limit, CancellationToken.None);
        if (times.Status is { } status && status != guest.Status) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit status {status}; expected {guest.Status}");
        return (times.Wall, times.Cpu);
    }
}

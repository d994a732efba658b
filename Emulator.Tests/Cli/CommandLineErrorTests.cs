using Emulator.Tests.Images;

namespace Emulator.Tests.Cli;

/// <summary>What cannot be done is said in one line, with the exit status that belongs to it.</summary>
[TestFixture]
public sealed class CommandLineErrorTests
{
    private const int BadCommandLine = 2;
    private const int UnusableInput = 3;

    [TestCase("frobnicate", "'frobnicate'")]
    [TestCase("run --frobnicate", "'--frobnicate'")]
    [TestCase("run", "nothing to run; expected --kernel FILE")]
    [TestCase("run --bios builtin", "nothing to run")]
    [TestCase("run --kernel", "--kernel")]
    [TestCase("run --machine pdp11 --image riscv-demo", "--machine pdp11: no such machine; expected riscv-virt")]
    [TestCase("run --image riscv-demo --memory much", "--memory much: expected a size")]
    [TestCase("run --image riscv-demo --harts -1", "--harts -1: expected a number")]
    [TestCase("run --image riscv-demo --engine steam", "--engine steam: expected auto, interpreter, reference or jit")]
    [TestCase("run --image riscv-demo --timeout 0", "--timeout 0: expected seconds")]
    [TestCase("run --image riscv-demo --timeout soon", "--timeout soon: expected seconds")]
    [TestCase("run --image riscv-demo --signature-granularity 2", "--signature-granularity 2: expected 4 or 8")]
    [TestCase("run --image riscv-demo --log loud", "--log loud: expected CATEGORY=LEVEL")]
    [TestCase("run --image riscv-demo --disk a.img,format=qcow2", "disk format 'qcow2'; expected raw")]
    [TestCase("run --image riscv-demo --cpu rv64gq", "ISA string 'rv64gq': unknown extension 'q'")]
    [TestCase("run --image riscv-demo --cpu z80", "ISA string 'z80'")]
    [TestCase("run --image riscv-demo --serial carrier-pigeon", "--serial 'carrier-pigeon' is no console; expected stdio")]
    [TestCase("run --image riscv-demo --debug-exit 0xf4", "--debug-exit is for x86 machines")]
    [TestCase("run --image riscv-demo --debugcon 0xe9=-", "--debugcon is for x86 machines")]
    [TestCase("run --machine bare-x86 --debug-exit here", "--debug-exit here: expected a port such as 0xf4")]
    [TestCase("run --machine bare-x86 --debug-exit 0x10000", "--debug-exit 0x10000: expected a port")]
    [TestCase("run --machine bare-x86 --debugcon 0xe9", "--debugcon 0xe9: expected PORT=FILE")]
    [TestCase("run --machine bare-x86 --debugcon =x", "--debugcon =x: expected PORT=FILE")]
    [TestCase("run --machine bare-x86 --debugcon 0xe9=", "--debugcon 0xe9=: expected PORT=FILE")]
    [TestCase("run --machine bare-x86 --debugcon 0x12345=x", "--debugcon 0x12345=x: expected PORT=FILE")]
    [TestCase("run --machine bare-x86 --cpu rv64gc", "--cpu is not for bare-x86")]
    [TestCase("run --machine bare-x86 --dtb a.dtb", "--dtb is not for bare-x86")]
    [TestCase("run --machine bare-x86 --disk a.img", "--disk is not for bare-x86")]
    [TestCase("run --machine bare-x86 --flash a.fd", "--flash is not for bare-x86")]
    [TestCase("run --machine bare-x86 --bios none", "--bios none leaves bare-x86 nothing to run")]
    [TestCase("disasm", "'disasm'")]
    [TestCase("disasm x --base here", "--base here: expected an address")]
    [TestCase("images pull", "'pull'")]
    [TestCase("bench --engine steam", "--engine steam: expected auto, interpreter, reference or jit")]
    public Task Bad_command_line(string line, string expected) => FailsAsync(BadCommandLine, expected, line.Split(' '));

    [TestCase("run --kernel /nowhere/kernel", "--kernel /nowhere/kernel: no such file")]
    [TestCase("run --image riscv-demo --bios /nowhere/fw", "--bios /nowhere/fw: no such file")]
    [TestCase("run --image riscv-demo --initrd /nowhere/initrd", "--initrd /nowhere/initrd: no such file")]
    [TestCase("run --image riscv-demo --dtb /nowhere/tree", "--dtb /nowhere/tree: no such file")]
    [TestCase("run --image riscv-demo --disk /nowhere/disk", "disk '/nowhere/disk': no such file")]
    [TestCase("run --image riscv-demo --trace /nowhere/trace", "--trace /nowhere/trace: no such file")]
    [TestCase("run --image riscv-demo --serial file:/nowhere/log", "/nowhere/log")]
    [TestCase("run --image riscv-demo --signature s", "riscv-demo.bin is no ELF file; expected one with the symbols begin_signature and end_signature")]
    [TestCase("run --image nonsense", "there is no image 'nonsense'")]
    [TestCase("run --image debian-riscv64", "emu images pull debian-riscv64")]
    [TestCase("run --image riscv-demo --harts 0", "0 harts; expected 1 to 32")]
    [TestCase("run --image riscv-demo --harts 33", "33 harts; expected 1 to 32")]
    [TestCase("run --image riscv-demo --memory 4097", "4097 bytes of memory; expected a multiple of 4096")]
    [TestCase("run --image riscv-demo --memory 1M", "are not inside RAM")]
    [TestCase("run --image riscv-demo --memory 1000T", "expected less")]
    [TestCase("run --machine bare-x86 --bios /nowhere/rom", "--bios /nowhere/rom: no such file")]
    [TestCase("run --machine bare-x86 --harts 2", "2 processors; expected 1")]
    [TestCase("run --machine bare-x86 --memory 5000", "5000 bytes of memory; expected a multiple of 4096")]
    [TestCase("run --machine bare-x86 --image riscv-demo", "riscv-demo.bin: neither ELF nor")]
    [TestCase("run --machine bare-x86 --debug-exit 0xe9 --debugcon 0xe9=/nowhere/log", "/nowhere/log")]
    [TestCase("run --machine bare-x86 --debug-exit 0x3f8", "debug exit at ports 0x3f8..0x3f8 overlaps 'COM1' at 0x3f8..0x3ff")]
    [TestCase("disasm /nowhere/code", "disasm /nowhere/code: no such file")]
    [TestCase("images pull nonsense", "no image 'nonsense' can be pulled")]
    public Task Unusable_input(string line, string expected) => FailsAsync(UnusableInput, expected, line.Split(' '));

    [Test]
    public async Task Folder_is_no_kernel()
    {
        using var folder = new TemporaryFolder();
        await FailsAsync(UnusableInput, $"--kernel {folder.Path}: is a directory; expected a file", "run", "--kernel", folder.Path);
    }

    [Test]
    public async Task Damaged_kernel_is_named_with_the_place()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("kernel.elf", GuestPrograms.Elf(GuestPrograms.Finish(GuestPrograms.Pass))[..70]);
        await FailsAsync(UnusableInput, $"{path}: at offset 0x", "run", "--kernel", path);
    }

    [Test]
    public async Task Damaged_device_tree_is_named()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("a.dtb", "this is no device tree at all, but text of some length");
        await FailsAsync(UnusableInput, path, "run", "--image", "riscv-demo", "--dtb", path);
    }

    [Test]
    public async Task Disk_of_another_format_is_refused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("disk.qcow2", [.. "QFI"u8, 0xfb, .. new byte[508]]);
        await FailsAsync(UnusableInput, $"disk '{path}': begins like a qcow2 file", "run", "--image", "riscv-demo", "--disk", path);
    }

    [Test]
    public async Task Too_many_disks_are_refused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("disk.img", new byte[512]);
        await FailsAsync(UnusableInput, "8 disks; expected at most 7",
            ["run", "--image", "riscv-demo", .. Enumerable.Repeat(new[] { "--disk", path + ",readonly" }, 8).SelectMany(static disk => disk)]);
    }

    [Test]
    public async Task Help_is_complete()
    {
        var result = await Emu.RunAsync("run", "--help");
        Assert.That(result.Status, Is.Zero);
        foreach (string option in new[] { "machine", "image", "cpu", "memory", "harts", "bios", "kernel", "initrd", "append", "dtb", "disk", "flash", "serial", "engine",
            "deterministic", "timeout", "signature", "signature-granularity", "debug-exit", "debugcon", "no-reboot", "stats", "log", "trace" })
        {
            Assert.That(result.Out, Does.Contain("--" + option + " "));
        }
    }

    [TestCase("--help", "disasm")]
    [TestCase("--version", "emu 1.")]
    [TestCase("machines", "riscv-virt")]
    [TestCase("machines", "bare-x86")]
    [TestCase("devices", "virtio-blk")]
    [TestCase("images", "debian-riscv64")]
    public async Task Lists_are_results(string line, string expected)
    {
        var result = await Emu.RunAsync(line.Split(' '));
        Assert.That(result.Status, Is.Zero, result.Error);
        Assert.That(result.Out, Does.Contain(expected));
        Assert.That(result.Error, Is.Empty);
    }

    private static async Task FailsAsync(int status, string expected, params string[] arguments)
    {
        var result = await Emu.RunAsync(arguments);
        Assert.Multiple(() =>
        {
            Assert.That(result.Error, Does.StartWith("emu: ").And.Contain(expected));
            Assert.That(result.Error.TrimEnd('\n'), Does.Not.Contain("\n"), "one line");
            Assert.That(result.Status, Is.EqualTo(status), result.Error);
            Assert.That(result.Out, Is.Empty);
        });
    }
}

using System.Buffers.Binary;
using System.Text;

namespace Emulator.Tests.Guests;

/// <summary>The embedded RISC-V guest: that its binary is its sources, and that it works on a machine which is not ours.</summary>
[TestFixture]
public sealed class RiscVDemoTests
{
    private const string Compiler = "riscv64-linux-gnu-gcc";
    private const string Qemu = "qemu-system-riscv64";
    private const string UnexpectedTrap = "*** unexpected trap";
    private const string Prompt = "demo> ";
    private const int LargestBinary = 48 * 1024;

    private static string Binary => RepositoryFiles.Path("guests", "riscv-demo", "riscv-demo.bin");

    [Test]
    public async Task Binary_is_what_the_sources_build()
    {
        Require(Compiler);
        Require("sh");
        var recorded = (await File.ReadAllTextAsync(RepositoryFiles.Path("guests", "riscv-demo", "toolchain.txt"))).Trim();
        var installed = (await HostTool.RunAsync(Compiler, "--version")).Split('\n')[0].Trim();
        if (installed != recorded)
        {
            Assert.Ignore($"The binary was built by '{recorded}', here is '{installed}': bytes may differ.");
        }

        var rebuilt = Path.GetTempFileName();
        try
        {
            await HostTool.RunAsync("sh", RepositoryFiles.Path("guests", "riscv-demo", "build.sh"), rebuilt);
            var expected = await File.ReadAllBytesAsync(rebuilt);
            var committed = await File.ReadAllBytesAsync(Binary);
            Assert.That(committed.AsSpan().SequenceEqual(expected), Is.True, "riscv-demo.bin is not what its sources build: run guests/riscv-demo/build.sh and commit the result.");
        }
        finally
        {
            File.Delete(rebuilt);
        }
    }

    // Linux, Documentation/arch/riscv/boot-image-header.rst.
    [Test]
    public void Binary_has_a_boot_image_header()
    {
        var image = File.ReadAllBytes(Binary);
        Assert.Multiple(() =>
        {
            Assert.That(image, Has.Length.LessThanOrEqualTo(LargestBinary));
            Assert.That(BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(8)), Is.EqualTo(0x200000), "text_offset");
            Assert.That(BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(16)), Is.GreaterThan((ulong)image.Length), "image_size");
            Assert.That(Encoding.Latin1.GetString(image, 48, 8), Is.EqualTo("RISCV\0\0\0"), "magic");
            Assert.That(Encoding.Latin1.GetString(image, 56, 4), Is.EqualTo("RSC\x05"), "magic2");
        });
    }

    [TestCase(1)]
    [TestCase(4)]
    public async Task Self_test_passes_under_qemu(int harts)
    {
        using var machine = StartQemu(harts, "-append", "demo.batch");
        await machine.WaitForExitAsync();
        if (machine.Output.Contains(UnexpectedTrap)) await TestContext.Progress.WriteLineAsync($"under QEMU, {harts} harts: {machine.Output}");
        Assert.That(machine.Output, Does.Contain("SELFTEST PASS"));
        Assert.That(machine.Output, Does.Not.Contain("[FAIL]").And.Not.Contain("WRONG"));
    }

    [Test]
    public async Task Prompt_answers()
    {
        using var machine = StartQemu(harts: 2);
        await machine.WaitForAsync(Prompt);
        await SayAsync(machine, "help", "poweroff");
        await SayAsync(machine, "echo one  twx\bo", "\none two");
        await SayAsync(machine, "harts", "running this");
        await SayAsync(machine, "info", "stdout     /soc/serial@10000000");
        await SayAsync(machine, "mem 0x80200030", "RISCV...RSC.");
        await SayAsync(machine, "mem 0", "cannot be read");
        await SayAsync(machine, "dt /cpus", "timebase-frequency = <0x989680>;");
        await SayAsync(machine, "fault", "load page fault (cause 13)");
        await SayAsync(machine, "mandel 4", "iterations in");
        await SayAsync(machine, "stress 100", ": PASS");
        await SayAsync(machine, "uptime", "2 of 2 harts");
        await SayAsync(machine, "nonsense", "no such command: nonsense");
        await machine.WriteAsync("reboot\n");
        await machine.WaitForAsync("2 of 2 harts online");
        await machine.WaitForAsync(Prompt);
        await machine.WriteAsync("poweroff\n");
        await machine.WaitForExitAsync();
    }

    [Test]
    public async Task Fault_that_nobody_expects_ends_in_a_register_dump()
    {
        using var machine = StartQemu(harts: 1);
        await machine.WaitForAsync(Prompt);
        await machine.WriteAsync("fault fatal\n");
        await machine.WaitForExitAsync();
        Assert.That(machine.Output, Does.Contain("*** unexpected trap on hart 0 ***").And.Contain("address 0000003000000000"));
    }

    private static HostTool StartQemu(int harts, params string[] more)
    {
        Require(Qemu);
        return HostTool.Start(Qemu, ["-M", "virt", "-smp", $"{harts}", "-m", "128M", "-nographic", "-monitor", "none", "-kernel", Binary, .. more]);
    }

    private static async Task SayAsync(HostTool machine, string command, string answer)
    {
        await machine.WriteAsync(command + "\n");
        await machine.WaitForAsync(answer);
        await machine.WaitForAsync(Prompt);
    }

    private static void Require(string tool)
    {
        if (!HostTool.IsInstalled(tool))
        {
            Assert.Ignore($"{tool} is not installed.");
        }
    }
}

using Emulator.Arch.RiscV.Isa;
using Emulator.Cli.Images;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;
using HostTool = Emulator.Cli.Images.HostTool;

namespace Emulator.Tests.Machines;

/// <summary>Debian's current riscv64 kernel boots to a shell, works there, and powers off, on every engine.</summary>
[TestFixture]
[Category("Slow")]
public class DebianBootTests
{
    private const string Image = "debian-riscv64";
    private const string Prompt = "# ";
    private static readonly string[] Complaints = ["Oops", "BUG:", "WARNING:", "Call Trace", "panic", "stall", "soft lockup", "Unhandled"];
    private StoredImage? _image;
    private string _reason = "";

    [OneTimeSetUp]
    public async Task FindImage()
    {
        var store = ImageStore.Default();
        _image = store.Find(Image);
        if (_image is not null) return;
        if (HostTool.Find("apt-get") is null)
        {
            _reason = "needs the image debian-riscv64, and this host has no apt-get to pull it with";
            return;
        }

        try
        {
            _image = (await new ImagePuller(store).PullAsync(Image, null, CancellationToken.None)).Image;
        }
        catch (ArchiveUnavailableException e)
        {
            _reason = $"needs the image debian-riscv64, and the archive does not answer: {e.Message}";
        }
    }

    [TestCase(EngineKind.Auto, 1)]
    [TestCase(EngineKind.Auto, 2)]
    [TestCase(EngineKind.Auto, 4)]
    [TestCase(EngineKind.Interpreter, 2)]
    [TestCase(EngineKind.Jit, 1)]
    [TestCase(EngineKind.Reference, 1)]
    [CancelAfter(600_000)]
    public Task Boots_with_our_sbi(EngineKind kind, int harts, CancellationToken cancellationToken) =>
        BootAsync(Describe(kind, harts), cancellationToken);

    [Test]
    [CancelAfter(600_000)]
    public Task Boots_with_OpenSbi(CancellationToken cancellationToken)
    {
        const string File = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin";
        if (!System.IO.File.Exists(File)) Assert.Ignore("needs OpenSBI (package opensbi)");

        // Debian 12's OpenSBI 1.1 does not open younger extensions (Svpbmt, Zicboz) to the kernel, so the processor has none.
        var description = Describe(EngineKind.Auto, 2) with { Firmware = Firmware.FromImage(GuestImage.Load(File)), Isa = IsaConfiguration.Parse("rv64gc") };
        return BootAsync(description, cancellationToken);
    }

    [Test]
    [CancelAfter(600_000)]
    public async Task Reboots(CancellationToken cancellationToken)
    {
        await using var vm = await StartAsync(Describe(EngineKind.Auto, 2), cancellationToken);
        await vm.Console.WaitForAsync(Prompt, cancellationToken);
        await vm.Console.WriteLineAsync("touch /gone; reboot", cancellationToken);
        await vm.Console.WaitForAsync("Linux version", cancellationToken);
        await vm.Console.WaitForAsync(Prompt, cancellationToken);
        await vm.Console.WriteLineAsync("ls /gone || echo fresh''ly started", cancellationToken);
        await vm.Console.WaitForAsync("freshly started", cancellationToken);
        await PowerOffAsync(vm, cancellationToken);
    }

    [Test]
    [CancelAfter(600_000)]
    public async Task The_same_run_twice_in_deterministic_mode(CancellationToken cancellationToken)
    {
        var first = await RunDeterministicAsync(EngineKind.Auto, cancellationToken);
        var second = await RunDeterministicAsync(EngineKind.Auto, cancellationToken);
        Assert.That(second, Is.EqualTo(first));
    }

    // Without an initrd the kernel ends in a panic, with nothing typed from outside; its messages carry times.
    private async Task<string> RunDeterministicAsync(EngineKind kind, CancellationToken cancellationToken)
    {
        var description = Describe(kind, 2);
        description = description with { Initrd = null, Append = "console=ttyS0", Engine = description.Engine with { IsDeterministic = true } };
        await using var vm = await StartAsync(description, cancellationToken);
        return await vm.Console.WaitForAsync("Kernel panic", cancellationToken);
    }

    private RiscVVirtDescription Describe(EngineKind kind, int harts)
    {
        if (_image is null) Assert.Ignore(_reason);
        return RiscVVirtMachine.Describe(memory: 512.MiB(), harts: harts) with
        {
            Kernel = GuestImage.Load(_image!.KernelPath), Initrd = File.ReadAllBytes(_image.InitrdPath), Append = _image.Append,
            Engine = new EngineOptions { Kind = kind },
        };
    }

    private static async Task<VirtualMachine> StartAsync(RiscVVirtDescription description, CancellationToken cancellationToken) =>
        await VirtualMachine.StartAsync(description, cancellationToken);

    private static async Task BootAsync(RiscVVirtDescription description, CancellationToken cancellationToken)
    {
        await using var vm = await StartAsync(description, cancellationToken);
        string boot = await vm.Console.WaitForAsync(Prompt, cancellationToken);
        await vm.Console.WriteLineAsync("echo harts=$(nproc) machine=$(uname -m)", cancellationToken);
        string answer = await vm.Console.WaitForAsync("machine=riscv64", cancellationToken);
        await PowerOffAsync(vm, cancellationToken);
        Assert.That(answer, Does.Contain($"harts={description.Harts} "));
        string transcript = boot + vm.Console.Transcript;
        Assert.That(Complaints.Where(c => transcript.Contains(c, StringComparison.Ordinal)), Is.Empty, transcript);
    }

    private static async Task PowerOffAsync(VirtualMachine vm, CancellationToken cancellationToken)
    {
        await vm.Console.WriteLineAsync("poweroff", cancellationToken);
        Assert.That(await vm.WaitForExitAsync(cancellationToken), Is.EqualTo(new MachineExit(MachineEnd.PowerOff, 0)));
    }
}

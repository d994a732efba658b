using Emulator.Cli.Images;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Devices.Storage;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Tests.Machines;

/// <summary>A whole Debian on an ext4 disk: systemd reaches the login, programs run, and what is written is there after a restart.</summary>
[TestFixture]
[Category("Slow")]
public class DebianSystemTests
{
    private const string Image = "debian-riscv64";
    private const string Variable = "EMULATOR_DEBIAN_ROOT";
    private const string Prompt = "root@debian:~# ";
    private string _disk = "";

    [SetUp]
    public void CopyDisk()
    {
        string? made = Environment.GetEnvironmentVariable(Variable);
        if (made is null) Assert.Ignore($"needs a root file system: eng/make-debian-rootfs.sh makes one, {Variable} says where it is");
        Assert.That(made, Does.Exist, Variable);
        if (ImageStore.Default().Find(Image) is null) Assert.Ignore($"needs the image {Image}");
        _disk = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"root-{TestContext.CurrentContext.Test.ID}.ext4");
        File.Copy(made!, _disk, overwrite: true);
    }

    [TearDown]
    public void DeleteDisk()
    {
        if (_disk.Length > 0) File.Delete(_disk);
    }

    [TestCase(EngineKind.Auto, 2)]
    [CancelAfter(900_000)]
    public async Task Systemd_reaches_login_and_files_stay(EngineKind engine, int harts, CancellationToken cancellationToken)
    {
        await using (var vm = await LogInAsync(engine, harts, cancellationToken))
        {
            await RunAsync(vm, "systemctl is-system-running --wait", "running", cancellationToken);
            await RunAsync(vm, "nproc", $"{harts}", cancellationToken);
            await RunAsync(vm, "dpkg --status systemd | grep ^Status", "Status: install ok installed", cancellationToken);
            await RunAsync(vm, "perl -e 'print join(\",\", map { $_ * $_ } 1 .. 5), \"\\n\"'", "1,4,9,16,25", cancellationToken);
            await RunAsync(vm, "head -c 8000000 /dev/urandom > /root/kept; md5sum < /root/kept > /root/sum; sync; echo written", "written", cancellationToken);
            await PowerOffAsync(vm, cancellationToken);
        }

        await using (var vm = await LogInAsync(engine, harts, cancellationToken))
        {
            await RunAsync(vm, "md5sum < /root/kept | cmp - /root/sum && echo unchanged", "unchanged", cancellationToken);
            await PowerOffAsync(vm, cancellationToken);
        }
    }

    private async Task<VirtualMachine> LogInAsync(EngineKind engine, int harts, CancellationToken cancellationToken)
    {
        var image = ImageStore.Default().Find(Image)!;
        var vm = await VirtualMachine.StartAsync(
            RiscVVirtMachine.Describe(memory: 1024.MiB(), harts: harts) with
            {
                Kernel = GuestImage.Load(image.KernelPath), Initrd = File.ReadAllBytes(image.InitrdPath),
                Append = "console=ttyS0 root=/dev/vda rootfstype=ext4 rw", Disks = [new DiskOptions { Path = _disk }],
                Engine = new EngineOptions { Kind = engine },
            },
            cancellationToken);
        await vm.Console.WaitForAsync("debian login: ", cancellationToken);
        await vm.Console.WriteLineAsync("root", cancellationToken);
        await vm.Console.WaitForAsync(Prompt, cancellationToken);
        return vm;
    }

    // The terminal echoes the command; its output stands on a line of its own.
    private static async Task RunAsync(VirtualMachine vm, string command, string expected, CancellationToken cancellationToken)
    {
        await vm.Console.WriteLineAsync(command, cancellationToken);
        string answer = await vm.Console.WaitForAsync(Prompt, cancellationToken);
        var lines = answer.Replace("\e[?2004l", "", StringComparison.Ordinal).Split('\n', '\r');
        Assert.That(lines, Has.Some.EqualTo(expected), answer);
    }

    private static async Task PowerOffAsync(VirtualMachine vm, CancellationToken cancellationToken)
    {
        await vm.Console.WriteLineAsync("systemctl poweroff", cancellationToken);
        Assert.That(await vm.WaitForExitAsync(cancellationToken), Is.EqualTo(new MachineExit(MachineEnd.PowerOff, 0)));
    }
}

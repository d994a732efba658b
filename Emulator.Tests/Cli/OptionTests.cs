using System.CommandLine;
using Emulator.Cli.Options;
using Emulator.Core.Execution;
using Emulator.Devices.Storage;
using Emulator.Machines.BareX86;
using Emulator.Tests.Images;
using Microsoft.Extensions.Logging;

namespace Emulator.Tests.Cli;

/// <summary>Options of <c>emu run</c> as values.</summary>
[TestFixture]
public sealed class OptionTests
{
    [TestCase("0", 0ul)]
    [TestCase("4096", 4096ul)]
    [TestCase("0x1000", 4096ul)]
    [TestCase("0XfF", 255ul)]
    [TestCase("64k", 64ul << 10)]
    [TestCase("512M", 512ul << 20)]
    [TestCase("512MiB", 512ul << 20)]
    [TestCase("2G", 2ul << 30)]
    [TestCase("0x2G", 2ul << 30)]
    [TestCase("1T", 1ul << 40)]
    [TestCase("16777215T", 16777215ul << 40)]
    public void Sizes_are_read(string text, ulong expected)
    {
        Assert.That(Numbers.TryParseSize(text, out ulong bytes), Is.True);
        Assert.That(bytes, Is.EqualTo(expected));
    }

    [TestCase("")]
    [TestCase("M")]
    [TestCase("iB")]
    [TestCase("1iB")]
    [TestCase("-1")]
    [TestCase("1.5G")]
    [TestCase("1Q")]
    [TestCase("0x")]
    [TestCase("1 M")]
    [TestCase("18446744073709551616")]
    [TestCase("16777216T")]
    public void What_is_no_size_is_refused(string text) => Assert.That(Numbers.TryParseSize(text, out _), Is.False);

    [TestCase("a.img", "a.img", DiskFormat.Auto, false, false)]
    [TestCase("a.img,readonly", "a.img", DiskFormat.Auto, true, false)]
    [TestCase("a.img,snapshot", "a.img", DiskFormat.Auto, false, true)]
    [TestCase("a.img,format=raw,snapshot,readonly", "a.img", DiskFormat.Raw, true, true)]
    [TestCase("dir/a b.img,format=raw", "dir/a b.img", DiskFormat.Raw, false, false)]
    public void Disks_are_read(string text, string path, DiskFormat format, bool isReadOnly, bool isSnapshot)
    {
        var disk = DiskSpecification.Parse(text, out string? error);
        Assert.That(error, Is.Null);
        Assert.That(disk, Is.EqualTo(new DiskOptions { Path = path, Format = format, ReadOnly = isReadOnly, Snapshot = isSnapshot }));
    }

    [TestCase("", "names no file")]
    [TestCase(",readonly", "names no file")]
    [TestCase("a.img,format=qcow2", "disk format 'qcow2'; expected raw")]
    [TestCase("a.img,format=", "disk format ''; expected raw")]
    [TestCase("a.img,ro", "'ro' after a comma")]
    [TestCase("a.img,", "'' after a comma")]
    public void What_is_no_disk_is_refused(string text, string expected)
    {
        Assert.That(DiskSpecification.Parse(text, out string? error), Is.Null);
        Assert.That(error, Does.Contain(expected));
    }

    [Test]
    public void Disk_file_may_have_a_comma_in_its_name()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("a,b", "disk");
        Assert.That(DiskSpecification.Parse(path + ",readonly", out _), Is.EqualTo(new DiskOptions { Path = path, ReadOnly = true }));
    }

    [TestCase("riscv-virt=debug", "riscv-virt", LogLevel.Debug)]
    [TestCase("*=Trace", "", LogLevel.Trace)]
    [TestCase("a=b=none", "a=b", LogLevel.None)]
    public void Log_rules_are_read(string text, string category, LogLevel level) =>
        Assert.That(LogRule.Parse(text), Is.EqualTo(new LogRule(category, level)));

    [TestCase("debug")]
    [TestCase("=debug")]
    [TestCase("a=")]
    [TestCase("a=loud")]
    [TestCase("a=1")]
    public void What_is_no_log_rule_is_refused(string text) => Assert.That(LogRule.Parse(text), Is.Null);

    [Test]
    public void Nothing_said_is_the_default()
    {
        var options = Bind();
        Assert.That(options with { Disks = [], Flash = [], Log = [], DebugOutputs = [] }, Is.EqualTo(new RunOptions()));
    }

    [Test]
    public void Everything_said_is_there()
    {
        var options = Bind(
            "--machine", "riscv-virt", "--image", "debian-riscv64", "--cpu", "rv64gc,+zba,-c", "--memory", "0x10000000", "--harts", "0x4",
            "--bios", "fw.elf", "--kernel", "@vmlinuz", "--initrd", "initrd", "--append", "-q console=ttyS0 --x", "--dtb", "a.dtb",
            "--disk", "a.img", "--disk", "b.img,readonly", "--flash", "code.fd,readonly", "--flash", "vars.fd", "--serial", "tcp:localhost:4444", "--engine", "jit", "--deterministic",
            "--timeout", "1.5", "--signature", "s.txt", "--signature-granularity", "8", "--stats", "--log", "a=debug", "--log", "*=error", "--trace", "t.txt",
            "--debug-exit", "0xf4", "--debugcon", "0xe9=-", "--debugcon", "0xea=file", "--no-reboot");
        Assert.Multiple(() =>
        {
            Assert.That(options.Disks, Is.EqualTo(new[] { new DiskOptions { Path = "a.img" }, new DiskOptions { Path = "b.img", ReadOnly = true } }));
            Assert.That(options.Flash, Is.EqualTo(new[] { new DiskOptions { Path = "code.fd", ReadOnly = true }, new DiskOptions { Path = "vars.fd" } }));
            Assert.That(options.Log, Is.EqualTo(new[] { new LogRule("a", LogLevel.Debug), new LogRule("", LogLevel.Error) }));
            Assert.That(options.DebugOutputs, Is.EqualTo(new[] { new DebugOutput(0xe9, "-"), new DebugOutput(0xea, "file") }));
            Assert.That(options with { Disks = [], Flash = [], Log = [], DebugOutputs = [] }, Is.EqualTo(new RunOptions
            {
                Machine = "riscv-virt", Image = "debian-riscv64", Cpu = "rv64gc,+zba,-c", Memory = 0x1000_0000, Harts = 4,
                Bios = "fw.elf", Kernel = "@vmlinuz", Initrd = "initrd", Append = "-q console=ttyS0 --x", DeviceTree = "a.dtb",
                Serial = "tcp:localhost:4444", Engine = EngineKind.Jit, IsDeterministic = true, Timeout = TimeSpan.FromSeconds(1.5),
                SignatureFile = "s.txt", SignatureGranularity = 8, ShowsStatistics = true, TraceFile = "t.txt", DebugExit = 0xf4, EndsOnReset = true,
            }));
        });
    }

    [TestCase("auto", EngineKind.Auto)]
    [TestCase("interpreter", EngineKind.Interpreter)]
    [TestCase("reference", EngineKind.Reference)]
    [TestCase("jit", EngineKind.Jit)]
    public void Engines_have_names(string text, EngineKind expected) => Assert.That(Bind("--engine", text).Engine, Is.EqualTo(expected));

    [Test]
    public void Empty_text_is_a_value() => Assert.That(Bind("--append", "").Append, Is.Empty);

    private static RunOptions Bind(params string[] arguments)
    {
        var set = new RunOptionSet();
        var command = new Command("run");
        set.AddTo(command);
        var parsed = command.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        Assert.That(parsed.Errors.Select(static error => error.Message), Is.Empty);
        return set.Bind(parsed);
    }
}

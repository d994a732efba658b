using System.Text;
using Emulator.Core.Loading;
using Emulator.Tests.Images;

namespace Emulator.Tests.Cli;

/// <summary>Machines run by command lines, to their exit statuses and files.</summary>
[TestFixture]
public sealed class RunTests
{
    private const int Timeout = 124;
    private const string Prompt = "demo> ";

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [TestCase(GuestPrograms.Pass, 0)]
    [TestCase(GuestPrograms.Fail | (7u << 16), 7)]
    [TestCase(GuestPrograms.Fail | (255u << 16), 255)]
    [TestCase(GuestPrograms.Fail | (256u << 16), 255)] // a process has eight bits for it
    [TestCase(GuestPrograms.Fail, 1)]
    public async Task Finisher_gives_the_status(uint command, int expected)
    {
        var result = await RunAsync(GuestPrograms.Elf(GuestPrograms.Finish(command)));
        Assert.That(result.Status, Is.EqualTo(expected), result.Error);
        Assert.That(result.Error, Is.Empty);
    }

    [TestCase(1u, true, ElfClass.Elf64, 0)]
    [TestCase(3u, true, ElfClass.Elf64, 1)]
    [TestCase(85u, false, ElfClass.Elf64, 42)]
    [TestCase(1u, false, ElfClass.Elf32, 0)]
    [TestCase(85u, false, ElfClass.Elf32, 42)]
    public async Task Tohost_gives_the_status(uint value, bool whole, ElfClass width, int expected)
    {
        byte[] program = GuestPrograms.Elf(GuestPrograms.WriteData(value, whole), new byte[64], width, ("tohost", GuestPrograms.Data));
        var result = await RunAsync(program);
        Assert.That(result.Status, Is.EqualTo(expected), result.Error);
    }

    [Test]
    public async Task Endless_guest_ends_at_the_time_limit([Values("loop", "sleep", "void")] string kind, [Values("auto", "interpreter", "reference", "jit")] string engine)
    {
        uint[] code = kind switch
        {
            "loop" => GuestPrograms.Loop('.'),
            "sleep" => GuestPrograms.Sleep('.'),
            _ => [0], // an illegal instruction, whose handler is at 0, where nothing is
        };
        var result = await RunAsync(GuestPrograms.Elf(code), "--timeout", "0.5", "--engine", engine);
        Assert.That(result.Status, Is.EqualTo(Timeout), result.Error);
        Assert.That(result.Console, Is.EqualTo(kind == "void" ? "" : "."));
    }

    [Test]
    public async Task Deterministic_guest_ends_at_the_time_limit([Values("loop", "sleep")] string kind)
    {
        uint[] code = kind == "loop" ? GuestPrograms.Loop('.') : GuestPrograms.Sleep('.');
        var result = await RunAsync(GuestPrograms.Elf(code), "--timeout", "0.5", "--deterministic", "--harts", "2");
        Assert.That(result.Status, Is.EqualTo(Timeout), result.Error);
    }

    [TestCase("4", "33221100\n77665544\nbbaa9988\nffeeddcc\n")]
    [TestCase("8", "7766554433221100\nffeeddccbbaa9988\n")]
    public async Task Signature_is_words_most_significant_digit_first(string granularity, string expected)
    {
        byte[] data = [0, 0, 0, 0, 0, 0, 0, 0, .. Convert.FromHexString("00112233445566778899aabbccddeeff"), 0, 0, 0, 0];
        byte[] program = GuestPrograms.Elf(
            GuestPrograms.Finish(GuestPrograms.Pass), data, ElfClass.Elf64, ("begin_signature", GuestPrograms.Data + 8), ("end_signature", GuestPrograms.Data + 24));
        string path = Path.Combine(_folder.Path, "signature");
        var result = await RunAsync(program, "--signature", path, "--signature-granularity", granularity);
        Assert.That(result.Status, Is.Zero, result.Error);
        Assert.That(await File.ReadAllTextAsync(path), Is.EqualTo(expected));
    }

    [Test]
    public async Task Signature_that_is_not_there_is_said_before_the_run()
    {
        var result = await RunAsync(GuestPrograms.Elf(GuestPrograms.Loop('.')), "--signature", Path.Combine(_folder.Path, "signature"));
        Assert.That(result.Status, Is.EqualTo(3));
        Assert.That(result.Error, Does.Contain("has no symbol begin_signature"));
    }

    [Test]
    public async Task Trace_has_every_instruction([Values] bool isDeterministic)
    {
        string path = Path.Combine(_folder.Path, "trace");
        var result = await RunAsync(GuestPrograms.Elf(GuestPrograms.Finish(GuestPrograms.Pass)), ["--trace", path, .. isDeterministic ? new[] { "--deterministic" } : []]);
        Assert.That(result.Status, Is.Zero, result.Error);
        string[] program = [.. (await File.ReadAllLinesAsync(path)).SkipWhile(static line => !line.StartsWith("0 0000000080000000", StringComparison.Ordinal))];
        Assert.That(program.Take(4), Is.EqualTo(new[]
        {
            "0 0000000080000000 001002b7 lui t0, 0x100",
            "0 0000000080000004 00005337 lui t1, 0x5",
            "0 0000000080000008 55530313 addi t1, t1, 1365",
            "0 000000008000000c 0062a023 sw t1, 0(t0)",
        }));
        Assert.That(program.Skip(4), Is.All.EqualTo("0 0000000080000010 0000006f jal zero, 0x80000010"));
    }

    [Test]
    public async Task Trace_has_the_first_floating_point_instruction_once()
    {
        uint[] code = [0x0000_22b7, 0x3002_a073, 0xf002_8053, .. GuestPrograms.Finish(GuestPrograms.Pass)]; // FS = Initial; fmv.w.x ft0, t0
        string path = Path.Combine(_folder.Path, "trace");
        var result = await RunAsync(GuestPrograms.Elf(code), ["--trace", path]);
        Assert.That(result.Status, Is.Zero, result.Error);
        Assert.That((await File.ReadAllLinesAsync(path)).Count(static line => line.EndsWith("f0028053 fmv.w.x ft0, t0", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    [Platform("Linux", Reason = "has /dev/full")]
    public async Task Trace_that_cannot_be_written_is_said()
    {
        var result = await RunAsync(GuestPrograms.Elf(GuestPrograms.Finish(GuestPrograms.Pass)), "--trace", "/dev/full");
        Assert.That(result.Status, Is.EqualTo(3));
        Assert.That(result.Error, Does.StartWith("emu: --trace /dev/full: "));
    }

    [Test]
    public async Task Statistics_are_lines_of_names_and_numbers()
    {
        var result = await RunAsync(GuestPrograms.Elf(GuestPrograms.Finish(GuestPrograms.Pass)), "--stats", "--engine", "interpreter");
        var figures = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToDictionary(static line => line[..24].TrimEnd(), static line => double.Parse(line[24..]));
        Assert.Multiple(() =>
        {
            Assert.That(result.Status, Is.Zero);
            Assert.That(figures["instructions"], Is.GreaterThanOrEqualTo(4));
            Assert.That(figures["blocks"], Is.GreaterThan(0));
            Assert.That(figures["dispatches"], Is.GreaterThan(0));
            Assert.That(figures["exits: slow access"], Is.GreaterThan(0), "the finisher is a device");
            Assert.That(figures.Keys, Is.SupersetOf(new[] { "MIPS", "regions", "compile seconds", "dispatch misses", "wall seconds", "CPU seconds" }));
        });
    }

    [TestCase("auto", 1)]
    [TestCase("auto", 4)]
    [TestCase("interpreter", 4)]
    [TestCase("jit", 4)]
    [TestCase("reference", 1)]
    [TestCase("reference", 4)]
    public async Task Embedded_guest_passes_its_self_test(string engine, int harts)
    {
        var result = await Emu.RunAsync("run", "--image", "riscv-demo", "--append", "demo.batch", "--engine", engine, "--harts", $"{harts}", "--timeout", "100");
        Assert.That(result.Console, Does.Contain("SELFTEST PASS").And.Not.Contain("[FAIL]"), result.Error);
        Assert.That(result.Status, Is.Zero);
    }

    [Test]
    public async Task Typed_ahead_input_reaches_the_guest_and_its_end_does_not_stop_it()
    {
        var result = await Emu.TypeAsync("echo one two\rpoweroff\r", "run", "--image", "riscv-demo", "--timeout", "100");
        Assert.That(result.Status, Is.Zero, result.Console);
        Assert.That(result.Console, Does.Contain(Prompt).And.Contain("\none two"));
    }

    [Test]
    public async Task No_arguments_boot_the_embedded_guest()
    {
        var result = await Emu.TypeAsync("poweroff\r");
        Assert.That(result.Status, Is.Zero, result.Error);
        Assert.That(result.Console, Does.Contain("128 MiB").And.Contain(Prompt));
    }

    [Test]
    public async Task Console_goes_to_a_file()
    {
        string path = Path.Combine(_folder.Path, "console");
        var result = await RunAsync(GuestPrograms.Elf(GuestPrograms.Loop('!')), "--serial", $"file:{path}", "--timeout", "0.5");
        Assert.That(result.Status, Is.EqualTo(Timeout));
        Assert.That(await File.ReadAllTextAsync(path), Is.EqualTo("!"));
        Assert.That(result.Console, Is.Empty);
    }

    [Test]
    public async Task Console_goes_nowhere()
    {
        var result = await RunAsync(GuestPrograms.Elf(GuestPrograms.Finish(GuestPrograms.Pass)), "--serial", "none");
        Assert.That(result.Status, Is.Zero, result.Error);
    }

    [Test]
    public async Task Disks_are_seen_by_the_guest()
    {
        string disk = _folder.Write("disk.img", new byte[64 * 512]);
        var result = await Emu.TypeAsync("poweroff\r", "run", "--image", "riscv-demo", "--disk", disk + ",snapshot", "--disk", disk + ",readonly", "--timeout", "100");
        Assert.That(result.Status, Is.Zero, result.Error);
        Assert.That(result.Console, Does.Contain("8 slots, 5 empty"));
    }

    [Test]
    public async Task Log_goes_to_standard_error_only()
    {
        var result = await RunAsync(GuestPrograms.Elf(GuestPrograms.Finish(GuestPrograms.Pass)), "--log", "*=trace");
        Assert.That(result.Status, Is.Zero, result.Error);
        Assert.That(result.Out, Is.Empty);
    }

    [Test]
    public async Task Image_of_the_store_is_a_kernel_as_any_other()
    {
        byte[] kernel = GuestPrograms.Elf(GuestPrograms.Finish(GuestPrograms.Fail | (9 << 16)));
        _folder.Write(Path.Combine("mine", "vmlinuz"), kernel);
        _folder.Write(Path.Combine("mine", "initrd"), Encoding.ASCII.GetBytes("initrd"));
        var result = await Emu.WithImagesAsync(_folder.Path, "run", "--image", "mine");
        Assert.That(result.Status, Is.EqualTo(9), result.Error);
    }

    private Task<EmuResult> RunAsync(byte[] program, params string[] more) => Emu.RunAsync(["run", "--kernel", _folder.Write("guest.elf", program), .. more]);
}

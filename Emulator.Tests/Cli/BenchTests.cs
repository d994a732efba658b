using System.Diagnostics;
using System.Text.Json;
using Emulator.Cli;
using Emulator.Cli.Bench;
using Emulator.Tests.Images;

namespace Emulator.Tests.Cli;

/// <summary><c>emu bench</c>: that it measures, not what.</summary>
[TestFixture]
public sealed class BenchTests
{
    private const string Shell = "/bin/sh";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60); // against hanging only
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    [Test]
    public async Task Figures_are_a_table_and_json()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "figures.json");
        var result = await Emu.RunAsync("bench", "--only", "demo,translation", "--engine", "interpreter", "--json", path);
        Assert.That(result.Status, Is.Zero, result.Error);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(path));
        var figures = json.RootElement.GetProperty("figures").EnumerateArray()
            .ToDictionary(static figure => $"{figure.GetProperty("name").GetString()} {figure.GetProperty("quantity").GetString()}", static figure => figure.GetProperty("value").GetDouble());
        Assert.That(figures.Keys, Is.SupersetOf(new[]
        {
            "lift and optimise speed", "ready in tier 0 speed", "ready in tier 1 speed", "tier 1 time", "tier 1 CIL", "tier 1 host code",
            "boot to the prompt interpreter", "integer mix interpreter", "memory copy interpreter", "branches interpreter",
        }));
        Assert.That(figures["tier 1 not optimised by the runtime"], Is.Zero);
        Assert.That(figures.Where(static figure => !figure.Key.EndsWith("the runtime", StringComparison.Ordinal) && !figure.Key.EndsWith("to compile", StringComparison.Ordinal)).Select(static figure => figure.Value), Is.All.GreaterThan(0));
        Assert.That(result.Out, Does.Contain("lift and optimise").And.Contain("MIPS"));
        Assert.That(result.Error, Does.Contain("bench: translation: tier 1"));
    }

    [TestCase("startup,nothing", "there is no part 'nothing'")]
    [TestCase("", "there is no part ''")]
    public async Task A_part_that_is_not_there_is_one_error(string only, string expected)
    {
        var result = await Emu.RunAsync("bench", "--only", only);
        Assert.That((result.Status, result.Out), Is.EqualTo((ExitStatus.BadCommandLine, "")));
        Assert.That(result.Error, Does.Contain(expected).And.Contain("startup, kernels").And.Property("Length").LessThan(200));
    }

    [TestCase("--runs", "0", "expected a number from 1 to 100")]
    [TestCase("--runs", "many", "expected a number from 1 to 100")]
    [TestCase("--chart", "x.svg", "expected a name that ends in .png")]
    [TestCase("--json", "", "names no file")]
    [TestCase("--engine", "fast", "expected auto")]
    public async Task A_bad_option_is_one_error_before_anything_is_measured(string option, string value, string expected)
    {
        var result = await Emu.RunAsync("bench", option, value);
        Assert.That(result.Status, Is.Not.Zero);
        Assert.That(result.Error, Does.Contain(option).And.Contain(expected).And.Not.Contain("bench: "));
    }

    [Test]
    public async Task An_image_that_is_not_pulled_is_left_out()
    {
        var result = await Emu.RunAsync("bench", "--only", "boot");
        Assert.That((result.Status, result.Out), Is.EqualTo((ExitStatus.Success, "")));
        Assert.That(result.Error, Does.Contain("emu images pull debian-riscv64"));
    }

    [Test]
    public void A_chart_is_a_picture()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "chart.png");
        BenchChart.Write([new BenchFigure("kernels", "sieve", "CPU", 2, "s") { Qemu = 5 }, new BenchFigure("kernels", "tree", "CPU", 2, "s") { Qemu = 1 }], path);
        Assert.That(File.ReadAllBytes(path)[..PngSignature.Length], Is.EqualTo(PngSignature));
        Assert.That(BenchChart.HasContent([new BenchFigure("demo", "branches", "jit", 2, "MIPS")]), Is.False);
    }

    [TestCase("checksum 0123456789abcdef", "checksum 0123456789abcdef", true)]
    [TestCase("checksum 0123456789abcdef", "checksum 0123456789abcdee", false)]
    [TestCase("checksum 0123", "checksum 0123", false)]
    public void Kernels_must_agree(string ours, string theirs, bool good)
    {
        Assert.That(() => KernelBench.CheckSums("sieve", Both(ours, theirs)), good ? Throws.Nothing : Throws.TypeOf<InputException>().With.Message.Contains("sieve"));
    }

    [Test]
    public void Operations_are_read_from_what_the_guest_prints()
    {
        var figure = SystemBench.Figures(Both("Boot HART MEDELEG : 0x0\r\ngetppid 100.5\r\nend of measurement\r\n", "getppid 201.0\r\nend of measurement\r\n")).Single();
        Assert.That((figure.Name, figure.Value, figure.Qemu, figure.Ratio), Is.EqualTo(("getppid", 100.5, 201.0, 2.0)));
        Assert.That(() => SystemBench.Figures(Both("getppid 1.0\nfailed: fork\n", "end of measurement")).ToList(), Throws.TypeOf<InputException>().With.Message.Contains("failed: fork"));
    }

    [TestCase(new[] { 3.0, 1, 2 }, 2)]
    [TestCase(new[] { 4.0, 1 }, 2.5)]
    public void Medians_are_in_the_middle(double[] values, double expected) => Assert.That(Comparison.Median(values), Is.EqualTo(expected));

    [Test, Platform("Unix")]
    public async Task A_process_is_measured_to_its_end_or_to_a_text()
    {
        var ended = await MeasuredProcess.RunAsync([Shell, "-c", "echo done; i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; exit 3"], null, Limit, CancellationToken.None);
        Assert.That((ended.Status, ended.Output), Is.EqualTo((3, "done\n")));
        Assert.That((ended.Wall, ended.Cpu), Is.GreaterThan((0.0, 0.0)));
        var stopped = await MeasuredProcess.RunAsync([Shell, "-c", "echo ready; exec sleep 1000"], "ready", Limit, CancellationToken.None);
        Assert.That(stopped.Status, Is.Null);
        Assert.That(stopped.PeakBytes, Is.Positive);
    }

    [Test, Platform("Unix")]
    public void A_process_does_not_outlive_its_measurement()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "pid");
        using var cancellation = new CancellationTokenSource();
        var running = MeasuredProcess.RunAsync([Shell, "-c", $"echo $$ > {file}.new; mv {file}.new {file}; exec sleep 1000"], null, Limit, cancellation.Token);
        Assert.That(() => File.Exists(file), Is.True.After((int)Limit.TotalMilliseconds, 10));
        int pid = int.Parse(File.ReadAllText(file), System.Globalization.CultureInfo.InvariantCulture);
        cancellation.Cancel();
        Assert.That(async () => await running, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => Process.GetProcessById(pid), Throws.ArgumentException);
    }

    [Test]
    public void Every_kernel_is_carried_along() =>
        Assert.That(CrossCompiler.Kernels, Is.EqualTo(new[] { "bytecode", "hash", "matrix", "mix", "recursion", "sieve", "sort", "strings", "tree" }));

    private static Comparison Both(string ours, string theirs) => new([Times(ours)], [Times(theirs)]);

    private static ProcessTimes Times(string output) => new(1, 1, 1, 0, output, "");
}

using System.Diagnostics;
using System.Globalization;
using Emulator.Tests.Images;

namespace Emulator.Tests.Cli;

/// <summary>The tool as a process of its own: signals, pipes, exit statuses.</summary>
[TestFixture]
[Platform("Linux,MacOsX", Reason = "sends signals with kill")]
public sealed class ProcessTests
{
    private const char Running = 'R';
    private const int SignalBase = 128;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60); // against hanging only

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task Signal_ends_the_machine([Values("INT", "TERM")] string signal, [Values("loop", "sleep")] string kind)
    {
        using var emu = Start("run", "--kernel", GuestPrograms.Write(_folder, kind == "loop" ? GuestPrograms.Loop(Running) : GuestPrograms.Sleep(Running)));
        using var limit = new CancellationTokenSource(Limit);
        char[] first = new char[1];
        await emu.StandardOutput.ReadAsync(first, limit.Token);
        Assert.That(first[0], Is.EqualTo(Running));
        if (signal == "INT" && IgnoresInterrupts(emu))
        {
            emu.Kill(); // it would run for ever
            Assert.Ignore("This test run was started with SIGINT ignored, as in the background of a shell.");
        }

        using (var kill = Process.Start("kill", [$"-{signal}", emu.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(limit.Token);
        Assert.That(await WaitAsync(emu, limit.Token), Is.EqualTo(SignalBase + (signal == "INT" ? 2 : 15)));
    }

    [Test]
    public async Task Time_limit_ends_the_process()
    {
        using var emu = Start("run", "--timeout", "1", "--kernel", GuestPrograms.Write(_folder, GuestPrograms.Loop(Running)));
        using var limit = new CancellationTokenSource(Limit);
        Assert.That(await WaitAsync(emu, limit.Token), Is.EqualTo(124));
        Assert.That(await emu.StandardOutput.ReadToEndAsync(limit.Token), Is.EqualTo(Running.ToString()));
    }

    [Test]
    public async Task Guest_is_typed_to_through_a_pipe_and_its_output_is_whole()
    {
        using var emu = Start("run", "--image", "riscv-demo", "--timeout", "50");
        using var limit = new CancellationTokenSource(Limit);
        await emu.StandardInput.WriteAsync("echo through a pipe\npoweroff\n");
        emu.StandardInput.Close();
        string output = await emu.StandardOutput.ReadToEndAsync(limit.Token);
        Assert.That(await WaitAsync(emu, limit.Token), Is.Zero);
        Assert.That(output, Does.Contain("\nthrough a pipe").And.Contain("poweroff"));
    }

    [Test]
    public async Task Output_that_nobody_takes_does_not_hold_up_the_time_limit()
    {
        using var emu = Start("run", "--timeout", "2", "--kernel", GuestPrograms.Write(_folder, GuestPrograms.Flood(Running)));
        using var limit = new CancellationTokenSource(Limit);
        Assert.That(await WaitAsync(emu, limit.Token), Is.EqualTo(124));
    }

    [Test]
    public async Task Output_that_nobody_wants_does_not_stop_the_end()
    {
        using var emu = Start("run", "--image", "riscv-demo", "--append", "demo.batch", "--timeout", "50");
        using var limit = new CancellationTokenSource(Limit);
        emu.StandardOutput.Close();
        Assert.That(await WaitAsync(emu, limit.Token), Is.Zero);
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "emu.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }

    private static async Task<int> WaitAsync(Process emu, CancellationToken limit)
    {
        try
        {
            await emu.WaitForExitAsync(limit);
            return emu.ExitCode;
        }
        finally
        {
            if (!emu.HasExited) emu.Kill();
        }
    }

    // Linux, proc(5): SigIgn is the mask of ignored signals, the first signal in the lowest bit.
    private static bool IgnoresInterrupts(Process process)
    {
        const string Field = "SigIgn:";
        const ulong Interrupt = 1 << 1;
        string file = $"/proc/{process.Id}/status";
        string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(static line => line.StartsWith(Field, StringComparison.Ordinal)) : null;
        return line is not null && (ulong.Parse(line[Field.Length..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) & Interrupt) != 0;
    }
}

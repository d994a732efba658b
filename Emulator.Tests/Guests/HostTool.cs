using System.Diagnostics;
using System.Text;

namespace Emulator.Tests.Guests;

/// <summary>A program of the host, run with its output read as it comes.</summary>
internal sealed class HostTool : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task<string> _errors;
    private readonly CancellationTokenSource _limit = new(Limit);
    private int _read; // how much of the output WaitForAsync has consumed

    private HostTool(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public string Output => _output.ToString();

    public static bool IsInstalled(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, name)));

    public static HostTool Start(string name, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return new HostTool(Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start."));
    }

    /// <summary>Everything the program prints until it ends; fails when it does not end in time or not with 0.</summary>
    public static async Task<string> RunAsync(string name, params IEnumerable<string> arguments)
    {
        using var tool = Start(name, arguments);
        await tool.WaitForExitAsync();
        Assert.That(tool._process.ExitCode, Is.Zero, $"{name} failed: {await tool._errors}\n{tool.Output}");
        return tool.Output;
    }

    /// <summary>Reads until <paramref name="text"/> has been printed, and fails when that never happens.</summary>
    public async Task WaitForAsync(string text)
    {
        while (true)
        {
            var at = Output.IndexOf(text, _read, StringComparison.Ordinal);
            if (at >= 0)
            {
                _read = at + text.Length;
                return;
            }

            if (!await ReadAsync())
            {
                Assert.Fail($"Ended without printing '{text}'. Printed:\n{Output}\n{await _errors}");
            }
        }
    }

    public async Task WriteAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    public async Task WaitForExitAsync()
    {
        while (await ReadAsync())
        {
        }

        await _process.WaitForExitAsync(_limit.Token);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        _limit.Dispose();
    }

    private async Task<bool> ReadAsync()
    {
        var buffer = new char[1024];
        try
        {
            var count = await _process.StandardOutput.ReadAsync(buffer, _limit.Token);
            _output.Append(buffer, 0, count);
            return count > 0;
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Nothing more for {Limit.TotalSeconds} s. Printed:\n{Output}");
            return false;
        }
    }
}

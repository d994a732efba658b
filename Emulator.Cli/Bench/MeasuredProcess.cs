using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Emulator.Cli.Bench;

/// <summary>What a process took.</summary>
/// <param name="Wall">Seconds from its start to its end, or to the text that was waited for.</param>
/// <param name="Cpu">Processor seconds, user and system.</param>
/// <param name="PeakBytes">The most memory it had resident at once; zero when it was not looked at.</param>
/// <param name="Status">Its exit status; null when it was stopped at the text.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Error">What it wrote to standard error.</param>
internal sealed record ProcessTimes(double Wall, double Cpu, long PeakBytes, int? Status, string Output, string Error);

/// <summary>Runs a process to its end, or to a text that it writes, and measures it. One at a time.</summary>
internal static class MeasuredProcess
{
    private const int RusageChildren = -1;
    private const double Microsecond = 1e-6;
    private const int BufferSize = 4096;

    /// <summary>Runs one. It never outlives the call.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="until">Stop it as soon as it has written this; null runs it to its end.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">It cannot be started, or took too long, or ended before it wrote the text.</exception>
    public static async Task<ProcessTimes> RunAsync(IReadOnlyList<string> command, string? until, TimeSpan limit, CancellationToken cancellation)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(limit);
        double before = ChildrenSeconds();
        long started = Stopwatch.GetTimestamp();
        using var process = Start(command);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(time.Token);
            var output = new StringBuilder();
            bool found = await ReadAsync(process.StandardOutput, until, output, time.Token);
            double wall = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (found) return new ProcessTimes(wall, process.TotalProcessorTime.TotalSeconds, process.PeakWorkingSet64, null, output.ToString(), "");
            await process.WaitForExitAsync(time.Token);
            wall = Stopwatch.GetElapsedTime(started).TotalSeconds;
            string said = await errors;
            if (until is not null) throw new InputException($"{Line(command)}: ended without writing '{until}': {Last(output.ToString() + said)}");
            double cpu = OperatingSystem.IsWindows() ? process.TotalProcessorTime.TotalSeconds : ChildrenSeconds() - before;
            return new ProcessTimes(wall, cpu, 0, process.ExitCode, output.ToString(), said);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new InputException($"{Line(command)}: not done after {limit.TotalSeconds:0} s");
        }
        finally
        {
            await EndAsync(process);
        }
    }

    /// <summary>A command as a person would type it.</summary>
    public static string Line(IEnumerable<string> command) => string.Join(' ', command);

    private static async Task EndAsync(Process process)
    {
        if (process.HasExited) return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    private static Process Start(IReadOnlyList<string> command)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception exception)
        {
            throw new InputException($"cannot run {command[0]}: {exception.Message}", exception);
        }
    }

    private static async Task<bool> ReadAsync(StreamReader reader, string? until, StringBuilder output, CancellationToken cancellation)
    {
        char[] buffer = new char[BufferSize];
        for (int count; (count = await reader.ReadAsync(buffer, cancellation)) > 0;)
        {
            int from = Math.Max(0, output.Length - (until?.Length ?? 0));
            output.Append(buffer, 0, count);
            if (until is not null && output.ToString(from, output.Length - from).Contains(until, StringComparison.Ordinal)) return true;
        }

        return false;
    }

    private static string Last(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault("(nothing)");

    // Of all children that have ended: the runtime tells no child's times once it has ended.
    private static double ChildrenSeconds()
    {
        if (OperatingSystem.IsWindows()) return 0;
        _ = GetResourceUsage(RusageChildren, out var usage);
        return usage.UserSeconds + usage.SystemSeconds + ((usage.UserMicroseconds + usage.SystemMicroseconds) * Microsecond);
    }

    [DllImport("libc", EntryPoint = "getrusage")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetResourceUsage(int who, out ResourceUsage usage);

    // struct rusage of getrusage(2): two struct timeval, then what is not looked at. macOS has 32 bits of microseconds and 32 of padding.
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    private struct ResourceUsage
    {
        [FieldOffset(0)]
        public long UserSeconds;
        [FieldOffset(8)]
        public int UserMicroseconds;
        [FieldOffset(16)]
        public long SystemSeconds;
        [FieldOffset(24)]
        public int SystemMicroseconds;
    }
}

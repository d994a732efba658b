using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Emulator.Benchmarks;

/// <summary>Runs a command to its end and measures it: wall time, and processor time of it and its children.</summary>
internal static class ChildTimes
{
    private const int RusageChildren = -1;

    public static (double Wall, double Cpu, int Status) Measure(string program, IEnumerable<string> arguments, string? input = null)
    {
        double before = ProcessorSeconds();
        long started = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardInput = true, RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        bool answered = input is null;
        int previous = 0;
        for (int c; (c = process.StandardOutput.Read()) >= 0;)
        {
            bool isPrompt = previous == '#' && c == ' ';
            previous = c;
            if (answered || !isPrompt) continue;
            answered = true;
            process.StandardInput.Write(input);
            process.StandardInput.Flush();
        }

        process.WaitForExit();
        _ = errors.Result;
        return (Stopwatch.GetElapsedTime(started).TotalSeconds, ProcessorSeconds() - before, process.ExitCode);
    }

    private static double ProcessorSeconds()
    {
        _ = GetResourceUsage(RusageChildren, out var usage);
        return usage.UserSeconds + usage.SystemSeconds + ((usage.UserMicroseconds + usage.SystemMicroseconds) / 1e6);
    }

    [DllImport("libc", EntryPoint = "getrusage")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetResourceUsage(int who, out ResourceUsage usage);

    [StructLayout(LayoutKind.Sequential, Size = 144)]
    private struct ResourceUsage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
    }
}

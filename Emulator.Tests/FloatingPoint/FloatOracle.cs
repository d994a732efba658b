using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Emulator.Tests.FloatingPoint;

[StructLayout(LayoutKind.Sequential)]
internal readonly record struct OracleRequest(uint Operation, uint Rounding, ulong A, ulong B, ulong C);

[StructLayout(LayoutKind.Sequential)]
internal readonly record struct OracleAnswer(ulong Result, ulong Flags);

/// <summary>
/// A C program that executes real floating-point instructions, compiled when first needed: under QEMU for RISC-V, on the
/// host's processor for x86. Where the tools are missing, the tests that need them are skipped with that reason.
/// </summary>
internal sealed class FloatOracle : IDisposable
{
    private const int Batch = 4096;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("emulator-test-");
    private readonly string[] _command;

    private FloatOracle(string source, string compiler, string options, params string[] runner)
    {
        foreach (string tool in (IEnumerable<string>)[compiler, .. runner.Take(1)])
        {
            if (!File.Exists(tool))
            {
                Assert.Ignore($"needs {tool}");
            }
        }

        Extract("oracle.h");
        var program = Path.Combine(_folder.FullName, "oracle");
        Run([compiler, .. options.Split(' '), Extract(source), "-o", program]);
        _command = [.. runner, program];
        Operations = Run([.. _command, "names"]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The names of what it can execute; their indices are what requests call them by.</summary>
    public IReadOnlyList<string> Operations { get; }

    public static FloatOracle RiscV() => new(
        "oracle-riscv.c",
        "/usr/bin/riscv64-linux-gnu-gcc",
        "-static -O1 -march=rv64gc",
        "/usr/bin/qemu-riscv64-static", "-cpu", "rv64,Zfh=true");

    public static FloatOracle X86()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Assert.Ignore("needs an x86-64 host");
        }

        return new("oracle-x86.c", "/usr/bin/gcc", "-O1");
    }

    /// <summary>Executes all requests in one process.</summary>
    public OracleAnswer[] Ask(OracleRequest[] requests)
    {
        using var process = Start(_command, redirectInput: true);
        var writing = Task.Run(() =>
        {
            using var input = process.StandardInput.BaseStream;
            for (var at = 0; at < requests.Length; at += Batch)
            {
                input.Write(MemoryMarshal.AsBytes(requests.AsSpan(at, Math.Min(Batch, requests.Length - at))));
            }
        });
        var answers = new OracleAnswer[requests.Length];
        process.StandardOutput.BaseStream.ReadExactly(MemoryMarshal.AsBytes(answers.AsSpan()));
        writing.GetAwaiter().GetResult();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, "the oracle's exit code");
        return answers;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Extract(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded in the test assembly");
        var path = Path.Combine(_folder.FullName, name);
        using var file = File.Create(path);
        stream.CopyTo(file);
        return path;
    }

    private static string Run(string[] command)
    {
        using var process = Start(command, redirectInput: false);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, string.Join(' ', command));
        return output;
    }

    private static Process Start(string[] command, bool redirectInput)
        => Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = redirectInput, RedirectStandardOutput = true })!;
}

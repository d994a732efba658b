using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Emulator.Tests.X86.Host;

/// <summary>
/// A C program that executes cases on the host's own processor; compiled when first needed. Where it cannot run, the tests that need
/// it are skipped with that reason.
/// </summary>
internal sealed class HostProcessor : IDisposable
{
    /// <summary>The most cases that are sent at once.</summary>
    public const int Batch = 4096;

    private const string Source = "x86-host.c";
    private const string Compiler = "/usr/bin/gcc";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly CancellationTokenSource _limit = new();

    private HostProcessor(Process process)
    {
        _process = process;
        _limit.Token.Register(() => process.Kill());
    }

    public static HostProcessor Start()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) Assert.Ignore("needs an x86-64 host");
        if (!OperatingSystem.IsLinux()) Assert.Ignore("needs Linux");
        if (!File.Exists(Compiler)) Assert.Ignore($"needs {Compiler}");
        string program = Program.Value;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return new HostProcessor(Process.Start(start)!);
    }

    /// <summary>Executes up to <see cref="Batch"/> cases.</summary>
    public HostResult[] Run(ReadOnlySpan<HostCase> cases)
    {
        _limit.CancelAfter(Limit);
        var input = _process.StandardInput.BaseStream;
        var output = _process.StandardOutput.BaseStream;
        input.Write(MemoryMarshal.AsBytes([(uint)cases.Length]));
        input.Write(MemoryMarshal.AsBytes(cases));
        input.Flush();
        var results = new HostResult[cases.Length];
        int done = 0;
        try
        {
            for (; done < results.Length; done++)
            {
                HostState state = default;
                output.ReadExactly(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref state, 1)));
                var memory = state.DifferenceCount == 0 ? [] : new MemoryDifference[state.DifferenceCount];
                output.ReadExactly(MemoryMarshal.AsBytes(memory.AsSpan()));
                results[done] = new HostResult(state, memory);
            }
        }
        catch (EndOfStreamException)
        {
            _process.WaitForExit();
            throw new InvalidOperationException($"the host's program ended with {_process.ExitCode} before case {done} or one of the next of {cases.Length} was answered");
        }

        _limit.CancelAfter(Timeout.Infinite);
        return results;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        _limit.Dispose();
    }

    private static readonly Lazy<string> Program = new(Compile);

    private static string Compile()
    {
        var folder = Directory.CreateTempSubdirectory("emulator-test-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Delete(recursive: true);
        string source = Path.Combine(folder.FullName, Source);
        using (var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Source)!)
        using (var file = File.Create(source))
        {
            stream.CopyTo(file);
        }

        string program = Path.Combine(folder.FullName, "x86-host");
        string[] arguments =
        [
            "-O2", "-Wall", "-Werror", "-static", "-nostdlib", "-nostartfiles", "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-no-pie",
            "-mno-red-zone", "-mgeneral-regs-only", "-fcf-protection=none", string.Create(CultureInfo.InvariantCulture, $"-Wl,-Ttext-segment=0x{HostLayout.HostProgram:x}"), "-Wl,-z,noexecstack",
            Define("CODE", HostLayout.Code), Define("CODE_PAGES", HostLayout.CodePages), Define("DATA", HostLayout.Data),
            Define("DATA_PAGES", HostLayout.DataPages), Define("STACK", HostLayout.Stack), Define("STACK_PAGES", HostLayout.StackPages),
            Define("EXIT64", HostLayout.Exit64), Define("EXIT32", HostLayout.Exit32), Define("FS_BASE", HostLayout.FsBase),
            Define("GS_BASE", HostLayout.GsBase), source, "-o", program,
        ];
        using var compiler = Process.Start(new ProcessStartInfo(Compiler, arguments) { RedirectStandardError = true })!;
        string errors = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        Assert.That(compiler.ExitCode, Is.Zero, errors);
        return program;
    }

    private static string Define(string name, ulong value) => string.Create(CultureInfo.InvariantCulture, $"-D{name}=0x{value:x}ul");
}

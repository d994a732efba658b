using System.Diagnostics;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Emulator.Tests.Cli;

namespace Emulator.Tests.Guards;

/// <summary>
/// The tool is compiled ahead of time, but not all generic code can be: each method that the runtime must compile at the start takes
/// a fraction of a millisecond. <c>DOTNET_JitStdOutFile=FILE DOTNET_JitDisasmSummary=1</c> lists them.
/// </summary>
[TestFixture]
public sealed partial class StartTests
{
    private const int MostMethods = 40;

    [Test]
    public void Little_is_compiled_at_the_start()
    {
        string output = TestContext.CurrentContext.TestDirectory;
        string tool = Path.GetFullPath(Path.Combine(output, "..", "..", "Emulator.Cli", Path.GetFileName(output), "emu.dll"));
        Assume.That(IsCompiledAhead(tool), $"{tool} is compiled ahead of time");
        string guest = Path.Combine(TestContext.CurrentContext.WorkDirectory, "start.elf");
        File.WriteAllBytes(guest, GuestPrograms.Elf(GuestPrograms.Finish(GuestPrograms.Pass)));
        using var process = Process.Start(new ProcessStartInfo("dotnet", [tool, "run", "--bios", "none", "--kernel", guest, "--stats"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        string statistics = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(int.Parse(Count().Match(statistics).Groups[1].Value), Is.LessThan(MostMethods), statistics);
    }

    private static bool IsCompiledAhead(string assembly)
    {
        if (!File.Exists(assembly)) return false;
        using var reader = new PEReader(File.OpenRead(assembly));
        return reader.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }

    [GeneratedRegex(@"host methods compiled\s+(\d+)")]
    private static partial Regex Count();
}

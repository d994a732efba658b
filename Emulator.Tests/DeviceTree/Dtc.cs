using System.Diagnostics;

namespace Emulator.Tests.DeviceTree;

/// <summary>The device tree compiler, the judge of our blobs and texts; tests that need it are skipped where it is missing.</summary>
internal static class Dtc
{
    private const string Program = "/usr/bin/dtc";

    /// <summary>Runs it on an input; fails the test when it fails.</summary>
    /// <returns>What it wrote, and its warnings.</returns>
    public static (byte[] Output, string Warnings) Run(string options, byte[] input)
    {
        if (!File.Exists(Program))
        {
            Assert.Ignore($"{Program} is missing (package device-tree-compiler)");
        }

        using Process process = Process.Start(new ProcessStartInfo(Program, options + " -o - -")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> warnings = process.StandardError.ReadToEndAsync();
        using MemoryStream output = new();
        Task copy = process.StandardOutput.BaseStream.CopyToAsync(output);
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        copy.Wait();
        Assert.That(process.ExitCode, Is.Zero, warnings.Result);
        return (output.ToArray(), warnings.Result);
    }
}

using System.Diagnostics;

namespace Emulator.Cli.Images;

/// <summary>Programs of the host that a pull uses, run without a shell.</summary>
internal static class HostTool
{
    // Administrators' programs, such as mke2fs, which a user's path may lack.
    private static readonly string[] MoreFolders = ["/usr/sbin", "/sbin"];

    /// <summary>The full path of a program, or null when the host has not got it.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(MoreFolders)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    /// <exception cref="HostToolException">It did not end well.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, ToolSettings settings, CancellationToken cancellation)
    {
        using MemoryStream output = new();
        await RunAsync(program, arguments, settings, output, cancellation);
        return System.Text.Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
    }

    /// <summary>Runs a program to its end, its output going to a stream.</summary>
    /// <exception cref="HostToolException">It did not end well.</exception>
    public static async Task RunAsync(string program, IEnumerable<string> arguments, ToolSettings settings, Stream output, CancellationToken cancellation)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = settings.Folder,
        };
        start.Environment["LC_ALL"] = "C"; // we read its messages
        if (settings.AptConfiguration is not null)
        {
            start.Environment["APT_CONFIG"] = settings.AptConfiguration;
        }

        using Process process = Start(start);
        process.StandardInput.Close();
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.StandardOutput.BaseStream.CopyToAsync(output, cancellation);
            string said = await errors;
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode != 0)
            {
                throw new HostToolException(Path.GetFileName(program), process.ExitCode, said.Trim());
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new ImageException($"cannot run {start.FileName}: {exception.Message}", exception);
        }
    }
}

/// <summary>How a program of the host is run.</summary>
/// <param name="Folder">The folder it runs in.</param>
/// <param name="AptConfiguration">The configuration that apt's programs read before all else.</param>
internal sealed record ToolSettings(string Folder, string? AptConfiguration = null);

/// <summary>A program of the host that ended with an error.</summary>
internal sealed class HostToolException(string program, int status, string said)
    : Exception($"{program} ended with status {status}: {string.Join("; ", said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))}")
{
    /// <summary>What it wrote to its standard error.</summary>
    public string Said { get; } = said;
}

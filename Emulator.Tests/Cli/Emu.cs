using System.IO.Pipelines;
using System.Text;
using Emulator.Cli;
using Emulator.Cli.Images;
using Emulator.Devices.Host;

namespace Emulator.Tests.Cli;

/// <summary>What a command line has done.</summary>
/// <param name="Status">The exit status.</param>
/// <param name="Console">What the guest has written.</param>
/// <param name="Out">Results.</param>
/// <param name="Error">Complaints.</param>
internal sealed record EmuResult(int Status, string Console, string Out, string Error);

/// <summary>Runs command lines inside this process.</summary>
internal static class Emu
{
    // Against hanging only.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Runs one; the guest's input ends after what is typed.</summary>
    public static Task<EmuResult> RunAsync(params string[] arguments) => TypeAsync("", arguments);

    /// <summary>Runs one with input typed ahead.</summary>
    public static Task<EmuResult> TypeAsync(string typed, params string[] arguments) =>
        RunAsync(Path.Combine(TestContext.CurrentContext.WorkDirectory, "no-images"), typed, arguments);

    /// <summary>Runs one with a store of images.</summary>
    public static Task<EmuResult> WithImagesAsync(string images, params string[] arguments) => RunAsync(images, "", arguments);

    private static async Task<EmuResult> RunAsync(string images, string typed, string[] arguments)
    {
        var (machine, user) = InMemoryTransport.CreatePair();
        using var output = new StringWriter();
        using var error = new StringWriter();
        bool isOpen = false;
        var streams = new CliStreams
        {
            Out = output,
            Error = error,
            Images = () => new ImageStore(images),
            OpenConsole = _ =>
            {
                isOpen = true;
                return machine;
            },
        };
        await user.Output.WriteAsync(Encoding.ASCII.GetBytes(typed));
        await user.Output.CompleteAsync();
        var reading = ReadAsync(user.Input);
        int status = await Task.Run(() => CliApplication.Run(arguments, streams)).WaitAsync(Limit);
        if (!isOpen) await machine.Output.CompleteAsync();
        return new EmuResult(status, await reading.WaitAsync(Limit), output.ToString(), error.ToString());
    }

    private static async Task<string> ReadAsync(PipeReader reader)
    {
        var content = new MemoryStream();
        await reader.CopyToAsync(content);
        return Encoding.UTF8.GetString(content.ToArray());
    }
}

using Emulator.Cli.Images;

namespace Emulator.Cli.Bench;

/// <summary>Makes guest programs out of the C sources that the tool carries with it.</summary>
internal static class CrossCompiler
{
    /// <summary>The compiler's name.</summary>
    public const string Name = "riscv64-linux-gnu-gcc";

    private const string KernelSources = "kernels/";
    private const string SystemSource = "system/system.c";
    private static readonly string[] Common = ["-O2", "-march=rv64gc", "-mabi=lp64d", "-static", "-Wl,--build-id=none"];
    private static readonly string[] BareMetal =
        ["-mcmodel=medany", "-ffreestanding", "-fno-pie", "-no-pie", "-nostdlib", "-fno-tree-loop-distribute-patterns", "-Wl,--no-warn-rwx-segments"];

    // Files in the folder of kernels that each of them is made with.
    private static readonly string[] Shared = ["start.S", "main.c"];

    /// <summary>The kernels there are.</summary>
    public static IReadOnlyList<string> Kernels { get; } =
    [
        .. from resource in typeof(CrossCompiler).Assembly.GetManifestResourceNames()
           where resource.StartsWith(KernelSources, StringComparison.Ordinal) && resource.EndsWith(".c", StringComparison.Ordinal)
           let file = resource[KernelSources.Length..]
           where !Shared.Contains(file)
           orderby file
           select Path.GetFileNameWithoutExtension(file),
    ];

    /// <summary>The compiler, or null when the host has not got it.</summary>
    public static string? Find() => HostTool.Find(Name);

    /// <summary>Compiles a kernel.</summary>
    /// <returns>The ELF file.</returns>
    public static Task<string> KernelAsync(string compiler, string name, string folder, CancellationToken cancellation)
    {
        Unpack(KernelSources, folder);
        return CompileAsync(compiler, [.. BareMetal, "-Wl,-T,link.ld", .. Shared, name + ".c"], name + ".elf", folder, cancellation);
    }

    /// <summary>Compiles the program that measures an operating system.</summary>
    /// <returns>The static ELF file.</returns>
    public static Task<string> SystemAsync(string compiler, string folder, CancellationToken cancellation)
    {
        Unpack(SystemSource, folder);
        return CompileAsync(compiler, [Path.GetFileName(SystemSource)], "system.elf", folder, cancellation);
    }

    private static async Task<string> CompileAsync(string compiler, string[] arguments, string output, string folder, CancellationToken cancellation)
    {
        try
        {
            await HostTool.RunAsync(compiler, [.. Common, .. arguments, "-o", output], new ToolSettings(folder), cancellation);
        }
        catch (HostToolException exception)
        {
            throw new InputException($"{output} cannot be compiled: {exception.Message}", exception);
        }

        return Path.Combine(folder, output);
    }

    private static void Unpack(string prefix, string folder)
    {
        var assembly = typeof(CrossCompiler).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            using var content = assembly.GetManifestResourceStream(resource)!;
            using var file = File.Create(Path.Combine(folder, Path.GetFileName(resource)));
            content.CopyTo(file);
        }
    }
}

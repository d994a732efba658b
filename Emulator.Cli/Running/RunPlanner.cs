using Emulator.Cli.Images;
using Emulator.Cli.Options;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Machines;
using Microsoft.Extensions.Logging;

namespace Emulator.Cli.Running;

/// <summary>From options to a machine: reads the files they name, and finds out what does not go together.</summary>
internal static class RunPlanner
{
    /// <summary>The image that needs no pulling, of the default machine.</summary>
    public const string EmbeddedImage = "riscv-demo";

    /// <summary>The same of <see cref="MachineCatalog.BareX86"/>.</summary>
    public const string EmbeddedX86Image = "x86-demo";

    private const int DefaultMemoryMiB = 512;

    /// <summary>Enters what a pulled image sets; whatever the user gave remains.</summary>
    /// <param name="options">What the user said.</param>
    /// <param name="images">Where pulled images are.</param>
    /// <exception cref="ImageException">There is no such image.</exception>
    public static RunOptions WithImage(RunOptions options, Func<ImageStore> images)
    {
        if (options.Image == EmbeddedX86Image) return options with { Machine = MachineCatalog.BareX86 };
        if (options.Image is null or EmbeddedImage) return options;
        var image = images().Get(options.Image);
        return options with
        {
            Kernel = options.Kernel ?? image.KernelPath,
            Initrd = options.Initrd ?? image.InitrdPath,
            Append = options.Append ?? image.Append,
        };
    }

    /// <summary>Plans a run.</summary>
    /// <param name="options">What the user said.</param>
    /// <param name="loggers">Where the machine reports, or null.</param>
    /// <param name="tracer">Sees every instruction, or null.</param>
    /// <exception cref="CommandLineException">The options make no sense.</exception>
    /// <exception cref="InputException">A file cannot be used.</exception>
    /// <exception cref="ImageFormatException">A file is not what it should be.</exception>
    public static RunPlan Plan(RunOptions options, ILoggerFactory? loggers = null, IInstructionTracer? tracer = null)
    {
        var machine = MachineCatalog.Get(options.Machine);
        var kernel = LoadKernel(options);
        if (kernel is null && !machine.StartsByItself && options.Flash.IsEmpty && options.Bios is null or "none" or "builtin")
        {
            throw new CommandLineException($"there is nothing to run; expected --kernel FILE, --bios FILE, --flash FILE or --image NAME (such as {EmbeddedImage}, which needs no pulling)");
        }

        var description = machine.Describe(options, kernel) with
        {
            Memory = options.Memory ?? DefaultMemoryMiB.MiB(),
            Harts = options.Harts ?? 1,
            Kernel = kernel,
            Initrd = options.Initrd is { } initrd ? InputFile.Use("--initrd", initrd, File.ReadAllBytes) : (ReadOnlyMemory<byte>?)null,
            Append = options.Append ?? "",
            Disks = options.Disks,
            EndsOnReset = options.EndsOnReset,
            Engine = new EngineOptions { Kind = options.Engine, IsDeterministic = options.IsDeterministic, Tracer = tracer },
            LoggerFactory = loggers,
        };
        return new RunPlan
        {
            Description = description,
            Serial = options.Serial,
            Timeout = options.Timeout,
            ShowsStatistics = options.ShowsStatistics,
            Signature = options.SignatureFile is { } file ? Signature.Locate(file, options.SignatureGranularity, kernel) : null,
        };
    }

    private static GuestImage? LoadKernel(RunOptions options)
    {
        if (options.Kernel is { } path) return InputFile.Use("--kernel", path, static path => GuestImage.Load(path));
        return options.Image == EmbeddedImage ? EmbeddedGuests.RiscVDemo : null;
    }
}

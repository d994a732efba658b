using System.Security.Cryptography;

namespace Emulator.Cli.Images;

/// <summary>Gets a known guest into the store: the distribution's kernel as it is, and an initramfs made of its busybox and modules.</summary>
/// <param name="store">Where the image goes.</param>
/// <param name="source">Opens the packages' source, given a folder it may use; the host's apt by default.</param>
internal sealed class ImagePuller(ImageStore store, Func<string, IPackageSource>? source = null)
{
    private const string ModulesFolder = "usr/lib/modules";
    private const string BusyboxFile = "usr/bin/busybox";
    private const double BytesInMegabyte = 1e6;

    private readonly Func<string, IPackageSource> _source = source ?? (static folder => new AptImageSource(folder));

    /// <summary>Makes an image, or brings it up to date.</summary>
    /// <exception cref="ImageException">It cannot be made; the message says why and what to do.</exception>
    public async Task<PulledImage> PullAsync(string name, IProgress<string>? progress, CancellationToken cancellation)
    {
        ImageDefinition image = ImageCatalog.Find(name)
            ?? throw new ImageException($"no image '{name}' can be pulled; known are {string.Join(", ", ImageCatalog.All.Select(static known => known.Name))}");
        if (source is null && HostTool.Find("apt-get") is null)
        {
            throw new ImageException(WithoutApt(image));
        }

        using IDisposable taken = store.Lock();
        string work = store.CreateTemporaryFolder();
        try
        {
            return await PullAsync(image, work, progress, cancellation);
        }
        catch (HostToolException exception)
        {
            throw new ImageException($"cannot make image '{name}': {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"cannot make image '{name}' in {store.Folder}: {exception.Message}", exception);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private async Task<PulledImage> PullAsync(ImageDefinition image, string work, IProgress<string>? progress, CancellationToken cancellation)
    {
        IPackageSource packages = _source(work);
        IReadOnlyList<PackageFile> wanted = await packages.ResolveAsync(image, progress, cancellation);
        string recipe = InitramfsBuilder.Recipe(image);
        if (await CurrentAsync(image, wanted, recipe, cancellation) is { } current)
        {
            return new(current, Changed: false);
        }

        string unpacked = Path.Combine(work, "unpacked");
        Directory.CreateDirectory(unpacked);
        foreach (PackageFile package in wanted)
        {
            progress?.Report(FormattableString.Invariant($"getting {package.Name} {package.Version} ({package.Size / BytesInMegabyte:f1} MB)"));
            await packages.UnpackAsync(package, unpacked, cancellation);
        }

        progress?.Report("making the initramfs");
        string finished = Path.Combine(work, "image");
        Directory.CreateDirectory(finished);
        string kernel = Only(Directory.EnumerateFiles(Path.Combine(unpacked, "boot"), image.KernelFile + "*"), $"kernel /boot/{image.KernelFile}*");
        File.Move(kernel, Path.Combine(finished, ImageStore.KernelFile));
        string release = await WriteInitramfsAsync(image, unpacked, Path.Combine(finished, ImageStore.InitrdFile), cancellation);
        ImageManifest manifest = new()
        {
            Format = ImageManifest.CurrentFormat,
            Name = image.Name,
            Distribution = $"Debian {image.Suite} {image.Architecture}",
            Kernel = release,
            Append = image.Append,
            Recipe = recipe,
            Packages = wanted,
            Files = await HashesAsync(finished, cancellation),
        };
        manifest.Write(Path.Combine(finished, ImageStore.ManifestFile));
        return new(store.Install(image.Name, finished), Changed: true);
    }

    private static async Task<string> WriteInitramfsAsync(ImageDefinition image, string unpacked, string path, CancellationToken cancellation)
    {
        string modules = Only(Directory.EnumerateDirectories(Path.Combine(unpacked, ModulesFolder)), $"folder in /{ModulesFolder}");
        InitramfsBuilder initramfs = new()
        {
            HostName = image.Name,
            KernelRelease = Path.GetFileName(modules),
            Busybox = await File.ReadAllBytesAsync(Path.Combine(unpacked, BusyboxFile), cancellation),
            Modules = await new KernelModules(modules, PackedFile.ReadAsync).InLoadingOrderAsync(image.Modules, cancellation),
        };
        await using FileStream output = File.Create(path);
        initramfs.Write(output);
        return initramfs.KernelRelease;
    }

    // The image in the store, if it is made of the same packages by the same recipe and its files are as they were made.
    private async Task<StoredImage?> CurrentAsync(ImageDefinition image, IReadOnlyList<PackageFile> wanted, string recipe, CancellationToken cancellation)
    {
        StoredImage? stored = store.Find(image.Name);
        if (stored?.Manifest is not { } manifest || manifest.Recipe != recipe || !manifest.Packages.SequenceEqual(wanted))
        {
            return null;
        }

        IReadOnlyDictionary<string, string> hashes = await HashesAsync(store.FolderOf(image.Name), cancellation);
        return hashes.OrderBy(static file => file.Key).SequenceEqual(manifest.Files.OrderBy(static file => file.Key)) ? stored : null;
    }

    private static async Task<IReadOnlyDictionary<string, string>> HashesAsync(string folder, CancellationToken cancellation)
    {
        SortedDictionary<string, string> hashes = new(StringComparer.Ordinal);
        foreach (string name in new[] { ImageStore.KernelFile, ImageStore.InitrdFile })
        {
            await using FileStream file = File.OpenRead(Path.Combine(folder, name));
            hashes[name] = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
        }

        return hashes;
    }

    private static string Only(IEnumerable<string> paths, string what) => paths.ToList() switch
    {
        [string path] => path,
        var found => throw new ImageException($"the packages have {found.Count} of {what}, expected one"),
    };

    private string WithoutApt(ImageDefinition image)
    {
        string folder = store.FolderOf(image.Name);
        return $"this host has no apt-get. Put the kernel ({image.KernelFile}* of Debian {image.Suite}'s package {image.KernelPackage}) at "
            + $"{Path.Combine(folder, ImageStore.KernelFile)} and an initramfs for it at {Path.Combine(folder, ImageStore.InitrdFile)}, "
            + "or copy that folder from a Debian host that has pulled the image";
    }
}

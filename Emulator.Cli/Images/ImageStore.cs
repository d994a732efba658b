namespace Emulator.Cli.Images;

/// <summary>
/// The folder of pulled images, one folder each with <c>vmlinuz</c>, <c>initrd</c> and <c>manifest.json</c>. The first two may also
/// be put there by hand. An image appears and changes as a whole: it is made in a folder of its own, which is then renamed.
/// </summary>
internal sealed class ImageStore(string folder)
{
    /// <summary>The kernel's file in an image's folder.</summary>
    public const string KernelFile = "vmlinuz";

    /// <summary>The initramfs's file in an image's folder.</summary>
    public const string InitrdFile = "initrd";

    /// <summary>The file that says what an image was made of.</summary>
    public const string ManifestFile = "manifest.json";

    private const string DefaultAppend = "console=ttyS0";
    private const string LockFile = ".lock";
    private const string TemporaryPrefix = ".new-";
    private const string ReplacedPrefix = ".old-";

    /// <summary>The folder with one folder for each image.</summary>
    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>The user's own store, in the place the host's system has for caches.</summary>
    public static ImageStore Default() => new(Path.Combine(CacheFolder(), "emulator", "images"));

    /// <summary>The folder an image of that name has or would have.</summary>
    /// <exception cref="ImageException">The name is not one that an image can have.</exception>
    public string FolderOf(string name) =>
        IsName(name) ? Path.Combine(Folder, name) : throw new ImageException($"'{name}' is no image name: expected letters, digits, '-', '_' and '.'");

    /// <summary>The image of that name; null when it is not in the store, or not all of it.</summary>
    public StoredImage? Find(string name)
    {
        string folder = FolderOf(name);
        string kernel = Path.Combine(folder, KernelFile);
        string initrd = Path.Combine(folder, InitrdFile);
        if (!File.Exists(kernel) || !File.Exists(initrd))
        {
            return null;
        }

        ImageManifest? manifest = ImageManifest.Read(Path.Combine(folder, ManifestFile));
        return new(name, kernel, initrd, manifest?.Append ?? ImageCatalog.Find(name)?.Append ?? DefaultAppend, manifest);
    }

    /// <summary>The image of that name.</summary>
    /// <exception cref="ImageException">It is not in the store; the message says how it gets there.</exception>
    public StoredImage Get(string name) =>
        Find(name) ?? throw new ImageException(ImageCatalog.Find(name) is null
            ? $"there is no image '{name}' in {Folder}, and none of that name can be pulled; known are {string.Join(", ", ImageCatalog.All.Select(static image => image.Name))}"
            : $"image '{name}' has not been pulled: run 'emu images pull {name}'");

    /// <summary>Every image in the store, by name.</summary>
    public IReadOnlyList<StoredImage> List() => !Directory.Exists(Folder) ? [] :
    [
        .. from path in Directory.EnumerateDirectories(Folder)
           let name = Path.GetFileName(path)
           where IsName(name)
           orderby name
           let image = Find(name)
           where image is not null
           select image,
    ];

    /// <summary>Takes the store for one change; the result gives it back.</summary>
    /// <exception cref="ImageException">Somebody else is changing it.</exception>
    internal IDisposable Lock()
    {
        try
        {
            Directory.CreateDirectory(Folder);
            return new FileStream(Path.Combine(Folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"cannot take {Folder} for writing (is another pull under way?): {exception.Message}", exception);
        }
    }

    /// <summary>A new empty folder on the store's file system, whose name no image can have. The caller holds the lock.</summary>
    internal string CreateTemporaryFolder()
    {
        // What a pull that was killed has left.
        foreach (string abandoned in Directory.EnumerateDirectories(Folder, TemporaryPrefix + "*"))
        {
            Directory.Delete(abandoned, recursive: true);
        }

        string path = Path.Combine(Folder, TemporaryPrefix + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Makes a finished folder an image, in place of the one there was. The caller holds the lock.</summary>
    internal StoredImage Install(string name, string finished)
    {
        string folder = FolderOf(name);
        string replaced = Path.Combine(Folder, ReplacedPrefix + name);
        if (Directory.Exists(replaced))
        {
            Directory.Delete(replaced, recursive: true);
        }

        bool replaces = Directory.Exists(folder);
        if (replaces)
        {
            Directory.Move(folder, replaced);
        }

        try
        {
            Directory.Move(finished, folder);
        }
        catch when (replaces)
        {
            Directory.Move(replaced, folder);
            throw;
        }

        if (replaces)
        {
            Directory.Delete(replaced, recursive: true);
        }

        return Get(name);
    }

    private static bool IsName(string name) =>
        name.Length > 0 && name[0] != '.' && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static string CacheFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsMacOS())
        {
            return Path.Combine(home, "Library", "Caches");
        }

        // XDG Base Directory Specification: a path that is not absolute is to be ignored.
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        return Path.IsPathFullyQualified(cache ?? "") ? cache! : Path.Combine(home, ".cache");
    }
}

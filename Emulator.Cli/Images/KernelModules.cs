using Emulator.Core.Loading;

namespace Emulator.Cli.Images;

/// <summary>The modules of one kernel: a folder of packed files and a list of those that are part of the kernel itself.</summary>
internal sealed class KernelModules
{
    private const string BuiltinList = "modules.builtin";

    private readonly Dictionary<string, string> _files;
    private readonly HashSet<string> _builtin;
    private readonly Func<string, CancellationToken, Task<byte[]>> _read;

    /// <summary>Looks for modules.</summary>
    /// <param name="folder">The folder of one kernel below <c>/lib/modules</c>.</param>
    /// <param name="read">Reads a module's file and unpacks it.</param>
    public KernelModules(string folder, Func<string, CancellationToken, Task<byte[]>> read)
    {
        string list = Path.Combine(folder, BuiltinList);
        _builtin = [.. (File.Exists(list) ? File.ReadAllLines(list) : []).Select(KernelModule.NameOf)];
        _files = Directory.EnumerateFiles(folder, "*.ko*", SearchOption.AllDirectories).ToDictionary(static path => KernelModule.NameOf(path.Replace('\\', '/')));
        _read = read;
    }

    /// <summary>The modules of these names and all they depend on, each after those it depends on, leaving out what is built in.</summary>
    /// <exception cref="ImageException">The kernel has not got one of them, or they depend on each other in a circle.</exception>
    public async Task<IReadOnlyList<KernelModule>> InLoadingOrderAsync(IEnumerable<string> names, CancellationToken cancellation)
    {
        List<KernelModule> ordered = [];
        foreach (string name in names)
        {
            await AddAsync(name, [], ordered, cancellation);
        }

        return ordered;
    }

    private async Task AddAsync(string wanted, IReadOnlyList<string> neededBy, List<KernelModule> ordered, CancellationToken cancellation)
    {
        string name = KernelModule.NameOf(wanted);
        if (_builtin.Contains(name) || ordered.Exists(module => module.Name == name))
        {
            return;
        }

        if (neededBy.Contains(name))
        {
            throw new ImageException($"kernel modules depend on each other: {string.Join(" -> ", neededBy)} -> {name}");
        }

        KernelModule module = await ReadAsync(name, neededBy, cancellation);
        foreach (string dependency in module.Dependencies)
        {
            await AddAsync(dependency, [.. neededBy, name], ordered, cancellation);
        }

        ordered.Add(module);
    }

    private async Task<KernelModule> ReadAsync(string name, IReadOnlyList<string> neededBy, CancellationToken cancellation)
    {
        if (!_files.TryGetValue(name, out string? file))
        {
            throw new ImageException($"the kernel has no module {name}{(neededBy.Count == 0 ? "" : $", which {neededBy[^1]} needs")}");
        }

        try
        {
            return KernelModule.Parse(Path.GetFileName(file), await _read(file, cancellation));
        }
        catch (ImageFormatException exception)
        {
            throw new ImageException(exception.Message, exception);
        }
    }
}

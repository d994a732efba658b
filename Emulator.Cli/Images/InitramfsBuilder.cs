using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Emulator.Cli.Images;

/// <summary>Makes an initramfs: busybox, kernel modules and the script that starts them. The same parts give the same bytes.</summary>
internal sealed record InitramfsBuilder
{
    private const uint Program = 0b111_101_101;
    private const uint Text = 0b110_100_100;
    private const uint UsualFolder = 0b111_101_101;
    private const uint SharedFolder = 0b1_111_111_111; // everybody writes, only owners delete
    private const uint PrivateDevice = 0b110_000_000;
    private const uint SharedDevice = 0b110_110_110;

    // busybox puts the links to itself into the first four; the rest are mount points and usual places.
    private static readonly string[] Folders = ["bin", "sbin", "usr/bin", "usr/sbin", "dev", "etc", "mnt", "proc", "root", "run", "sys", "tmp", "var"];

    // The kernel opens /dev/console for the first process before that mounts anything (Documentation/admin-guide/devices.txt).
    private static readonly (string Path, uint Permissions, uint Major, uint Minor)[] Devices =
        [("dev/console", PrivateDevice, 5, 1), ("dev/null", SharedDevice, 1, 3)];

    /// <summary>The guest's name.</summary>
    public required string HostName { get; init; }

    /// <summary>The kernel's release, the name of its modules' folder.</summary>
    public required string KernelRelease { get; init; }

    /// <summary>A busybox that needs no libraries.</summary>
    public required byte[] Busybox { get; init; }

    /// <summary>The modules, in the order they are loaded.</summary>
    public IReadOnlyList<KernelModule> Modules { get; init; } = [];

    /// <summary>SHA-256 of everything in an initramfs that is ours, in hexadecimal: with another one, an image is out of date.</summary>
    public static string Recipe(ImageDefinition image) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', [.. Texts(image.Name, kernel: "", modules: []).Select(static text => $"{text.Path}\n{text.Content}"), .. image.Modules, image.Append]))));

    /// <summary>Writes the initramfs, packed with gzip.</summary>
    public void Write(Stream output)
    {
        using GZipStream packed = new(output, CompressionLevel.SmallestSize, leaveOpen: true);
        CpioWriter archive = new(packed);
        foreach (string folder in Folders)
        {
            archive.Folder(folder, folder == "tmp" ? SharedFolder : UsualFolder);
        }

        foreach ((string path, uint permissions, uint major, uint minor) in Devices)
        {
            archive.CharacterDevice(path, permissions, major, minor);
        }

        archive.File("bin/busybox", Program, Busybox);
        foreach ((string path, uint permissions, string content) in Texts(HostName, KernelRelease, Modules))
        {
            archive.File(path, permissions, Encoding.UTF8.GetBytes(content));
        }

        foreach (KernelModule module in Modules)
        {
            archive.File(ModulePath(KernelRelease, module), Text, module.Content);
        }

        archive.Finish();
    }

    private static string ModulePath(string release, KernelModule module) => $"lib/modules/{release}/{module.Name}.ko";

    private static IEnumerable<(string Path, uint Permissions, string Content)> Texts(string hostName, string kernel, IReadOnlyList<KernelModule> modules) =>
    [
        ("init", Program, InitramfsScript.Init),
        ("etc/hostname", Text, hostName + "\n"),
        ("etc/hosts", Text, $"127.0.0.1 localhost {hostName}\n"),
        ("etc/passwd", Text, "root::0:0:root:/root:/bin/sh\n"),
        ("etc/group", Text, "root:x:0:\n"),
        ("etc/motd", Text, $"\nLinux {kernel} with busybox. 'exit' or 'poweroff' ends the machine, 'udhcpc' sets up the network.\n"),
        ("etc/udhcpc/default.script", Program, InitramfsScript.DhcpScript),
        (InitramfsScript.ModuleList, Text, string.Concat(modules.Select(module => $"/{ModulePath(kernel, module)}\n"))),
    ];
}

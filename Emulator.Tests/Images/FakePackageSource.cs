using Emulator.Cli.Images;

namespace Emulator.Tests.Images;

/// <summary>A distribution of two packages whose files say their version.</summary>
internal sealed class FakePackageSource(string version) : IPackageSource
{
    public const string Release = "6.12-test";

    public int Unpacked { get; private set; }

    public Exception? Failure { get; set; }

    public Task<IReadOnlyList<PackageFile>> ResolveAsync(ImageDefinition image, IProgress<string>? progress, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<PackageFile>>([new("kernel", version, "00", 1), new("busybox", version, "01", 2)]);

    public Task UnpackAsync(PackageFile package, string folder, CancellationToken cancellation)
    {
        Unpacked++;
        if (package.Name == "kernel")
        {
            Write(folder, $"boot/vmlinux-{Release}", [.. "kernel "u8, .. System.Text.Encoding.UTF8.GetBytes(package.Version)]);
            Write(folder, $"usr/lib/modules/{Release}/modules.builtin", "kernel/virtio_console.ko\nkernel/virtio_pci.ko\nkernel/virtio_rng.ko\n"u8);
            foreach (string module in new[] { "virtio_mmio", "virtio-blk", "virtio_net", "crc32c_generic", "jbd2" })
            {
                Write(folder, $"usr/lib/modules/{Release}/kernel/{module}.ko", ModuleFile.Make());
            }

            Write(folder, $"usr/lib/modules/{Release}/kernel/ext4.ko", ModuleFile.Make("jbd2"));
            return Task.CompletedTask;
        }

        Write(folder, "usr/bin/busybox", "busybox"u8);
        return Failure is null ? Task.CompletedTask : Task.FromException(Failure);
    }

    private static void Write(string folder, string name, ReadOnlySpan<byte> content)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }
}

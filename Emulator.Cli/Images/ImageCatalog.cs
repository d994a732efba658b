namespace Emulator.Cli.Images;

/// <summary>The guests that can be pulled by name.</summary>
internal static class ImageCatalog
{
    // ext4 asks for its checksum by the name of an algorithm (a soft dependency), which names no module: crc32c_generic provides it.
    private static readonly string[] VirtioAndExt4 =
        ["virtio_mmio", "virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "virtio_console", "crc32c_generic", "ext4"];

    /// <summary>Every guest that can be pulled.</summary>
    public static IReadOnlyList<ImageDefinition> All { get; } =
    [
        new("debian-riscv64", "Debian 13 kernel, busybox shell", "trixie", "stable", "riscv64", "linux-image-riscv64", "vmlinux-", "busybox-static", VirtioAndExt4, "console=ttyS0"),
        new("debian-amd64", "Debian 13 kernel, busybox shell", "trixie", "stable", "amd64", "linux-image-amd64", "vmlinuz-", "busybox-static", VirtioAndExt4, "console=ttyS0"),
    ];

    /// <summary>The guest of that name, or null.</summary>
    public static ImageDefinition? Find(string name) => All.FirstOrDefault(definition => definition.Name == name);
}

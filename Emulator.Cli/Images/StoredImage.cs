namespace Emulator.Cli.Images;

/// <summary>An image in the store.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="KernelPath">The kernel.</param>
/// <param name="InitrdPath">The initramfs.</param>
/// <param name="Append">The kernel's command line.</param>
/// <param name="Manifest">What it was made of; null for files the user has put there.</param>
internal sealed record StoredImage(string Name, string KernelPath, string InitrdPath, string Append, ImageManifest? Manifest);

/// <summary>What a pull has done.</summary>
/// <param name="Image">The image as it is now.</param>
/// <param name="Changed">False when the image was up to date.</param>
internal sealed record PulledImage(StoredImage Image, bool Changed);

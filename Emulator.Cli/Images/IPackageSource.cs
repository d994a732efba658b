namespace Emulator.Cli.Images;

/// <summary>A package of a distribution, as its signed index describes it.</summary>
/// <param name="Name">The package's name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sha256">SHA-256 of the package's file, in lower-case hexadecimal.</param>
/// <param name="Size">Bytes of the package's file.</param>
internal sealed record PackageFile(string Name, string Version, string Sha256, long Size);

/// <summary>Where the packages of an image come from. One object serves one pull.</summary>
internal interface IPackageSource
{
    /// <summary>
    /// Finds the packages an image is made of today, the kernel's first, without getting them.
    /// </summary>
    Task<IReadOnlyList<PackageFile>> ResolveAsync(ImageDefinition image, IProgress<string>? progress, CancellationToken cancellation);

    /// <summary>Gets a package that <see cref="ResolveAsync"/> found, checks it, and unpacks it into a folder.</summary>
    Task UnpackAsync(PackageFile package, string folder, CancellationToken cancellation);
}

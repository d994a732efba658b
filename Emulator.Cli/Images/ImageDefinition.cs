namespace Emulator.Cli.Images;

/// <summary>What it takes to make a known guest out of a distribution's packages.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="Description">One line for a listing.</param>
/// <param name="Suite">The distribution's release, by the name its archive has for it.</param>
/// <param name="SuiteAlias">Another name that the archive has for that release while it is the current one; null when it has none.</param>
/// <param name="Architecture">The distribution's name of the guest's architecture.</param>
/// <param name="KernelPackage">The package that depends on the current kernel's package.</param>
/// <param name="KernelFile">How the kernel's file in /boot is called, without the version after it.</param>
/// <param name="ShellPackage">The package with a static busybox.</param>
/// <param name="Modules">Kernel modules to load at boot, after what they depend on; what the kernel has built in is left out.</param>
/// <param name="Append">The kernel's command line.</param>
internal sealed record ImageDefinition(
    string Name,
    string Description,
    string Suite,
    string? SuiteAlias,
    string Architecture,
    string KernelPackage,
    string KernelFile,
    string ShellPackage,
    IReadOnlyList<string> Modules,
    string Append);

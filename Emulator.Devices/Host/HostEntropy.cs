using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Emulator.Devices.Host;

/// <summary>The host's cryptographic random bytes.</summary>
public static class HostEntropy
{
    private const string KernelGenerator = "/dev/urandom";

    /// <summary>Fills a buffer with random bytes fit for keys.</summary>
    /// <remarks>Asks the kernel where it can: .NET's generator loads OpenSSL, which takes longer than building a machine.</remarks>
    public static void Fill(Span<byte> destination)
    {
        if (!TryFillFromKernel(destination)) FillByLibrary(destination);
    }

    // Apart: the library is loaded when this is entered.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FillByLibrary(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

    private static bool TryFillFromKernel(Span<byte> destination)
    {
        if (OperatingSystem.IsWindows()) return false;
        try
        {
            using var file = new FileStream(KernelGenerator, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            file.ReadExactly(destination);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

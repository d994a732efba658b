using System.Runtime.InteropServices;

namespace Emulator.Devices.Host;

/// <summary>
/// The calls of the C library that .NET has no other name for. Only on Linux and macOS. What every run calls takes addresses of pinned
/// arrays: what would have to be marshalled is compiled at run time, each of these calls for half a millisecond.
/// </summary>
internal static class Posix
{
    public const int StandardInput = 0;

    public const int StandardOutput = 1;

    /// <summary>tcsetattr: at once.</summary>
    public const int Now = 0;

    /// <summary>More than any system's <c>struct termios</c> takes; only the C library looks inside.</summary>
    public const int TermiosSize = 256;

    public const short PollIn = 0x001;

    public const short PollOut = 0x004;

    private const int Interrupted = 4; // EINTR
    private static readonly int TryAgain = OperatingSystem.IsMacOS() ? 35 : 11; // EAGAIN

    /// <summary>Whether these calls exist here.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>Whether the last call, just before, failed for a reason that goes away by itself.</summary>
    public static bool ShouldRetry => Marshal.GetLastSystemError() is var error && (error == Interrupted || error == TryAgain);

    [DllImport("libc", EntryPoint = "isatty")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int IsTerminal(int descriptor);

    [DllImport("libc", EntryPoint = "tcgetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int GetAttributes(int descriptor, [Out] byte[] termios);

    [DllImport("libc", EntryPoint = "tcsetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SetAttributes(int descriptor, int actions, [In] byte[] termios);

    [DllImport("libc", EntryPoint = "cfmakeraw")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void MakeRaw([In, Out] byte[] termios);

    [DllImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Poll(nint descriptors, nuint count, int timeout);

    [DllImport("libc", EntryPoint = "read")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint Read(int descriptor, nint buffer, nint count);

    [DllImport("libc", EntryPoint = "write")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint Write(int descriptor, nint buffer, nint count);

    /// <summary>Makes a pipe.</summary>
    /// <returns>False when no descriptors are left.</returns>
    public static bool TryCreatePipe(out int reader, out int writer)
    {
        int[] descriptors = Pinned<int>(2);
        bool isMade = CreatePipe(AddressOf(descriptors)) == 0;
        (reader, writer) = (descriptors[0], descriptors[1]);
        return isMade;
    }

    /// <summary>An array that does not move.</summary>
    public static T[] Pinned<T>(int length)
        where T : unmanaged => GC.AllocateArray<T>(length, pinned: true);

    /// <summary>Where an element of a pinned array is.</summary>
    public static nint AddressOf<T>(T[] pinned, int index = 0)
        where T : unmanaged => Marshal.UnsafeAddrOfPinnedArrayElement(pinned, index);

    [DllImport("libc", EntryPoint = "pipe")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CreatePipe(nint descriptors);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Close(int descriptor);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}

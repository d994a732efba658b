namespace Emulator.Machines;

/// <summary>Sizes as people write them: <c>512.MiB()</c>.</summary>
public static class ByteSizes
{
    /// <summary>That many kibibytes, in bytes.</summary>
    public static ulong KiB(this int count) => checked((ulong)count << 10);

    /// <summary>That many mebibytes, in bytes.</summary>
    public static ulong MiB(this int count) => checked((ulong)count << 20);

    /// <summary>That many gibibytes, in bytes.</summary>
    public static ulong GiB(this int count) => checked((ulong)count << 30);
}

namespace Emulator.Core.Loading;

/// <summary>Limits of image loading.</summary>
public sealed record ImageLoadOptions
{
    /// <summary>The default of <see cref="MaximumBytes"/>: 1 GiB.</summary>
    public const long DefaultMaximumBytes = 1L << 30;

    /// <summary>1 GiB.</summary>
    public static ImageLoadOptions Default { get; } = new();

    /// <summary>
    /// The most bytes that a file, or what is unpacked from it, may have: a small file that unpacks to more is refused before the
    /// memory is spent. At least 1; below an array's greatest length (2 GiB less a little).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public long MaximumBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(value, Array.MaxLength);
            field = value;
        }
    } = DefaultMaximumBytes;
}

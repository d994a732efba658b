namespace Emulator.Core.Loading;

/// <summary>Bytes without a known header, such as a firmware's flat binary: placed as they are, entered at the first byte.</summary>
public sealed record RawImage : GuestImage
{
    internal RawImage(string name, ReadOnlyMemory<byte> data)
        : base(name) => Data = data;

    /// <summary>The whole content; never empty.</summary>
    public ReadOnlyMemory<byte> Data { get; }
}

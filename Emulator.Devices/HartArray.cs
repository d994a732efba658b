using System.Runtime.CompilerServices;

namespace Emulator.Devices;

/// <summary>One value for each hart a device can serve, inside the device's state, compared by value.</summary>
[InlineArray(Length)]
internal struct HartArray<T> : IEquatable<HartArray<T>>
    where T : unmanaged, IEquatable<T>
{
    /// <summary>How many harts: as many as a machine word has bits, so that a set of harts is one <see cref="ulong"/>.</summary>
    public const int Length = 64;

    private T _element0;

    /// <inheritdoc/>
    public readonly bool Equals(HartArray<T> other) => ((ReadOnlySpan<T>)this).SequenceEqual(other);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is HartArray<T> other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        var hash = new HashCode();
        foreach (T element in this)
        {
            hash.Add(element);
        }

        return hash.ToHashCode();
    }
}

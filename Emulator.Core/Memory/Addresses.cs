namespace Emulator.Core.Memory;

/// <summary>An address on the guest's physical bus, in bytes.</summary>
/// <param name="Value">The byte address.</param>
public readonly record struct GuestPhysicalAddress(ulong Value) : IComparable<GuestPhysicalAddress>
{
    /// <summary>The address <paramref name="bytes"/> further on; wraps at 2^64.</summary>
    public static GuestPhysicalAddress operator +(GuestPhysicalAddress address, ulong bytes) => new(unchecked(address.Value + bytes));

    /// <summary>The distance between two addresses in bytes; wraps at 2^64.</summary>
    public static ulong operator -(GuestPhysicalAddress left, GuestPhysicalAddress right) => unchecked(left.Value - right.Value);

    /// <summary>Orders by position on the bus.</summary>
    public static bool operator <(GuestPhysicalAddress left, GuestPhysicalAddress right) => left.Value < right.Value;

    /// <summary>Orders by position on the bus.</summary>
    public static bool operator >(GuestPhysicalAddress left, GuestPhysicalAddress right) => left.Value > right.Value;

    /// <summary>Orders by position on the bus.</summary>
    public static bool operator <=(GuestPhysicalAddress left, GuestPhysicalAddress right) => left.Value <= right.Value;

    /// <summary>Orders by position on the bus.</summary>
    public static bool operator >=(GuestPhysicalAddress left, GuestPhysicalAddress right) => left.Value >= right.Value;

    /// <inheritdoc cref="op_Addition"/>
    public GuestPhysicalAddress Add(ulong bytes) => this + bytes;

    /// <inheritdoc cref="op_Subtraction"/>
    public ulong Subtract(GuestPhysicalAddress other) => this - other;

    /// <inheritdoc/>
    public int CompareTo(GuestPhysicalAddress other) => Value.CompareTo(other.Value);

    /// <summary>Prints as <c>pa:80000000</c>.</summary>
    public override string ToString() => $"pa:{Value:x}";
}

/// <summary>An address as guest code sees it, before translation, in bytes.</summary>
/// <param name="Value">The byte address.</param>
public readonly record struct GuestVirtualAddress(ulong Value)
{
    /// <summary>Prints as <c>va:80000000</c>.</summary>
    public override string ToString() => $"va:{Value:x}";
}

using System.Runtime.CompilerServices;

namespace Emulator.Devices.Virtio;

/// <summary>What a user may choose of a virtio console.</summary>
public sealed record VirtioConsoleOptions
{
    /// <summary>Width in characters; 0 when the size is not known, then the guest is not told one.</summary>
    public ushort Columns { get; init; }

    /// <summary>Height in characters.</summary>
    public ushort Rows { get; init; }
}

/// <summary>What a snapshot carries of a <see cref="VirtioConsole"/> besides its transport.</summary>
public record struct VirtioConsoleState
{
    /// <summary>Came from the host and is not yet in a buffer of the driver's.</summary>
    internal ConsoleInput Input;

    /// <summary>Width in characters.</summary>
    internal ushort Columns;

    /// <summary>Height in characters.</summary>
    internal ushort Rows;
}

/// <summary>Characters on their way in. Safe with any bits in it.</summary>
internal record struct ConsoleInput
{
    /// <summary>Most characters held.</summary>
    public const int Capacity = 1024;

    private Entries _entries;
    private ushort _head;
    private ushort _count;

    /// <summary>Characters held.</summary>
    public readonly int Count => Math.Min((int)_count, Capacity);

    /// <summary>Adds as many characters as there is room for.</summary>
    /// <returns>How many were taken.</returns>
    public int Push(ReadOnlySpan<byte> characters)
    {
        int taken = Math.Min(characters.Length, Capacity - Count);
        for (int i = 0; i < taken; i++)
        {
            _entries[(_head + Count + i) % Capacity] = characters[i];
        }

        _count = (ushort)(Count + taken);
        return taken;
    }

    /// <summary>Takes as many characters as there are and fit.</summary>
    /// <returns>How many.</returns>
    public int Pop(Span<byte> destination)
    {
        int taken = Math.Min(destination.Length, Count);
        for (int i = 0; i < taken; i++)
        {
            destination[i] = _entries[(_head + i) % Capacity];
        }

        _head = (ushort)((_head + taken) % Capacity);
        _count = (ushort)(Count - taken);
        return taken;
    }

    [InlineArray(Capacity)]
    private struct Entries : IEquatable<Entries>
    {
        private byte _element0;

        public readonly bool Equals(Entries other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

        public override readonly bool Equals(object? obj) => obj is Entries other && Equals(other);

        public override readonly int GetHashCode()
        {
            var hash = new HashCode();
            hash.AddBytes((ReadOnlySpan<byte>)this);
            return hash.ToHashCode();
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="Plic"/>.</summary>
public record struct PlicState
{
    /// <summary>Level of each source line, kept here because a completion looks at it again.</summary>
    internal PlicSourceSet Lines;

    /// <summary>IP bits: requests waiting for a claim.</summary>
    internal PlicSourceSet Pending;

    /// <summary>Claimed and not completed: the gateway forwards nothing.</summary>
    internal PlicSourceSet InService;

    /// <summary>Edges that wait for the completion of the request before.</summary>
    internal PlicSourceSet Edges;

    /// <summary>Priority of each source.</summary>
    internal PlicPriorities Priorities;

    /// <summary>Threshold of each context.</summary>
    internal PlicContexts<byte> Thresholds;

    /// <summary>Enable bits of each context.</summary>
    internal PlicContexts<PlicSourceSet> Enables;
}

/// <summary>A set of sources, one bit each, in 64-bit words.</summary>
[InlineArray(Length)]
internal struct PlicSourceSet : IEquatable<PlicSourceSet>
{
    /// <summary>Words for sources 0 to <see cref="Plic.MaximumSources"/>.</summary>
    public const int Length = (Plic.MaximumSources + 1) / BitsPerWord;

    private const int BitsPerWord = 64;

    private ulong _element0;

    /// <summary>The sources 1 to <paramref name="count"/>.</summary>
    public static PlicSourceSet FirstSources(int count)
    {
        PlicSourceSet set = default;
        for (int source = 1; source <= count; source++)
        {
            set.Set(source, true);
        }

        return set;
    }

    /// <summary>How many words hold the sources up to a number.</summary>
    public static int WordsFor(int lastSource) => (lastSource / BitsPerWord) + 1;

    /// <summary>Whether a source is in the set.</summary>
    public readonly bool Has(int source) => (this[source / BitsPerWord] >> (source % BitsPerWord) & 1) != 0;

    /// <summary>Puts a source in or out.</summary>
    public void Set(int source, bool present)
    {
        ulong bit = 1UL << (source % BitsPerWord);
        ref ulong word = ref this[source / BitsPerWord];
        word = present ? word | bit : word & ~bit;
    }

    /// <summary>The 32 sources from 32 <paramref name="index"/> on, as the registers show them.</summary>
    public readonly uint Word32(int index) => (uint)(this[index / 2] >> (index % 2 * 32));

    /// <summary>Replaces 32 sources.</summary>
    public void SetWord32(int index, uint value)
    {
        int shift = index % 2 * 32;
        ref ulong word = ref this[index / 2];
        word = (word & ~((ulong)uint.MaxValue << shift)) | ((ulong)value << shift);
    }

    /// <summary>Takes out what is not in the other set.</summary>
    public void IntersectWith(in PlicSourceSet other)
    {
        for (int i = 0; i < Length; i++)
        {
            this[i] &= other[i];
        }
    }

    /// <inheritdoc/>
    public readonly bool Equals(PlicSourceSet other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is PlicSourceSet other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes((ReadOnlySpan<ulong>)this));
        return hash.ToHashCode();
    }

    /// <summary>Takes the lowest source out of a word; false when there is none left.</summary>
    public static bool NextBit(ref ulong bits, int wordIndex, out int source)
    {
        source = (wordIndex * BitsPerWord) + BitOperations.TrailingZeroCount(bits);
        bool any = bits != 0;
        bits &= bits - 1;
        return any;
    }
}

/// <summary>The priority of every source; that of source 0 stays 0.</summary>
[InlineArray(Plic.MaximumSources + 1)]
internal struct PlicPriorities : IEquatable<PlicPriorities>
{
    private byte _element0;

    /// <inheritdoc/>
    public readonly bool Equals(PlicPriorities other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is PlicPriorities other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes((ReadOnlySpan<byte>)this);
        return hash.ToHashCode();
    }
}

/// <summary>One value for each context.</summary>
[InlineArray(Length)]
internal struct PlicContexts<T> : IEquatable<PlicContexts<T>>
    where T : unmanaged, IEquatable<T>
{
    /// <summary>Machine and supervisor level of as many harts as a <see cref="HartArray{T}"/> holds.</summary>
    public const int Length = 2 * HartArray<byte>.Length;

    private T _element0;

    /// <inheritdoc/>
    public readonly bool Equals(PlicContexts<T> other) => ((ReadOnlySpan<T>)this).SequenceEqual(other);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is PlicContexts<T> other && Equals(other);

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

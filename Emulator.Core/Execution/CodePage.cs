using System.Numerics;
using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>The translations that came from one page. All members under the translation cache's lock.</summary>
/// <param name="ram">The memory.</param>
/// <param name="start">Where the page is in it.</param>
internal sealed class CodePage(RamBlock ram, ulong start)
{
    private const int GranuleBits = 6;
    private const int GranuleSize = 1 << GranuleBits;
    private const int Granules = (int)GuestPage.Size / GranuleSize;
    private const int IdleWrites = 64;
    private const int MaxBackOff = 3; // at 16,000 entries: 128,000, which take tier 0 longer than a compilation does

    private ulong _granules; // one bit for each 64 bytes that some valid translation came from
    private ulong[]? _bytes; // one bit a byte, in granules that have both code and data that is written
    private byte[]? _backOff; // by granule
    private int _idleWrites;

    public List<TranslatedBlock> Blocks { get; } = [];

    /// <summary>Operands that the inline floating point of regions leaves aside are common here.</summary>
    public bool HasRareFloat { get; set; }

    public void Add(TranslatedBlock block)
    {
        Blocks.Add(block);
        _idleWrites = 0;
        Mark(block);
    }

    /// <summary>Whether valid translations came from any of these bytes.</summary>
    public bool Overlaps(int from, int length)
    {
        ulong mask = MaskOf(from, length);
        if ((_granules & mask) == 0) return false;
        if (_bytes is not null) return OverlapsBytes(from, length);
        foreach (var block in Blocks)
        {
            if (block.IsValid && Overlaps(block, from, length)) return true;
        }

        // data among the code: the next write to it is told faster
        _bytes = new ulong[Granules];
        MarkAll();
        return false;
    }

    /// <summary>Takes out the blocks that came from any of some bytes, and those that are not valid.</summary>
    public void Remove(int from, int length, List<TranslatedBlock> removed)
    {
        int kept = 0;
        for (int i = 0; i < Blocks.Count; i++)
        {
            var block = Blocks[i];
            if (!block.IsValid) continue;
            if (Overlaps(block, from, length)) removed.Add(block);
            else Blocks[kept++] = block;
        }

        Blocks.RemoveRange(kept, Blocks.Count - kept);
        MarkAll();
    }

    /// <summary>
    /// After a write: whether the page may be forgotten, having no code. Not at once: code that is written where code was is executed soon,
    /// and finding all that may write to a page takes longer than some slow writes.
    /// </summary>
    public bool IsIdleAfter(int length)
    {
        if (_granules != 0) return false;
        _idleWrites += Math.Max(1, length / sizeof(ulong));
        if (_idleWrites < IdleWrites) return false;
        _idleWrites = 0;
        _backOff = null;
        return true;
    }

    /// <summary>Compiled code, or code about to be compiled, was rewritten before that had paid: it has to be hotter the next time.</summary>
    /// <param name="granules">Where the code begins that was compiled, a bit each.</param>
    public void BackOff(ulong granules)
    {
        if (granules != 0) _backOff ??= new byte[Granules];
        for (; granules != 0; granules &= granules - 1)
        {
            ref byte backOff = ref _backOff![BitOperations.TrailingZeroCount(granules)];
            if (backOff < MaxBackOff) backOff++;
        }
    }

    /// <summary>Compiled code was rewritten after it had paid.</summary>
    /// <param name="granules">Where it begins, a bit each.</param>
    public void Recover(ulong granules)
    {
        if (_backOff is null) return;
        for (; granules != 0; granules &= granules - 1)
        {
            ref byte backOff = ref _backOff[BitOperations.TrailingZeroCount(granules)];
            if (backOff > 0) backOff--;
        }
    }

    /// <summary>How many times the entries of a block are to double before it is compiled.</summary>
    public int BackOffOf(TranslatedBlock block) => _backOff?[GranuleOf(block)] ?? 0;

    /// <summary>The bit of the granule that a block begins in.</summary>
    public static ulong GranuleBitOf(TranslatedBlock block) => 1ul << GranuleOf(block);

    private static int GranuleOf(TranslatedBlock block) => (int)(block.Offset & ~GuestPage.Mask) >> GranuleBits;

    private bool Overlaps(TranslatedBlock block, int from, int length) =>
        Overlap(block.StartOn(ram, start), from, length) || Overlap(block.EndOn(ram, start), from, length);

    private static bool Overlap((int Start, int Length) range, int from, int length) => range.Start < from + length && from < range.Start + range.Length;

    private void MarkAll()
    {
        _granules = 0;
        _bytes?.AsSpan().Clear();
        foreach (var block in Blocks) Mark(block);
    }

    private void Mark(TranslatedBlock block)
    {
        Mark(block.StartOn(ram, start));
        Mark(block.EndOn(ram, start));
    }

    private void Mark((int Start, int Length) range)
    {
        var (from, length) = range;
        ulong mask = MaskOf(from, length);
        _granules |= mask;
        if (_bytes is null) return;
        for (; mask != 0; mask &= mask - 1)
        {
            int granule = BitOperations.TrailingZeroCount(mask);
            _bytes[granule] |= BytesIn(granule, from, length);
        }
    }

    private bool OverlapsBytes(int from, int length)
    {
        for (ulong mask = MaskOf(from, length); mask != 0; mask &= mask - 1)
        {
            int granule = BitOperations.TrailingZeroCount(mask);
            if ((_bytes![granule] & BytesIn(granule, from, length)) != 0) return true;
        }

        return false;
    }

    private static ulong BytesIn(int granule, int from, int length)
    {
        int origin = granule << GranuleBits;
        return Bits(Math.Max(from - origin, 0), Math.Min(from + length - origin, GranuleSize) - 1);
    }

    private static ulong MaskOf(int from, int length) =>
        length <= 0 ? 0 : Bits(from >> GranuleBits, Math.Min(from + length - 1, (int)GuestPage.Size - 1) >> GranuleBits);

    private static ulong Bits(int first, int last) => (ulong.MaxValue << first) & (ulong.MaxValue >> (63 - last));
}

using System.Collections.Immutable;
using Emulator.Arch.RiscV.Isa;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>
/// Finds the row of an instruction. Rows are bucketed by opcode, funct3 and funct7 (compressed ones by quadrant and bits 15 to 10);
/// in a bucket the row with more fixed bits wins.
/// </summary>
internal sealed class InstructionDecoder
{
    private const int LongBuckets = 1 << 15; // opcode 6:2, funct3, funct7
    private const int ShortBuckets = 1 << 8; // 1:0, 15:10

    private readonly InstructionDefinition[][] _long;
    private readonly InstructionDefinition[][] _short;

    /// <summary>Builds the tables of a configuration.</summary>
    /// <exception cref="InvalidOperationException">Two rows match the same bits and neither is a special case of the other.</exception>
    public InstructionDecoder(IsaConfiguration isa, IEnumerable<InstructionDefinition> rows)
    {
        Rows = [.. rows.Where(row => row.IsPartOf(isa))];
        _long = Bucket([.. Rows.Where(row => row.Encoding.Length == 4)], LongBuckets, LongMask, LongIndex);
        _short = Bucket([.. Rows.Where(row => row.Encoding.Length == 2)], ShortBuckets, ShortMask, ShortIndex);
    }

    /// <summary>The rows of the configuration.</summary>
    public ImmutableArray<InstructionDefinition> Rows { get; }

    /// <summary>The row that matches, or null for an undefined instruction.</summary>
    /// <param name="bits">Two or four bytes, as <see cref="LengthOf"/> says.</param>
    public InstructionDefinition? Find(uint bits)
    {
        var candidates = LengthOf(bits) == 4 ? _long[LongIndex(bits)] : _short[ShortIndex(bits)];
        foreach (var row in candidates)
        {
            if (row.Matches(bits)) return row;
        }

        return null;
    }

    /// <summary>Length of the instruction that begins with these bits (Unpriv. spec 1.5); longer formats do not exist yet.</summary>
    public static int LengthOf(uint firstBits) => (firstBits & 3) == 3 ? 4 : 2;

    private const uint LongMask = 0xfe00_707c;
    private const uint ShortMask = 0xfc03;

    private static int LongIndex(uint bits) => (int)((bits >> 25 << 8) | ((bits >> 12) & 7) << 5 | ((bits >> 2) & 31));

    private static int ShortIndex(uint bits) => (int)(((bits >> 10) & 63) << 2 | (bits & 3));

    private static InstructionDefinition[][] Bucket(InstructionDefinition[] rows, int count, uint indexMask, Func<uint, int> indexOf)
    {
        var lists = new List<InstructionDefinition>?[count];
        foreach (var row in rows.OrderByDescending(row => uint.PopCount(row.Encoding.Mask)))
        {
            uint free = indexMask & ~row.Encoding.Mask;
            uint subset = 0;
            do
            {
                var list = lists[indexOf((row.Encoding.Value & indexMask) | subset)] ??= [];
                foreach (var other in list) CheckOverlap(other, row);
                list.Add(row);
                subset = unchecked(subset - free) & free; // the next subset of the free bits
            }
            while (subset != 0);
        }

        return [.. lists.Select(list => list?.ToArray() ?? [])];
    }

    private static void CheckOverlap(InstructionDefinition first, InstructionDefinition second)
    {
        if (!first.Encoding.Overlaps(second.Encoding)) return;
        if (first.Encoding != second.Encoding && first.Encoding.IsWithin(second.Encoding)) return;
        if (first.Exceptions.Any(second.Encoding.IsWithin) || second.Exceptions.Any(first.Encoding.IsWithin)) return;
        throw new InvalidOperationException($"the encodings of '{first}' and '{second}' overlap");
    }
}

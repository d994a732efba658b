using System.Collections.Immutable;
using Emulator.Arch.RiscV.Isa;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>
/// Finds the row of an instruction. Rows are bucketed by opcode, funct3 and, where a row fixes some of it, funct7 (compressed ones by
/// quadrant and bits 15 to 10); in a bucket the row with more fixed bits wins. A bucket is filled when it is first looked at: a program
/// uses few of them.
/// </summary>
internal sealed class InstructionDecoder
{
    private const int LongGroups = 1 << 8; // opcode 6:2, funct3
    private const int Functs7 = 1 << 7;
    private const int ShortBuckets = 1 << 8; // 1:0, 15:10

    private readonly Candidate[]?[]?[] _long = new Candidate[]?[]?[LongGroups]; // buckets by funct7, or one
    private readonly Candidate[]?[] _short = new Candidate[]?[ShortBuckets];

    /// <summary>Takes the rows of a configuration.</summary>
    public InstructionDecoder(IsaConfiguration isa, ImmutableArray<InstructionDefinition> rows)
    {
        var parts = new List<InstructionDefinition>(rows.Length);
        foreach (var row in rows)
        {
            if (row.IsPartOf(isa)) parts.Add(row);
        }

        Rows = [.. parts];
    }

    /// <summary>The rows of the configuration.</summary>
    public ImmutableArray<InstructionDefinition> Rows { get; }

    /// <summary>The row that matches, or null for an undefined instruction.</summary>
    /// <param name="bits">Two or four bytes, as <see cref="LengthOf"/> says.</param>
    public InstructionDefinition? Find(uint bits)
    {
        var candidates = LengthOf(bits) == 4 ? LongCandidates(bits) : _short[ShortIndex(bits)] ??= Bucket(2, ShortMask, bits);
        foreach (ref readonly var candidate in candidates.AsSpan())
        {
            if ((bits & candidate.Mask) == candidate.Value && !(candidate.HasExceptions && candidate.Row.Excepts(bits))) return candidate.Row;
        }

        return null;
    }

    /// <summary>Length of the instruction that begins with these bits (Unpriv. spec 1.5); longer formats do not exist yet.</summary>
    public static int LengthOf(uint firstBits) => (firstBits & 3) == 3 ? 4 : 2;

    private const uint GroupMask = 0x0000_707c;
    private const uint Funct7Mask = 0xfe00_0000;
    private const uint ShortMask = 0xfc03;

    private static int GroupOf(uint bits) => (int)(((bits >> 12) & 7) << 5 | ((bits >> 2) & 31));

    private static int ShortIndex(uint bits) => (int)(((bits >> 10) & 63) << 2 | (bits & 3));

    /// <summary>Looks for mistakes in the rows.</summary>
    /// <exception cref="InvalidOperationException">Two rows match the same bits and neither is a special case of the other.</exception>
    public void CheckOverlaps()
    {
        for (int i = 0; i < Rows.Length; i++)
        {
            for (int j = 0; j < i; j++) CheckOverlap(Rows[j], Rows[i]);
        }
    }

    private Candidate[] LongCandidates(uint bits)
    {
        var group = _long[GroupOf(bits)] ??= new Candidate[]?[LooksAtFunct7(bits) ? Functs7 : 1];
        return group.Length == 1
            ? group[0] ??= Bucket(4, GroupMask, bits)
            : group[bits >> 25] ??= Bucket(4, GroupMask | Funct7Mask, bits);
    }

    private bool LooksAtFunct7(uint bits)
    {
        foreach (var row in Rows)
        {
            var encoding = row.Encoding;
            if (encoding.Length == 4 && ((encoding.Value ^ bits) & encoding.Mask & GroupMask) == 0 && (encoding.Mask & Funct7Mask) != 0) return true;
        }

        return false;
    }

    // The rows that some instruction with these bits of the index may be.
    private Candidate[] Bucket(int length, uint indexMask, uint bits)
    {
        var found = new List<InstructionDefinition>();
        foreach (var row in Rows)
        {
            var encoding = row.Encoding;
            if (encoding.Length != length || ((encoding.Value ^ bits) & encoding.Mask & indexMask) != 0) continue;
            int at = found.Count;
            while (at > 0 && uint.PopCount(found[at - 1].Encoding.Mask) < uint.PopCount(encoding.Mask)) at--;
            found.Insert(at, row);
        }

        var candidates = new Candidate[found.Count];
        for (int i = 0; i < candidates.Length; i++) candidates[i] = Candidate.Of(found[i]);
        return candidates;
    }

    // What it takes to tell that bits are not of a row, without going there.
    private readonly record struct Candidate(uint Mask, uint Value, bool HasExceptions, InstructionDefinition Row)
    {
        public static Candidate Of(InstructionDefinition row) => new(row.Encoding.Mask, row.Encoding.Value, row.Exceptions is not null, row);
    }

    private static bool HasExceptionFor(InstructionDefinition row, InstructionDefinition other) => row.Exceptions?.Any(other.Encoding.IsWithin) == true;

    private static void CheckOverlap(InstructionDefinition first, InstructionDefinition second)
    {
        if (!first.Encoding.Overlaps(second.Encoding)) return;
        if (first.Encoding.IsWithin(second.Encoding) != second.Encoding.IsWithin(first.Encoding)) return; // a special case
        if (HasExceptionFor(first, second) || HasExceptionFor(second, first)) return;
        throw new InvalidOperationException($"the encodings of '{first}' and '{second}' overlap");
    }
}

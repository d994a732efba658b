using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>What a translation is valid for: the bytes at a physical address, lifted for a mode.</summary>
/// <param name="Address">Physical address of the first instruction.</param>
/// <param name="Mode">The architecture's mode word.</param>
/// <param name="IsSingle">One instruction only, executed alone.</param>
internal readonly record struct BlockKey(ulong Address, uint Mode, bool IsSingle)
{
    /// <summary>Equality for dictionaries: the default one is generic code of the framework, compiled at run time and slow at first.</summary>
    public static IEqualityComparer<BlockKey> Comparer { get; } = new Equality();

    /// <inheritdoc/>
    public bool Equals(BlockKey other) => Address == other.Address && Mode == other.Mode && IsSingle == other.IsSingle;

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        ulong x = unchecked((Address ^ ((ulong)Mode << 40) ^ (IsSingle ? 1ul << 63 : 0)) * 0x9E3779B97F4A7C15);
        return (int)(x >> 32);
    }

    private sealed class Equality : IEqualityComparer<BlockKey>
    {
        public bool Equals(BlockKey x, BlockKey y) => x.Equals(y);

        public int GetHashCode(BlockKey key) => key.GetHashCode();
    }
}

/// <summary>A place in memory that holds code.</summary>
/// <param name="Ram">The memory.</param>
/// <param name="Offset">Offset in it.</param>
internal sealed record CodePlace(RamBlock Ram, ulong Offset);

/// <summary>An exit of another block that leads straight to one, with the next such exit behind it.</summary>
internal sealed record IncomingLink(nint Address, IncomingLink? Next);

/// <summary>
/// A block in the translation cache: what running it takes. There are very many and most of them stay cold, so that their IR goes once
/// it is pre-decoded; <see cref="TranslationCache.IrOf"/> gives it again.
/// </summary>
// SAFETY: Entry points into the cache's arena, which lives as long as the cache.
internal sealed unsafe class TranslatedBlock
{
    /// <summary>Its number, which its operations carry; -1 without operations.</summary>
    public required int Index { get; init; }

    public required BlockKey Key { get; init; }

    /// <summary>Guest bytes covered.</summary>
    public required int ByteLength { get; init; }

    /// <summary>Guest instructions in it.</summary>
    public required int InstructionCount { get; init; }

    /// <summary>What to execute where the IR itself is executed: in a block of one instruction and in the reference engine. Else null.</summary>
    public IrBlock? Ir { get; init; }

    public required RamBlock Ram { get; init; }

    /// <summary>Offset of the first instruction in <see cref="Ram"/>.</summary>
    public required ulong Offset { get; init; }

    /// <summary>Where the second page of an instruction that straddles two pages is, else null.</summary>
    public CodePlace? SecondPage { get; init; }

    /// <summary>The entry operation: the block's address for links. Null in the reference engine.</summary>
    public ThreadedOp* Entry { get; set; }

    /// <summary>Entries until it is hot; far beyond that once it is, when they are not counted any more.</summary>
    public long EntriesLeft => Entry->Immediate;

    /// <summary>Nonzero once the compiled code that the entry leads to was entered.</summary>
    public ushort UseNote
    {
        get => Entry->Destination;
        set => Entry->Destination = value;
    }

    /// <summary>Page offsets where its last operation, a jump to a computed address that is no return, went to, of this page and of others.</summary>
    /// <param name="operations">How many it has.</param>
    public List<int> NotedTargets(int operations) => JumpTargets.Read(Entry + operations);

    /// <summary>Exits of other blocks that lead straight here.</summary>
    public IncomingLink? Incoming { get; set; }

    /// <summary>Compiled code that the entry leads to, kept reachable here.</summary>
    public Backends.Cil.NativeCode? Region { get; set; }

    /// <summary>The next block in the same bucket of the cache's table.</summary>
    public TranslatedBlock? NextInTable { get; set; }

    /// <summary>False once the bytes were written or the cache was emptied.</summary>
    public bool IsValid { get; set; } = true;

    /// <summary>The region compiler has it, or has refused it.</summary>
    public bool IsQueued { get; set; }

    /// <summary>The region compiler failed on it, by a mistake of ours: it is not to be tried again.</summary>
    public bool IsRefused { get; set; }

    public bool Straddles => SecondPage is not null;

    /// <summary>The bytes that it came from on the page where it begins, if that is this one.</summary>
    public (int Start, int Length) StartOn(RamBlock ram, ulong page) =>
        Ram == ram && (Offset & GuestPage.Mask) == page ? (Start, Math.Min(ByteLength, (int)GuestPage.Size - Start)) : default;

    /// <summary>
    /// The bytes that it came from on the page where an instruction that straddles ends, if that is this one. Both may be: virtual pages in
    /// a row can be the same memory.
    /// </summary>
    public (int Start, int Length) EndOn(RamBlock ram, ulong page) =>
        SecondPage is { } second && second.Ram == ram && (second.Offset & GuestPage.Mask) == page ? (0, ByteLength - ((int)GuestPage.Size - Start)) : default;

    private int Start => (int)(Offset & ~GuestPage.Mask);

    /// <summary>How often a block of one instruction was executed alone.</summary>
    public int Steps { get; set; }

    /// <summary>Of a single instruction: how often a region found accesses that share a probe, from this one on, on two pages.</summary>
    public int Splits { get; set; }

    /// <summary>The hart that found it hot, by its place in the world.</summary>
    public ushort HotOn { get; set; }

    /// <summary>Entries until it is hot that it was given.</summary>
    public long Heat { get; set; }

    /// <summary>Instructions that the machine had executed when it was given that heat.</summary>
    public long CountedFrom { get; set; }

    /// <summary>It was hot soon: not much else was executed from one entry to the next.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Its entries were enough to compile it once.</summary>
    public bool WasHot { get; set; }

    /// <summary>What <see cref="Backends.Cil.RegionAging.Pressure"/> was when it was last asked for more heat, 0 to 4.</summary>
    public byte Patience { get; set; }

    /// <summary>It was hot once when a region already had it.</summary>
    public bool WasCovered { get; set; }

    /// <summary>Its accesses are not to share probes.</summary>
    public bool HasSplitAccesses { get; set; }
}

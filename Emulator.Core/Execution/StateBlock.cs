using System.Runtime.InteropServices;
using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <summary>One entry of the software TLB: <c>(va &amp; mask) == Tag</c> means the byte is at host address <c>va + Addend</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TlbEntry
{
    /// <summary>Virtual address of the page, or <see cref="Invalid"/>.</summary>
    public ulong Tag;

    /// <summary>Host address minus virtual address.</summary>
    public long Addend;

    /// <summary>Matches no probe: the low bits of a probe's masked address never include bit 11.</summary>
    public const ulong Invalid = 0x800;
}

// SAFETY: holds an address of guest RAM; nothing is dereferenced here.
/// <summary>One entry of the second-level TLB, which serves all sets of translations and, by the salt, several address spaces.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SecondTlbEntry
{
    /// <summary>Virtual address of the page and the number of the first level's table, exclusive-or the salt of the address space.</summary>
    public ulong Tag;

    /// <summary>Host address of the page.</summary>
    public byte* Host;
}

/// <summary>One entry of the jump cache.</summary>
// SAFETY: holds an address that the dispatcher got from the translation cache; nothing is dereferenced here.
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct JumpCacheEntry
{
    /// <summary>Virtual program counter, exclusive-or the salt that was in force.</summary>
    public ulong Tag;

    /// <summary>The entry operation of the block there.</summary>
    public ThreadedOp* Target;
}

/// <summary>
/// The memory that generated code works on, reached by one pointer: Core's fields, guest slots, temporaries, jump cache, TLB.
/// </summary>
// SAFETY: a view of memory that StateBlock.Allocate gives out; every offset below lies inside it.
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct StateBlock
{
    public const int PageBits = 12;
    public const ulong PageSize = 1ul << PageBits;
    public const ulong PageMask = ~(PageSize - 1);
    public const int JumpCacheOffset = StateSlots.Count * 8;
    public const int JumpCacheEntries = 65536;
    private const int SecondTlbOffset = JumpCacheOffset + (JumpCacheEntries * 16);
    private const int SecondTlbEntries = 8192;
    private const int SecondTableShift = 7; // beyond the bits of an access's alignment
    private const int TouchedOffset = SecondTlbOffset + (SecondTlbEntries * 16);
    public const int TlbOffset = TouchedOffset + (MaxMmuIndexes * 2 * TlbRuns);
    public const int TlbEntries = 4096;
    public const int TlbBytes = TlbEntries * 16;

    private const int Alignment = 4096;
    private const int TlbRuns = 64; // of consecutive entries in a table, each with a flag that one was written
    private const int RunEntries = TlbEntries / TlbRuns;
    private const int MaxMmuIndexes = 8;

    [FieldOffset(0)] public ulong ProgramCounter;
    [FieldOffset(8)] public int Attention;
    [FieldOffset(12)] public ExitReason ExitReason;
    [FieldOffset(16)] public long InstructionCount;
    [FieldOffset(24)] public long InstructionLimit;
    [FieldOffset(32)] public nint LinkTable;
    [FieldOffset(40)] public ulong JumpCacheSalt;
    [FieldOffset(48)] public nint Self;
    [FieldOffset(56)] private void* _allocation;
    [FieldOffset(64)] public ulong ReservationAddress;
    [FieldOffset(72)] public ulong ReservationValue;
    [FieldOffset(88)] public ulong TranslationSalt;
    [FieldOffset(96)] public ulong MissAddress;
    [FieldOffset(104)] public nuint DirectLimit; // of distances in the direct RAM at which a load needs no TLB; zero when none may
    [FieldOffset(112)] public byte* DirectHost;
    [FieldOffset(StateSlots.CodePage * 8)] public ulong CodePage;
    [FieldOffset(StateSlots.FloatFlags * 8)] public ulong FloatFlags;

    /// <summary>An address that no LoadExclusive can have: the reservation is void.</summary>
    public const ulong NoReservation = ulong.MaxValue;

    public static StateBlock* Allocate(int mmuIndexCount)
    {
        if (mmuIndexCount > MaxMmuIndexes) throw new ArgumentOutOfRangeException(nameof(mmuIndexCount), mmuIndexCount, $"at most {MaxMmuIndexes} sets of translations");
        nuint size = (nuint)(TlbOffset + (mmuIndexCount * 2 * TlbBytes));
        void* allocation = NativeMemory.AllocZeroed(size + Alignment); // not cleared by us: that would touch a megabyte at each start
        var state = (StateBlock*)(((nuint)allocation + Alignment - 1) & ~(nuint)(Alignment - 1));
        state->_allocation = allocation;
        state->ReservationAddress = NoReservation;
        state->JumpCache(0)->Tag = TagOfAnotherEntry;
        Invalidate((TlbEntry*)((byte*)state + TlbOffset), mmuIndexCount * 2 * TlbEntries);
        return state;
    }

    // Not Span.Fill: it is compiled at run time, which takes longer than the filling.
    private static void Invalidate(TlbEntry* entries, int count)
    {
        for (int i = 0; i < count; i++) entries[i] = new TlbEntry { Tag = TlbEntry.Invalid };
    }

    public static void Free(StateBlock* state) => NativeMemory.Free(state->_allocation);

    /// <summary>Where the first level's table of a set of translations is, for reads or for writes.</summary>
    public static int TlbTableOffset(int mmuIndex, bool isWrite) => TlbOffset + (TableOf(mmuIndex, isWrite) * TlbBytes);

    private static int TableOf(int mmuIndex, bool isWrite) => (2 * mmuIndex) + (isWrite ? 1 : 0);

    public ulong* Slots
    {
        get
        {
            fixed (StateBlock* self = &this) return (ulong*)self;
        }
    }

    private byte* Touched
    {
        get
        {
            fixed (StateBlock* self = &this) return (byte*)self + TouchedOffset;
        }
    }

    public TlbEntry* Tlb(int tableOffset, ulong address)
    {
        fixed (StateBlock* self = &this)
        {
            return (TlbEntry*)((byte*)self + tableOffset) + ((address >> PageBits) & (TlbEntries - 1));
        }
    }

    private const ulong TagOfAnotherEntry = 2;

    public JumpCacheEntry* JumpCache(ulong tag)
    {
        fixed (StateBlock* self = &this)
        {
            return (JumpCacheEntry*)((byte*)self + JumpCacheOffset) + JumpCacheIndex(tag);
        }
    }

    /// <summary>Of the salted address, so that one address in several modes and address spaces has several places; page-aligned targets spread.</summary>
    public static ulong JumpCacheIndex(ulong tag) => ((tag >> 1) ^ (tag >> 13)) & (JumpCacheEntries - 1);

    /// <summary>Empties the first level.</summary>
    public void FlushTlb(int mmuIndexCount)
    {
        fixed (StateBlock* self = &this)
        {
            var entries = (TlbEntry*)((byte*)self + TlbOffset);
            for (int run = 0; run < mmuIndexCount * 2 * TlbRuns; run++)
            {
                if (Touched[run] == 0) continue;
                Touched[run] = 0;
                Invalidate(entries + (run * RunEntries), RunEntries);
            }
        }
    }

    /// <summary>Drops a page from both levels, in the current address space or in all.</summary>
    public void FlushTlbPage(ulong address, int mmuIndexCount, bool inAllSpaces)
    {
        ulong page = address & PageMask;
        for (int table = 0; table < mmuIndexCount * 2; table++)
        {
            var entry = Tlb(TlbOffset + (table * TlbBytes), address);
            if (entry->Tag == page) entry->Tag = TlbEntry.Invalid;
            var second = SecondTlb(address, table);
            if (inAllSpaces || second->Tag == SecondTag(address, table)) second->Tag = NoSecondTag;
        }
    }

    /// <summary>Drops the write entries of the first level that lead to a host page; the second level's are looked at again when they are used.</summary>
    public void DropWritesTo(byte* host, int mmuIndexCount)
    {
        fixed (StateBlock* self = &this)
        {
            for (int mmuIndex = 0; mmuIndex < mmuIndexCount; mmuIndex++)
            {
                var entries = (TlbEntry*)((byte*)self + TlbTableOffset(mmuIndex, isWrite: true));
                for (int run = 0; run < TlbRuns; run++)
                {
                    if (Touched[(TableOf(mmuIndex, isWrite: true) * TlbRuns) + run] == 0) continue;
                    for (int i = run * RunEntries; i < (run + 1) * RunEntries; i++)
                    {
                        if (entries[i].Tag != TlbEntry.Invalid && (byte*)(entries[i].Tag + (ulong)entries[i].Addend) == host) entries[i].Tag = TlbEntry.Invalid;
                    }
                }
            }
        }
    }

    // Where the second level keeps a page of a table.
    private SecondTlbEntry* SecondTlb(ulong address, int table)
    {
        fixed (StateBlock* self = &this)
        {
            ulong index = ((address >> PageBits) ^ (address >> (2 * PageBits)) ^ ((ulong)table << SecondTableShift)) & (SecondTlbEntries - 1);
            return (SecondTlbEntry*)((byte*)self + SecondTlbOffset) + index;
        }
    }

    private readonly ulong SecondTag(ulong address, int table) => ((address & PageMask) | ((ulong)table << SecondTableShift)) ^ TranslationSalt;

    // Matches no probe, like TlbEntry.Invalid.
    private readonly ulong NoSecondTag => TlbEntry.Invalid ^ TranslationSalt;

    /// <summary>The first level's entry for a page, or null.</summary>
    public TlbEntry* FindFirst(ulong address, int mmuIndex, bool isWrite)
    {
        var entry = Tlb(TlbTableOffset(mmuIndex, isWrite), address);
        return entry->Tag == (address & PageMask) ? entry : null;
    }

    /// <summary>The host address of a page that the second level has, or null. A page that was for writing may be observed since.</summary>
    public byte* FindSecond(ulong address, int mmuIndex, bool isWrite)
    {
        int table = TableOf(mmuIndex, isWrite);
        var second = SecondTlb(address, table);
        return second->Tag == SecondTag(address, table) ? second->Host : null;
    }

    /// <summary>Enters a page into both levels.</summary>
    public void Remember(ulong address, int mmuIndex, bool isWrite, byte* host)
    {
        RememberFirst(address, mmuIndex, isWrite, host);
        RememberSecond(address, mmuIndex, isWrite, host);
    }

    /// <summary>Enters a page into the second level only, where each access looks at it first.</summary>
    public void RememberSecond(ulong address, int mmuIndex, bool isWrite, byte* host)
    {
        int table = TableOf(mmuIndex, isWrite);
        *SecondTlb(address, table) = new SecondTlbEntry { Tag = SecondTag(address, table), Host = host };
    }

    /// <summary>Takes a page out of the first level.</summary>
    public void ForgetFirst(ulong address, int mmuIndex, bool isWrite) => Tlb(TlbTableOffset(mmuIndex, isWrite), address)->Tag = TlbEntry.Invalid;

    /// <summary>Enters a page into the first level.</summary>
    public TlbEntry* RememberFirst(ulong address, int mmuIndex, bool isWrite, byte* host)
    {
        var entry = Tlb(TlbTableOffset(mmuIndex, isWrite), address);
        ulong page = address & PageMask;
        *entry = new TlbEntry { Tag = page, Addend = (long)host - (long)page };
        Touched[(TableOf(mmuIndex, isWrite) * TlbRuns) + (int)(((address >> PageBits) & (TlbEntries - 1)) / RunEntries)] = 1;
        return entry;
    }

    /// <summary>Forgets every target. Only at a safepoint of the hart.</summary>
    public void ClearJumpCache()
    {
        fixed (StateBlock* self = &this) NativeMemory.Clear((byte*)self + JumpCacheOffset, JumpCacheEntries * 16);
        JumpCache(0)->Tag = TagOfAnotherEntry; // an empty entry matches tag 0, which belongs to the first one
    }

    /// <summary>A number that looks random, for a generation of entries.</summary>
    public static ulong SaltOf(ulong generation, ulong more)
    {
        ulong x = unchecked((generation * 0x9E3779B97F4A7C15) + (more * 0xD1B54A32D192ED03) + 0x2545F4914F6CDD1D);
        x = unchecked((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9);
        x = unchecked((x ^ (x >> 27)) * 0x94D049BB133111EB);
        return x ^ (x >> 31);
    }
}

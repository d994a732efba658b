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
    public const int JumpCacheEntries = 4096;
    public const int TlbOffset = JumpCacheOffset + (JumpCacheEntries * 16);
    public const int TlbEntries = 1024;
    public const int TlbBytes = TlbEntries * 16;
    public const int TlbStride = 2 * TlbBytes;

    [FieldOffset(0)] public ulong ProgramCounter;
    [FieldOffset(8)] public int Attention;
    [FieldOffset(12)] public ExitReason ExitReason;
    [FieldOffset(16)] public long InstructionCount;
    [FieldOffset(24)] public long InstructionLimit;
    [FieldOffset(32)] public nint LinkTable;
    [FieldOffset(40)] public ulong JumpCacheSalt;
    [FieldOffset(48)] public nint Self;
    [FieldOffset(64)] public ulong ReservationAddress;
    [FieldOffset(72)] public ulong ReservationValue;
    [FieldOffset(80)] public ulong SaltGeneration;
    [FieldOffset(StateSlots.CodePage * 8)] public ulong CodePage;
    [FieldOffset(StateSlots.FloatFlags * 8)] public ulong FloatFlags;

    /// <summary>An address that no LoadExclusive can have: the reservation is void.</summary>
    public const ulong NoReservation = ulong.MaxValue;

    public static StateBlock* Allocate(int mmuIndexCount)
    {
        nuint size = (nuint)(TlbOffset + (mmuIndexCount * TlbStride));
        var state = (StateBlock*)NativeMemory.AlignedAlloc(size, 4096);
        NativeMemory.Clear(state, size);
        state->ReservationAddress = NoReservation;
        state->FlushTlb(mmuIndexCount);
        state->FlushJumpCache();
        return state;
    }

    public static void Free(StateBlock* state) => NativeMemory.AlignedFree(state);

    public static int ReadTlbOffset(int mmuIndex) => TlbOffset + (mmuIndex * TlbStride);

    public static int WriteTlbOffset(int mmuIndex) => ReadTlbOffset(mmuIndex) + TlbBytes;

    public ulong* Slots
    {
        get
        {
            fixed (StateBlock* self = &this) return (ulong*)self;
        }
    }

    public TlbEntry* Tlb(int tableOffset, ulong address)
    {
        fixed (StateBlock* self = &this)
        {
            return (TlbEntry*)((byte*)self + tableOffset) + ((address >> PageBits) & (TlbEntries - 1));
        }
    }

    public JumpCacheEntry* JumpCache(ulong pc)
    {
        fixed (StateBlock* self = &this)
        {
            return (JumpCacheEntry*)((byte*)self + JumpCacheOffset) + JumpCacheIndex(pc);
        }
    }

    /// <summary>Instructions are at least two bytes apart; the page's low bits are mixed in so that page-aligned targets spread.</summary>
    public static ulong JumpCacheIndex(ulong pc) => ((pc >> 1) ^ (pc >> 13)) & (JumpCacheEntries - 1);

    public void FlushTlb(int mmuIndexCount)
    {
        fixed (StateBlock* self = &this)
        {
            var entries = new Span<TlbEntry>((byte*)self + TlbOffset, mmuIndexCount * 2 * TlbEntries);
            entries.Fill(new TlbEntry { Tag = TlbEntry.Invalid });
        }
    }

    public void FlushTlbPage(ulong address, int mmuIndexCount)
    {
        for (int table = 0; table < mmuIndexCount * 2; table++)
        {
            var entry = Tlb(TlbOffset + (table * TlbBytes), address);
            if (entry->Tag == (address & PageMask)) entry->Tag = TlbEntry.Invalid;
        }
    }

    /// <summary>Drops the write entries that lead to a host page.</summary>
    public void DropWritesTo(byte* host, int mmuIndexCount)
    {
        fixed (StateBlock* self = &this)
        {
            for (int mmuIndex = 0; mmuIndex < mmuIndexCount; mmuIndex++)
            {
                var entries = (TlbEntry*)((byte*)self + WriteTlbOffset(mmuIndex));
                for (int i = 0; i < TlbEntries; i++)
                {
                    if (entries[i].Tag != TlbEntry.Invalid && (byte*)(entries[i].Tag + (ulong)entries[i].Addend) == host) entries[i].Tag = TlbEntry.Invalid;
                }
            }
        }
    }

    /// <summary>Forgets every target. Only at a safepoint of the hart.</summary>
    public void ClearJumpCache()
    {
        fixed (StateBlock* self = &this) NativeMemory.Clear((byte*)self + JumpCacheOffset, JumpCacheEntries * 16);
    }

    /// <summary>Entries written under another salt match no more; nothing is cleared.</summary>
    public void FlushJumpCache() => SaltGeneration++;

    /// <summary>Makes the salt that of a mode, so that entries of other modes stay but do not match.</summary>
    public void SetSalt(uint mode)
    {
        ulong x = unchecked((SaltGeneration * 0x9E3779B97F4A7C15) + ((ulong)mode * 0xD1B54A32D192ED03) + 0x2545F4914F6CDD1D);
        x = unchecked((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9);
        x = unchecked((x ^ (x >> 27)) * 0x94D049BB133111EB);
        JumpCacheSalt = x ^ (x >> 31);
    }
}

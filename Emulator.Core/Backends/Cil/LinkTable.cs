using System.Runtime.InteropServices;
using Emulator.Core.Backends.Threaded;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// Where compiled code finds the blocks that it goes on to: a slot for each, which leads to the block's entry or, while there is no
/// such block, to a stub that jumps by the jump cache. All members under the translation cache's lock.
/// </summary>
// SAFETY: the table and its stubs live as long as this object, and a slot's number is below the capacity; harts read a slot in one piece.
internal sealed unsafe class LinkTable(int capacity, ThreadedBlockBuilder threaded) : IDisposable
{
    /// <summary>What is given in place of a slot when there is none left.</summary>
    public const int None = -1;

    private const int ReservedPart = 256; // of the slots: for regions that are compiled while it fills up
    private readonly ThreadedOp** _links = (ThreadedOp**)NativeMemory.AllocZeroed((nuint)capacity, (nuint)sizeof(ThreadedOp*));
    private readonly Dictionary<BlockKey, int> _slots = new(BlockKey.Comparer);
    private readonly List<nint> _stubs = new(1); // by slot
    private OpArena _arena = new();

    /// <summary>Address of the first slot, for the state blocks.</summary>
    public nint Address => (nint)_links;

    /// <summary>There may be no room for the links of another region.</summary>
    public bool IsFull => _slots.Count >= capacity - (capacity / ReservedPart);

    /// <summary>The slot of a block, which may not exist yet; <see cref="None"/> when all are taken.</summary>
    public int SlotOf(BlockKey key, TranslatedBlock? block)
    {
        if (_slots.TryGetValue(key, out int slot)) return slot;
        slot = _slots.Count;
        if (slot == capacity) return None;
        var stub = _arena.Allocate(1);
        threaded.SetJump(stub, (ushort)(key.Address & ~GuestPage.Mask));
        _stubs.Add((nint)stub);
        _links[slot] = block is { Straddles: false } ? block.Entry : stub;
        _slots.Add(key, slot);
        return slot;
    }

    /// <summary>A block came into being: what goes on to it finds it.</summary>
    public void Connect(TranslatedBlock block)
    {
        if (!block.Straddles && !block.Key.IsSingle && _slots.TryGetValue(block.Key, out int slot)) _links[slot] = block.Entry;
    }

    /// <summary>A block is no more.</summary>
    public void Disconnect(TranslatedBlock block)
    {
        if (_slots.TryGetValue(block.Key, out int slot) && _links[slot] == block.Entry) _links[slot] = (ThreadedOp*)_stubs[slot];
    }

    /// <summary>Forgets all slots. With all harts at a safepoint.</summary>
    public void Clear()
    {
        _slots.Clear();
        _stubs.Clear();
        _arena.Dispose();
        _arena = new OpArena();
    }

    public void Dispose()
    {
        _arena.Dispose();
        NativeMemory.Free(_links);
    }
}

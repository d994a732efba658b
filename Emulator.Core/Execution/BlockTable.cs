namespace Emulator.Core.Execution;

/// <summary>
/// The blocks of a translation cache by what they are valid for. A hash table whose chains run through the blocks, and whose buckets lie
/// in the order of the addresses: code that is translated together is found together. Under the cache's lock.
/// </summary>
internal sealed class BlockTable
{
    private const int FewestBuckets = 1024; // a power of two
    private const int AlignmentBits = 1; // of instructions, in most architectures
    private const ulong FormSpread = 0x3d4d51; // odd: keeps apart what code at one address is translated for
    private TranslatedBlock?[] _buckets = new TranslatedBlock?[FewestBuckets];
    private int _count;

    /// <summary>The block for a key, or null.</summary>
    public TranslatedBlock? Find(BlockKey key)
    {
        var block = BucketOf(key);
        while (block is not null && !block.Key.Equals(key)) block = block.NextInTable;
        return block;
    }

    /// <summary>Adds a block whose key none of the others has.</summary>
    public void Add(TranslatedBlock block)
    {
        if (_count == _buckets.Length) Grow();
        Insert(block);
        _count++;
    }

    /// <summary>Takes a block out, if it is there.</summary>
    public void Remove(TranslatedBlock block)
    {
        ref var bucket = ref BucketOf(block.Key);
        TranslatedBlock? before = null;
        for (var at = bucket; at is not null; before = at, at = at.NextInTable)
        {
            if (at != block) continue;
            if (before is null) bucket = block.NextInTable;
            else before.NextInTable = block.NextInTable;
            block.NextInTable = null;
            _count--;
            return;
        }
    }

    /// <summary>Takes all blocks out.</summary>
    public List<TranslatedBlock> RemoveAll()
    {
        var all = new List<TranslatedBlock>(_count);
        foreach (var first in _buckets)
        {
            for (var block = first; block is not null; block = block.NextInTable) all.Add(block);
        }

        _buckets = new TranslatedBlock?[FewestBuckets];
        _count = 0;
        return all;
    }

    private void Grow()
    {
        var blocks = RemoveAll();
        _buckets = new TranslatedBlock?[2 * blocks.Count];
        _count = blocks.Count;
        foreach (var block in blocks) Insert(block);
    }

    private void Insert(TranslatedBlock block)
    {
        ref var bucket = ref BucketOf(block.Key);
        block.NextInTable = bucket;
        bucket = block;
    }

    private ref TranslatedBlock? BucketOf(BlockKey key)
    {
        ulong form = ((ulong)key.Mode << 1) | (key.IsSingle ? 1u : 0);
        ulong hash = unchecked((key.Address >> AlignmentBits) + (form * FormSpread));
        return ref _buckets[hash & ((ulong)_buckets.Length - 1)];
    }
}

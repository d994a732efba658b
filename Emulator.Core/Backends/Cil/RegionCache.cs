using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Emulator.Core.Backends.Threaded;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// The compiled regions of one machine: compiles what is hot on a thread of its own, installs it by replacing one pointer, and takes it
/// out when a block in it is dropped.
/// </summary>
// SAFETY: the link table and its stubs live as long as this object; harts read a slot in one piece and only write-locked code changes it.
internal sealed unsafe class RegionCache : IDisposable
{
    private const int MaxLinks = 1 << 20;
    private const int LinksOfRegion = 4096; // more than one can have
    private const int RetiredLimit = 512;
    private const int CollectPart = 4;
    private const long WorthCompiling = 1 << 20; // instructions that the machine executes while a region lives
    private readonly TranslationCache _cache;
    private readonly World _world;
    private readonly ThreadedBlockBuilder _threaded;
    private readonly ThreadedOp** _links;
    private OpArena _stubs = new();
    private readonly Dictionary<BlockKey, int> _linkSlots = new(BlockKey.Comparer);
    private readonly List<nint> _stubBySlot = [];
    private readonly Dictionary<TranslatedBlock, List<Region>> _regionsOf = [];
    private readonly List<NativeCode> _retired = [];
    private long _releasedBytes; // CIL of what was taken out since garbage was last collected
    private readonly RegionAging _aging;
    private readonly Queue<TranslatedBlock> _queue = []; // its own lock, with a pulse for what comes
    private readonly Thread? _thread;
    private bool _isDisposed;

    /// <summary>Creates the cache.</summary>
    /// <param name="cache">The translations to compile.</param>
    /// <param name="world">For stopping harts when code is released.</param>
    /// <param name="threaded">Makes the operations that stand for blocks which cannot be linked to.</param>
    public RegionCache(TranslationCache cache, World world, ThreadedBlockBuilder threaded)
    {
        _cache = cache;
        _world = world;
        _threaded = threaded;
        _aging = new RegionAging(cache.Options.MaxCompiledBytes, TakeUse);
        _links = (ThreadedOp**)NativeMemory.AllocZeroed(MaxLinks, (nuint)sizeof(ThreadedOp*));
        if (cache.Options.Kind == EngineKind.Jit || cache.Options.IsDeterministic) return; // compiled where it is asked for
        _thread = new Thread(CompileLoop) { IsBackground = true, Name = "emulator region compiler", Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    /// <summary>Address of the link table, for the state blocks.</summary>
    public nint LinkTable => (nint)_links;

    /// <summary>There may be no room for the links of another region.</summary>
    public bool IsFull => _linkSlots.Count > MaxLinks - LinksOfRegion;

    /// <summary>A hart found a block hot.</summary>
    public void Request(TranslatedBlock block)
    {
        if (block.IsQueued || !block.IsValid || block.Straddles || NeedsMoreHeat(block)) return;
        block.IsQueued = block.WasHot = true;
        if (_thread is not null)
        {
            lock (_queue)
            {
                _queue.Enqueue(block);
                Monitor.Pulse(_queue);
            }

            return;
        }

        Compile(block);
        ReleaseRetired(callerIsInside: true);
    }

    private bool NeedsMoreHeat(TranslatedBlock block)
    {
        int pressure = _aging.Pressure;
        if (block.Patience >= pressure) return false;
        int times = (1 << pressure) - (1 << block.Patience);
        block.Patience = (byte)pressure;
        return _cache.Locked(() =>
        {
            if (block is not { IsValid: true, Region: null }) return false;
            block.WasHot = true;
            _cache.Demote(block, times);
            return true;
        });
    }

    /// <summary>A block came into being. Under the cache's lock.</summary>
    public void OnBlockInstalled(TranslatedBlock block)
    {
        if (!block.Straddles && !block.Key.IsSingle && _linkSlots.TryGetValue(block.Key, out int slot)) _links[slot] = block.Entry;
    }

    /// <summary>
    /// The guest writes to code: where that was compiled, or about to be, and did not live for long, more heat is asked for the next time.
    /// Under the cache's lock, before the blocks are dropped.
    /// </summary>
    public void OnWrite(List<TranslatedBlock> blocks)
    {
        foreach (var block in blocks)
        {
            if (_regionsOf.TryGetValue(block, out var regions))
            {
                foreach (var region in regions) Judge(region);
            }
            else if (block.IsQueued)
            {
                TranslationCache.PageOf(block).BackOff(block);
            }
        }
    }

    private void Judge(Region region)
    {
        bool hasPaid = InstructionsExecuted - region.Installed >= WorthCompiling;
        foreach (var entry in region.Entries)
        {
            if (hasPaid) TranslationCache.PageOf(entry).Recover(entry);
            else TranslationCache.PageOf(entry).BackOff(entry);
        }
    }

    // A clock that goes the same way in each run of a deterministic machine.
    private long InstructionsExecuted
    {
        get
        {
            long sum = 0;
            foreach (var cpu in _world.Cpus) sum += Volatile.Read(ref cpu.State->InstructionCount);
            return sum;
        }
    }

    /// <summary>A block's bytes were written. Under the cache's lock.</summary>
    public void OnBlockDropped(TranslatedBlock block)
    {
        if (_linkSlots.TryGetValue(block.Key, out int slot) && _links[slot] == block.Entry) _links[slot] = (ThreadedOp*)_stubBySlot[slot];
        DropRegionsOf(block);
    }

    /// <summary>Takes out the regions that a block is part of; they may be compiled again. Under the cache's lock.</summary>
    public void DropRegionsOf(TranslatedBlock block)
    {
        if (!_regionsOf.Remove(block, out var regions)) return;
        foreach (var region in regions) Drop(region);
    }

    private void Drop(Region region)
    {
        foreach (var block in region.Blocks)
        {
            if (_regionsOf.TryGetValue(block, out var list) && list.Remove(region) && list.Count == 0) _regionsOf.Remove(block);
        }

        foreach (var entry in region.Entries.Where(e => e.Region == region.Code))
        {
            entry.Region = null;
            entry.IsQueued = false;
            if (entry.IsValid) _cache.Demote(entry);
        }

        _aging.Remove(region);
        _retired.Add(region.Code);
        _releasedBytes += region.CilBytes;
    }

    private static bool TakeUse(Region region)
    {
        bool isUsed = false;
        foreach (var entry in region.Entries)
        {
            if (entry.Region != region.Code || entry.Entry->Destination == 0) continue;
            entry.Entry->Destination = 0;
            isUsed = true;
        }

        return isUsed;
    }

    private void DropOldest()
    {
        while (_aging.Oldest(InstructionsExecuted / Math.Max(1, _world.Cpus.Count)) is { } region)
        {
            foreach (var entry in region.Entries) entry.Patience = 0;
            Drop(region);
            _cache.Counters.RegionsAged++;
        }
    }

    /// <summary>Forgets everything. Under the cache's lock, with all harts at a safepoint.</summary>
    public void Clear()
    {
        _regionsOf.Clear();
        _retired.Clear();
        _aging.Clear();
        _linkSlots.Clear();
        _stubBySlot.Clear();
        _stubs.Dispose();
        _stubs = new OpArena();
        lock (_queue) _queue.Clear();
    }

    private void CompileLoop()
    {
        while (TakeRequest() is { } block)
        {
            Compile(block);
            ReleaseRetired(callerIsInside: false);
        }
    }

    // Waits for one; null when the machine goes away.
    private TranslatedBlock? TakeRequest()
    {
        lock (_queue)
        {
            while (_queue.Count == 0 && !_isDisposed) Monitor.Wait(_queue);
            return _isDisposed ? null : _queue.Dequeue();
        }
    }

    // While no hart is inside compiled code, what nothing leads to any more may go. Nearly all of its memory is the runtime's own, of which
    // the garbage collector does not know: it would not look at the old for hours.
    private void ReleaseRetired(bool callerIsInside)
    {
        if (_retired.Count <= RetiredLimit) return;
        bool collects = _releasedBytes > _cache.Options.MaxCompiledBytes / CollectPart;
        _world.RunExclusive(
            () => _cache.Locked(() =>
            {
                _retired.Clear();
                if (collects) _releasedBytes = 0;
                return true;
            }),
            callerIsInside);
        if (collects) GC.Collect();
    }

    private void Compile(TranslatedBlock entry)
    {
        long started = Stopwatch.GetTimestamp();
        if (_cache.Locked(() => IsCovered(entry))) return;
        if (IsFull)
        {
            _cache.Locked(() => GiveBack(entry));
            return;
        }

        for (int limit = _cache.Options.MaxRegionInstructions; limit > 0; limit /= 2)
        {
            var plan = _cache.Locked(() => entry is { IsValid: true, Region: null } ? RegionPlanner.Plan(_cache, entry, limit) : null);
            if (plan is null) return;
            var method = NativeCode.CreateMethod($"r_{entry.Key.Address:x}_{entry.Key.Mode:x}");
            var il = method.GetILGenerator(4096);
            var emitter = new RegionEmitter(il, plan, _cache.Architecture, _cache.Options.IsDeterministic, LinkSlotOf);
            emitter.Emit();
            if (emitter.LocalUses > RegionEmitter.MaxLocalUses && plan.Blocks.Length > 1) continue;
            if (emitter.LocalUses > RegionEmitter.MaxLocalUses) break;
            int bytes = il.ILOffset;
            var code = new NativeCode(method);
            code.ReleaseBuilder();
            var region = new Region(TranslationsOf(plan.Blocks), TranslationsOf(plan.Entries), code, bytes, InstructionsExecuted);
            _cache.Locked(() => Install(region, plan.InstructionCount, Stopwatch.GetElapsedTime(started)) || GiveBack(entry));
            return;
        }

        _cache.Counters.RegionsRefused++;
    }

    // It could not be compiled now, and may be when it is hot again.
    private bool GiveBack(TranslatedBlock entry)
    {
        if (entry is not { IsValid: true, Region: null }) return false;
        entry.IsQueued = false;
        _cache.Demote(entry);
        return true;
    }

    // The blocks of a loop get hot together, and the first region takes them all: only one that is still entered by itself afterwards gets
    // a region of its own.
    private bool IsCovered(TranslatedBlock entry)
    {
        if (_thread is null || !entry.IsValid || entry.WasCovered || !_regionsOf.ContainsKey(entry)) return false;
        entry.WasCovered = true;
        entry.IsQueued = false;
        if (entry.Region is null) _cache.Demote(entry);
        return true;
    }

    private int LinkSlotOf(BlockKey key) => _cache.Locked(() =>
    {
        if (_linkSlots.TryGetValue(key, out int slot)) return slot;
        slot = _linkSlots.Count;
        var stub = _stubs.Allocate(1);
        _threaded.SetJump(stub, (ushort)(key.Address & ~GuestPage.Mask));
        _stubBySlot.Add((nint)stub);
        _links[slot] = _cache.Peek(key) is { Straddles: false } block ? block.Entry : stub;
        _linkSlots.Add(key, slot);
        return slot;
    });

    private static ImmutableArray<TranslatedBlock> TranslationsOf(ImmutableArray<RegionBlock> blocks) => [.. blocks.Select(b => b.Translation)];

    private bool Install(Region region, int instructions, TimeSpan time)
    {
        if (_isDisposed || !region.Blocks.All(b => b.IsValid)) return false;
        _aging.Add(region);
        foreach (var block in region.Blocks)
        {
            if (!_regionsOf.TryGetValue(block, out var list)) _regionsOf.Add(block, list = new List<Region>(1));
            list.Add(region);
        }

        foreach (var entry in region.Entries.Where((e, i) => i == 0 || e.Region is null))
        {
            entry.Region = region.Code;
            entry.IsQueued = true;
            ThreadedBlockBuilder.Promote(entry.Entry, region.Code.Address);
        }

        DropOldest();
        var counters = _cache.Counters;
        counters.RegionsCompiled++;
        counters.InstructionsCompiled += instructions;
        counters.CilBytes += region.CilBytes;
        counters.CompileTime += time;
        return true;
    }

    public void Dispose()
    {
        lock (_queue)
        {
            _isDisposed = true;
            Monitor.Pulse(_queue);
        }

        _thread?.Join();
        _stubs.Dispose();
        NativeMemory.Free(_links);
    }
}

using System.Collections.Immutable;
using System.Diagnostics;
using Emulator.Core.Backends.Threaded;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Microsoft.Extensions.Logging;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// The compiled regions of one machine: compiles what is hot on a thread of its own, installs it by replacing one pointer, and takes it
/// out when a block in it is dropped.
/// </summary>
// SAFETY: entry operations are those of valid blocks, and are used under the cache's lock.
internal sealed unsafe class RegionCache : IDisposable
{
    private const int RetiredLimit = 512;
    private const int CollectPart = 4;
    private const int CoveredTimes = 8; // a region of its own compiles as many blocks again
    private const long BusyDistance = 8192; // instructions that a hart executes from one entry to the next
    private const int IdlePeriod = 60_000; // milliseconds between two looks for what is not used
    private const long WorthCompiling = 1 << 20; // instructions that the hart which found it hot executes while a region lives
    private readonly TranslationCache _cache;
    private readonly World _world;
    private readonly LinkTable _links;
    private readonly Dictionary<TranslatedBlock, List<Region>> _regionsOf = [];
    private readonly List<NativeCode> _retired = [];
    private long _lastLook;
    private long _releasedBytes; // CIL of what was taken out since garbage was last collected
    private readonly RegionAging _aging;
    private readonly Queue<TranslatedBlock> _queue = []; // its own lock, with a pulse for what comes
    private readonly Thread? _thread;
    private readonly ILogger? _logger;
    private bool _lacksLinks; // for a region that has been given back
    private bool _isDisposed;

    /// <summary>Creates the cache.</summary>
    /// <param name="cache">The translations to compile.</param>
    /// <param name="world">For stopping harts when code is released.</param>
    /// <param name="threaded">Makes the operations that stand for blocks which cannot be linked to.</param>
    /// <param name="logger">Where a fault of ours is reported.</param>
    public RegionCache(TranslationCache cache, World world, ThreadedBlockBuilder threaded, ILogger? logger)
    {
        _logger = logger;
        _cache = cache;
        _world = world;
        _aging = new RegionAging(cache.Options.MaxCompiledBytes, TakeUse);
        _links = new LinkTable(cache.Options.MaxLinks, threaded);
        if (cache.Options.Kind == EngineKind.Jit || cache.Options.IsDeterministic) return; // compiled where it is asked for
        _thread = new Thread(CompileLoop) { IsBackground = true, Name = "emulator region compiler", Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    /// <summary>Address of the link table, for the state blocks.</summary>
    public nint LinkTable => _links.Address;

    /// <summary>There may be no room for the links of another region. Under the cache's lock.</summary>
    public bool IsFull => _links.IsFull;

    /// <summary>The first fault of ours in compiling, if there was one.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>A hart found a block hot.</summary>
    /// <param name="block">The block.</param>
    /// <param name="hart">The hart's place among those of the world.</param>
    public void Request(TranslatedBlock block, int hart = 0)
    {
        if (block.IsQueued || block.IsRefused || !block.IsValid || block.Straddles || NeedsMoreHeat(block)) return;
        block.IsQueued = block.WasHot = true;
        block.HotOn = (ushort)hart;
        block.IsBusy = IsBusy(block);
        if (_thread is not null)
        {
            lock (_queue)
            {
                _queue.Enqueue(block);
                Monitor.Pulse(_queue);
            }

            return;
        }

        CompileNow(block, callerIsInside: true);
    }

    // A region is compiled for what its block is likely to be worth. Where that is much, the blocks around it are in it even if other regions
    // have them, too, so that loops stay inside; else going over to those regions costs less.
    private bool IsBusy(TranslatedBlock block)
    {
        long executed = InstructionsExecuted - block.CountedFrom;
        return _cache.Options.Kind == EngineKind.Jit || block.Heat * BusyDistance * _world.Cpus.Count >= executed;
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
    public void OnBlockInstalled(TranslatedBlock block) => _links.Connect(block);

    /// <summary>
    /// The guest writes to code: where that was compiled, or about to be, and did not live for long, more heat is asked for the next time.
    /// However much one write drops, each place is judged once. Under the cache's lock, before the blocks are dropped.
    /// </summary>
    /// <param name="page">The page that is written.</param>
    /// <param name="blocks">What is dropped.</param>
    public void OnWrite(CodePage page, List<TranslatedBlock> blocks)
    {
        ulong early = 0;
        ulong paid = 0;
        foreach (var block in blocks)
        {
            if (_regionsOf.TryGetValue(block, out var regions))
            {
                foreach (var region in regions)
                {
                    if (HasPaid(region)) paid |= region.EntryGranules;
                    else early |= region.EntryGranules;
                }
            }
            else if (block.IsQueued)
            {
                early |= CodePage.GranuleBitOf(block);
            }
        }

        page.BackOff(early);
        page.Recover(paid & ~early);
    }

    private bool HasPaid(Region region) => InstructionsOf(region.Hart) - region.Installed >= WorthCompiling;

    /// <summary>A clock that goes the same way in each run of a deterministic machine: instructions executed by all harts.</summary>
    public long InstructionsExecuted
    {
        get
        {
            long sum = 0;
            foreach (var cpu in _world.Cpus) sum += Volatile.Read(ref cpu.State->InstructionCount);
            return sum;
        }
    }

    private long InstructionsOf(int hart) => hart < _world.Cpus.Count ? Volatile.Read(ref _world.Cpus[hart].State->InstructionCount) : 0;

    /// <summary>A block's bytes were written. Under the cache's lock.</summary>
    public void OnBlockDropped(TranslatedBlock block)
    {
        _links.Disconnect(block);
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
            if (entry.Region != region.Code || entry.UseNote == 0) continue;
            entry.UseNote = 0;
            isUsed = true;
        }

        return isUsed;
    }

    private void DropOldest()
    {
        while (_aging.Oldest(InstructionsExecuted / Math.Max(1, _world.Cpus.Count)) is { } region) Release(region);
    }

    private void Release(Region region)
    {
        foreach (var entry in region.Entries) entry.Patience = 0;
        Drop(region);
        _cache.Counters.RegionsAged++;
    }

    /// <summary>Forgets everything. Under the cache's lock, with all harts at a safepoint.</summary>
    public void Clear()
    {
        _regionsOf.Clear();
        _retired.Clear();
        _aging.Clear();
        _links.Clear();
        lock (_queue) _queue.Clear();
    }

    private void CompileLoop()
    {
        long lookAt = Environment.TickCount64 + IdlePeriod;
        while (WaitForRequest(lookAt - Environment.TickCount64, out var block))
        {
            if (block is not null) CompileNow(block, callerIsInside: false);
            if (Environment.TickCount64 < lookAt) continue;
            ReleaseIdle();
            lookAt = Environment.TickCount64 + IdlePeriod;
        }
    }

    private void CompileNow(TranslatedBlock block, bool callerIsInside)
    {
        try
        {
            Compile(block);
        }
        catch (Exception fault)
        {
            Refuse(block, fault);
        }

        ReleaseRetired(callerIsInside);
        if (!_lacksLinks) return;
        _lacksLinks = false;
        _cache.MakeRoom(callerIsInside);
    }

    // Waits for one, for some milliseconds at most; false when the machine goes away.
    private bool WaitForRequest(long time, out TranslatedBlock? block)
    {
        lock (_queue)
        {
            if (_queue.Count == 0 && !_isDisposed && time > 0) Monitor.Wait(_queue, (int)time);
            _queue.TryDequeue(out block);
            return !_isDisposed;
        }
    }

    // What is not used for minutes is compiled again when it is. Not while the machine is paused, when nothing is used.
    private void ReleaseIdle()
    {
        long now = InstructionsExecuted;
        if (now == _lastLook) return;
        _lastLook = now;
        _cache.Locked(() =>
        {
            foreach (var region in _aging.FindIdle()) Release(region);
            return true;
        });
        ReleaseRetired(callerIsInside: false, most: 0);
    }

    // While no hart is inside compiled code, what nothing leads to any more may go. Nearly all of its memory is the runtime's own, of which
    // the garbage collector does not know: it would not look at the old for hours.
    private void ReleaseRetired(bool callerIsInside, int most = RetiredLimit)
    {
        if (_retired.Count <= most) return;
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
        for (int limit = _cache.Options.MaxRegionInstructions; limit > 0; limit /= 2)
        {
            var plan = _cache.Locked(() => entry is { IsValid: true, Region: null } ? RegionPlanner.Plan(_cache, entry, limit) : null);
            if (plan is null) return;
            var method = NativeCode.CreateMethod($"r_{entry.Key.Address:x}_{entry.Key.Mode:x}");
            var il = method.GetILGenerator(4096);
            bool hasLinks = true;
            int links = 0;
            var emitter = new RegionEmitter(il, plan, _cache.Architecture, _cache.Options.IsDeterministic, DirectStart, LinkSlotOf);
            emitter.Emit();
            if (!hasLinks)
            {
                _lacksLinks |= links <= _cache.Options.MaxLinks && _cache.Locked(() => GiveBack(entry));
                break;
            }

            if (emitter.LocalUses > RegionEmitter.MaxLocalUses && plan.Blocks.Length > 1) continue;
            if (emitter.LocalUses > RegionEmitter.MaxLocalUses) break;
            int bytes = il.ILOffset;
            var code = new NativeCode(method);
            code.ReleaseBuilder();
            var region = new Region(TranslationsOf(plan.Blocks), TranslationsOf(plan.Entries), code, bytes, entry.HotOn, InstructionsOf(entry.HotOn));
            _cache.Locked(() => Install(region, plan.InstructionCount, Stopwatch.GetElapsedTime(started)) || GiveBack(entry));
            return;

            int LinkSlotOf(BlockKey key)
            {
                int slot = _cache.Locked(() => _links.SlotOf(key, _cache.Peek(key)));
                links++;
                hasLinks &= slot != Cil.LinkTable.None;
                return slot;
            }
        }

        _cache.Counters.RegionsRefused++;
    }

    // While a hart's loads may not all reach RAM directly, looking whether they do would be in vain.
    private GuestPhysicalAddress? DirectStart
    {
        get
        {
            foreach (var cpu in _world.Cpus)
            {
                if (cpu.State->DirectLimit == 0) return null;
            }

            return _cache.Memory.DirectRam?.Start;
        }
    }

    // A mistake of ours costs the guest no more than the speed of one block, which stays in tier 0 for good.
    private void Refuse(TranslatedBlock block, Exception fault)
    {
        bool isFirst = _cache.Locked(() =>
        {
            block.IsRefused = true;
            Fault ??= fault;
            return _cache.Counters.RegionsFailed++ == 0;
        });
        if (!isFirst) return;
        _logger?.LogError(
            fault, "Internal fault: the code at physical address {Address:x} (mode {Mode:x}) cannot be compiled and is interpreted; more such faults are only counted",
            block.Key.Address, block.Key.Mode);
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
        if (entry.Region is null) _cache.Demote(entry, CoveredTimes);
        return true;
    }

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
        _links.Dispose();
    }
}

using System.Diagnostics;
using Emulator.Core.Backends.Threaded;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Microsoft.Extensions.Logging;

namespace Emulator.Core.Execution;

/// <summary>
/// All translations of one machine, shared by its harts: found by physical address and mode, dropped when their bytes are written.
/// Members may be called from any thread; none waits for a hart while it holds the lock.
/// </summary>
// SAFETY: entry operations live in the arena, which is freed only by Dispose or at a safepoint of all harts.
internal sealed unsafe class TranslationCache : ICodeObserver, IDisposable
{
    private const int WarmPart = 4;
    private const long WorthCollecting = 16 << 20;
    private const int RareFloatSteps = 500;
    private const int SplitLimit = 200;
    private readonly Lock _lock = new();
    private readonly BlockTable _blocks = new();
    private readonly List<TranslatedBlock> _byIndex = []; // those with operations
    private readonly List<TranslatedBlock> _written = []; // while they are dropped
    private readonly TranslationPipeline _pipeline;
    private readonly ThreadedBlockBuilder? _threaded;
    private readonly World _world;
    private readonly nint _droppedHandler;
    private OpArena _arena = new();

    public TranslationCache(
        Architecture architecture, MemorySystem memory, World world, EngineOptions options, ExecutionCounters counters, ILogger? logger = null)
    {
        Architecture = architecture;
        Options = options;
        Counters = counters;
        _world = world;
        _pipeline = new TranslationPipeline(architecture, options);
        if (options.Kind != EngineKind.Reference) _threaded = new ThreadedBlockBuilder(architecture, options);
        _droppedHandler = _threaded?.DroppedHandler ?? 0;
        memory.CodeObserver = this;
        Memory = memory;
        if (options.Kind is EngineKind.Auto or EngineKind.Jit) Regions = new Backends.Cil.RegionCache(this, world, _threaded!, logger);
    }

    public Architecture Architecture { get; }

    public MemorySystem Memory { get; }

    public EngineOptions Options { get; }

    public ExecutionCounters Counters { get; }

    /// <summary>The block an operation belongs to.</summary>
    public TranslatedBlock BlockOf(ThreadedOp* operation) => BlockAt(operation->Block);

    public TranslatedBlock BlockAt(int index)
    {
        lock (_lock) return _byIndex[index];
    }

    /// <summary>
    /// Finds or makes the translation of the instruction at a fetched place. The caller is a hart that is inside the world.
    /// </summary>
    /// <param name="place">Where the first instruction is.</param>
    /// <param name="second">Where the next page is, when it is known.</param>
    /// <param name="mode">The processor's mode.</param>
    /// <param name="isSingle">Only this one instruction.</param>
    /// <returns>Null when the instruction straddles the page's end and <paramref name="second"/> is not given.</returns>
    public TranslatedBlock? FindOrTranslate(FetchPlace place, FetchPlace? second, uint mode, bool isSingle)
    {
        var key = new BlockKey(place.Physical.Value, mode, isSingle);
        while (true)
        {
            lock (_lock)
            {
                if (_blocks.Find(key) is { } found && Matches(found, second)) return found;
                if (IsTracked(place) && (second is not { } page || IsTracked(page)) && !IsFull) return Translate(key, place, second);
            }

            if (IsFull) MakeRoom(callerIsInside: true);
            else TrackAtSafepoint(place, second);
        }
    }

    private bool IsFull => _arena.Bytes >= Options.MaxTranslationBytes || Regions is { IsFull: true };

    /// <summary>
    /// Drops all translations because there is no room for more. The blocks have outlived some collections, and would stay for hours until
    /// the next full one.
    /// </summary>
    /// <param name="callerIsInside">The caller is a hart that is inside the world; it looks up its blocks again.</param>
    public void MakeRoom(bool callerIsInside)
    {
        bool collects = _arena.Bytes >= WorthCollecting;
        _world.RunExclusive(ClearFull, callerIsInside);
        if (collects) GC.Collect();
    }

    private void ClearFull()
    {
        if (IsFull) Clear(); // another hart may have been first
    }

    // By itself: what an anonymous method captures is allocated where its outer method begins, on the way of every single step.
    private void TrackAtSafepoint(FetchPlace place, FetchPlace? second) => _world.RunExclusive(() => Track(place, second), callerIsInside: true);

    private static bool IsTracked(FetchPlace place) => place.Ram.Has(place.Offset, PageFlags.HasCode);

    private static bool Matches(TranslatedBlock block, FetchPlace? second) =>
        !block.Straddles || (second is { } page && block.SecondPage == new CodePlace(page.Ram, page.Offset));

    // With all harts at a safepoint: from now on no write to the page goes unnoticed.
    private void Track(FetchPlace place, FetchPlace? second)
    {
        TrackPage(place.Ram, place.Offset);
        if (second is { } page) TrackPage(page.Ram, page.Offset);
    }

    private void TrackPage(RamBlock ram, ulong offset)
    {
        lock (_lock) ram.Set(offset, PageFlags.HasCode);
        byte* host = ram.Pointer + (offset & GuestPage.Mask);
        foreach (var cpu in _world.Cpus) cpu.State->DropWritesTo(host, Architecture.MmuIndexCount);
    }

    private TranslatedBlock? Translate(BlockKey key, FetchPlace place, FetchPlace? second)
    {
        int inPage = (int)(place.Offset & ~GuestPage.Mask);
        var code = new ReadOnlySpan<byte>(place.Ram.Pointer + place.Offset, (int)GuestPage.Size - inPage);
        bool straddles = !_pipeline.TryTranslate(code, (ushort)inPage, key.Mode, key.IsSingle);
        if (straddles)
        {
            if (second is not { } page) return null;
            Span<byte> bytes = stackalloc byte[code.Length + Architecture.MaxInstructionLength];
            code.CopyTo(bytes);
            new ReadOnlySpan<byte>(page.Ram.Pointer + page.Offset, Architecture.MaxInstructionLength).CopyTo(bytes[code.Length..]);
            _pipeline.TryTranslate(bytes, (ushort)inPage, key.Mode, onlyOne: true);
        }

        bool hasOperations = _threaded is not null && !key.IsSingle;
        var block = new TranslatedBlock
        {
            Index = hasOperations ? _byIndex.Count : -1, Key = key, ByteLength = _pipeline.ByteLength, InstructionCount = _pipeline.InstructionCount,
            Ir = hasOperations ? null : _pipeline.ToBlock(), Ram = place.Ram, Offset = place.Offset,
            SecondPage = straddles ? new CodePlace(second!.Value.Ram, second.Value.Offset) : null,
        };
        if (hasOperations)
        {
            _byIndex.Add(block);
            _threaded!.Build(block, _pipeline.Instructions, _arena, GiveHeat(block));
        }

        Install(block);
        return block;
    }

    /// <summary>
    /// The IR of a valid block that is on one page. Under the lock: whoever writes to the page drops the block; null may come of a write
    /// that is about to.
    /// </summary>
    public IrBlock? IrOf(TranslatedBlock block)
    {
        if (block.Ir is { } kept) return kept;
        Debug.Assert(block is { IsValid: true, Straddles: false }, "the bytes are those that the block came from");
        var code = new ReadOnlySpan<byte>(block.Ram.Pointer + block.Offset, block.ByteLength);
        return _pipeline.Translate(code, (ushort)(block.Offset & ~GuestPage.Mask), block.Key.Mode, block.Key.IsSingle);
    }

    private void Install(TranslatedBlock block)
    {
        Counters.BlocksTranslated++;
        Counters.InstructionsTranslated += block.InstructionCount;
        if (_blocks.Find(block.Key) is { } old) Drop(old); // straddles pages that no longer belong together
        _blocks.Add(block);
        Regions?.OnBlockInstalled(block);
        var first = PageOf(block);
        first.Add(block);
        if (block.SecondPage is { } second && PageOf(second.Ram, second.Offset) is var page && page != first) page.Add(block);
    }

    private static CodePage PageOf(RamBlock ram, ulong offset) => ram.Code[offset >> StateBlock.PageBits] ??= new CodePage(ram, offset & GuestPage.Mask);

    /// <summary>
    /// How often operations were freed. A hart that waits for others (which finding a block may take) compares it with what it was before
    /// it uses an operation that it had.
    /// </summary>
    public int Generation { get; private set; }

    /// <summary>Has the exit <paramref name="from"/> of one block lead straight to another block of the same page.</summary>
    /// <param name="from">An operation of a tier-0 block.</param>
    /// <param name="generation">When the exit was taken: after a later one its memory is gone.</param>
    /// <param name="target">The block it goes to.</param>
    public void Link(ThreadedOp* from, int generation, TranslatedBlock target)
    {
        lock (_lock)
        {
            if (generation != Generation || !target.IsValid || !BlockIsLive(from)) return;
            if (target.Straddles) _threaded!.LinkToStraddling(from, (ushort)(target.Offset & ~GuestPage.Mask), _arena);
            else ThreadedBlockBuilder.Link(from, target);
        }
    }

    private bool BlockIsLive(ThreadedOp* operation) => _byIndex[operation->Block].IsValid;

    /// <inheritdoc/>
    public bool HoldsCode(RamBlock block, ulong offset, int length)
    {
        lock (_lock)
        {
            return block.Code[offset >> StateBlock.PageBits] is { } page && page.Overlaps((int)(offset & ~GuestPage.Mask), length);
        }
    }

    /// <inheritdoc/>
    public void OnCodeWritten(RamBlock block, ulong offset, int length)
    {
        lock (_lock)
        {
            if (block.Code[offset >> StateBlock.PageBits] is not { } page) return;
            int from = (int)(offset & ~GuestPage.Mask);
            if (page.Overlaps(from, length))
            {
                page.Remove(from, length, _written);
                Regions?.OnWrite(page, _written);
                foreach (var dropped in _written) Drop(dropped);
                _written.Clear();
            }

            if (page.IsIdleAfter(length)) block.Clear(offset, PageFlags.HasCode);
        }
    }

    private void Drop(TranslatedBlock block)
    {
        block.IsValid = false;
        Counters.BlocksInvalidated++;
        _blocks.Remove(block);
        if (block.Entry != null) _threaded!.Drop(block);
        Regions?.OnBlockDropped(block);
    }

    /// <summary>True when an entry operation found in a jump cache is that of a dropped block.</summary>
    public bool IsDropped(ThreadedOp* entry) => (nint)entry->Handler == _droppedHandler;

    /// <summary>The region compiler, when the engine has one.</summary>
    public Backends.Cil.RegionCache? Regions { get; }

    /// <summary>
    /// Whether a block was executed often enough to be compiled with another that is hot: what is rare only makes a region larger.
    /// </summary>
    public bool IsWarm(TranslatedBlock block) => Options.Kind == EngineKind.Jit || EntriesOf(block) >= Options.HotThreshold / WarmPart;

    /// <summary>How often a block was entered since it began to be counted; very often once it was hot.</summary>
    public static long EntriesOf(TranslatedBlock block)
    {
        long left = block.EntriesLeft;
        return block.WasHot || left > block.Heat ? long.MaxValue : block.Heat - left;
    }

    /// <summary>A block is hot: it runs on without counting until it is compiled, or demoted.</summary>
    public TranslatedBlock Park(ThreadedOp* entry)
    {
        lock (_lock)
        {
            var block = _byIndex[entry->Block];
            entry->Immediate = long.MaxValue;
            if (block is { IsValid: true, Region: null }) _threaded!.Park(entry);
            return block;
        }
    }

    /// <summary>Has a block's entry run in tier 0 again. Under the lock.</summary>
    /// <param name="block">The block.</param>
    /// <param name="times">How many times as many entries as usual it takes until it is hot.</param>
    public void Demote(TranslatedBlock block, int times = 1) => _threaded!.Demote(block.Entry, GiveHeat(block, times));

    // Entries after which a block is compiled: more where code was rewritten soon after it had been. What is asked for on its page may be
    // another number later, so that the block keeps what it was given.
    private long GiveHeat(TranslatedBlock block, int times = 1)
    {
        block.CountedFrom = Regions?.InstructionsExecuted ?? 0;
        return block.Heat = Options.Kind == EngineKind.Jit ? times : times * ((long)Options.HotThreshold << PageOf(block).BackOffOf(block));
    }

    /// <summary>The page that a block begins on. Under the lock.</summary>
    public static CodePage PageOf(TranslatedBlock block) => PageOf(block.Ram, block.Offset);

    /// <summary>
    /// An instruction was executed alone. If that goes on with one of floating point, its operands are such that the inline code of regions
    /// leaves them aside (NaNs, infinities, tiny numbers): from now on regions on its page call.
    /// </summary>
    public void NoteStep(TranslatedBlock block)
    {
        if (++block.Steps != RareFloatSteps || Regions is null || !block.Ir!.Instructions.Any(i => i.Opcode is >= Opcode.FAdd and <= Opcode.FClassify)) return;
        lock (_lock)
        {
            if (!block.IsValid) return;
            var page = PageOf(block.Ram, block.Offset);
            if (page.HasRareFloat) return;
            page.HasRareFloat = true;
            foreach (var other in page.Blocks) Regions.DropRegionsOf(other);
        }
    }

    /// <summary>
    /// A region found accesses that share a probe on two pages at an instruction. Where that goes on, each gets a probe of its own.
    /// </summary>
    public void NoteSplit(TranslatedBlock single)
    {
        if (++single.Splits != SplitLimit || Regions is null) return;
        lock (_lock)
        {
            if (!single.IsValid) return;
            foreach (var block in PageOf(single.Ram, single.Offset).Blocks)
            {
                if (block.Offset > single.Offset || block.Offset + (ulong)block.ByteLength <= single.Offset) continue;
                block.HasSplitAccesses = true;
                Regions.DropRegionsOf(block);
            }
        }
    }

    /// <summary>Whether floating point on a block's page is better called. Under the lock.</summary>
    public static bool HasRareFloat(TranslatedBlock block) => PageOf(block.Ram, block.Offset).HasRareFloat;

    /// <summary>Runs an action under the cache's lock.</summary>
    public T Locked<T>(Func<T> action)
    {
        lock (_lock) return action();
    }

    /// <summary>The valid translation at a physical address, if there is one. Under the lock.</summary>
    public TranslatedBlock? Peek(BlockKey key) => _blocks.Find(key);

    /// <summary>Translates without running, for the region compiler. Under the lock; the page must be tracked.</summary>
    public TranslatedBlock? PeekOrTranslate(BlockKey key, RamBlock ram, ulong offset)
    {
        if (Peek(key) is { } found) return found;
        var place = new FetchPlace(new GuestPhysicalAddress(key.Address), ram, offset);
        return IsTracked(place) ? Translate(key, place, null) : null;
    }

    /// <summary>Drops everything, with all harts at a safepoint.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            foreach (var block in _blocks.RemoveAll())
            {
                block.IsValid = false;
                block.Ram.Clear(block.Offset, PageFlags.HasCode);
                block.Ram.Code[block.Offset >> StateBlock.PageBits] = null;
                if (block.SecondPage is not { } second) continue;
                second.Ram.Clear(second.Offset, PageFlags.HasCode);
                second.Ram.Code[second.Offset >> StateBlock.PageBits] = null;
            }

            Regions?.Clear();
            _byIndex.Clear();
            _threaded?.Clear();
            _arena.Dispose();
            _arena = new OpArena();
            Generation++;
            foreach (var cpu in _world.Cpus) cpu.State->ClearJumpCache();
            Counters.CacheFlushes++;
        }
    }

    public void Dispose()
    {
        Regions?.Dispose();
        _arena.Dispose();
    }
}

/// <summary>Where an instruction fetch found its bytes.</summary>
/// <param name="Physical">Physical address.</param>
/// <param name="Ram">The memory.</param>
/// <param name="Offset">Offset in it.</param>
/// <param name="IsPart">Only a part of the page that was asked for may be executed.</param>
internal readonly record struct FetchPlace(GuestPhysicalAddress Physical, RamBlock Ram, ulong Offset, bool IsPart = false);

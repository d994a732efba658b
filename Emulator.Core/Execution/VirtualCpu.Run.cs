using System.Diagnostics;
using Emulator.Core.Backends;
using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <content>The dispatcher: finds translations, runs them, and settles why they left.</content>
// SAFETY: entry operations come from the translation cache, which frees them only while no hart is inside the world.
public abstract unsafe partial class VirtualCpu
{
    private const int FetchEntries = 1024;
    private const int RecentBlocks = 32768;

    // No architecture fetches in smaller parts than are told apart here.
    private const int FetchParcel = 2;

    private readonly (ulong Page, ulong Salt, FetchPlace Place)[] _fetchCache = new (ulong, ulong, FetchPlace)[FetchEntries];
    private readonly TranslatedBlock?[] _recentBlocks = new TranslatedBlock?[RecentBlocks]; // by physical address
    private readonly AddressSpaces _spaces = new();
    private uint? _saltedMode; // whose salt is in force
    private TranslationCache? _cache;
    private World? _world;
    private int _place; // in it
    private bool _isObserved;
    private bool _holdsInterrupts;
    private bool _executesSingly; // either of the two: one look in the loop
    private bool _hasDelivered;

    internal bool IsSingleStepping { get; private set; }

    private bool IsAtLimit => _cache!.Options.IsDeterministic && State->InstructionCount >= State->InstructionLimit;

    internal bool IsDeterministic => _cache?.Options.IsDeterministic ?? false;

    internal long SlowAccesses { get; set; }

    internal long Dispatches { get; private set; }

    internal long DispatchMisses { get; private set; }

    internal void Attach(World world, TranslationCache cache)
    {
        _world = world;
        _cache = cache;
        _place = world.Cpus.Count;
        world.Add(this);
        State->LinkTable = cache.Regions?.LinkTable ?? 0;
    }

    /// <summary>
    /// Executes until the machine's <paramref name="stop"/> is set, the hart sleeps, or the instruction limit is reached
    /// (deterministic mode). The calling thread is inside the world.
    /// </summary>
    internal void Run(StopSignal stop)
    {
        while (true)
        {
            State->ProgramCounter &= _addressMask; // execution may have come to the end of the address space
            if (Volatile.Read(ref State->Attention) != 0)
            {
                ServiceAttention();
                if (stop.IsSet) return;
            }

            if (IsHalted) return;
            if (IsAtLimit) return;
            if (_executesSingly) StepSingly();
            else if (_cache!.Options.Tracer is not null) Step();
            else if (_cache.Options.Kind == EngineKind.Reference) RunReferenceBlock();
            else RunThreaded();
        }
    }

    /// <summary>At a safepoint: does what was posted, stays while the world is stopped, takes interrupts.</summary>
    private void ServiceAttention()
    {
        Volatile.Write(ref State->Attention, 0);
        Interlocked.MemoryBarrier(); // what was asked for before the flag was raised is seen below
        _world!.Safepoint();
        RunPosted();
        CheckInterrupts();
    }

    private void CheckInterrupts()
    {
        if (_holdsInterrupts || (!IsHalted && TryHoldInterrupts()))
        {
            _holdsInterrupts = _executesSingly = true;
            Volatile.Write(ref State->Attention, 1);
        }
        else if (TryDeliverInterrupt())
        {
            IsHalted = false;
            _cache!.Counters.Interrupts++;
        }
        else if (IsHalted && HasWakeupEvent)
        {
            IsHalted = false;
        }
    }

    private void StepSingly()
    {
        bool isObserved = _isObserved;
        if (isObserved && !BeginObserved())
        {
            CountException();
            return;
        }

        _holdsInterrupts = false;
        _executesSingly = _isObserved;
        _hasDelivered = false;
        Step();
        if (!isObserved || _hasDelivered || !EndObserved()) return;
        CountException();
        IsHalted = false;
    }

    /// <summary>Sleeps until attention is asked for; the calling thread is outside the world.</summary>
    internal void WaitForAttention()
    {
        _wakeup.Reset();
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref State->Attention) == 0) _wakeup.Wait();
    }

    private void RunReferenceBlock()
    {
        if (Find(ProgramCounter, isSingle: false) is not { } block) return;
        if (_cache!.Options.IsDeterministic && State->InstructionCount + block.InstructionCount > State->InstructionLimit)
        {
            Step();
            return;
        }

        ReferenceInterpreter.Run(this, block.Ir!);
        Settle();
    }

    private void RunThreaded()
    {
        ulong pc = ProgramCounter;
        UseSalt(Mode);
        ulong tag = pc ^ State->JumpCacheSalt;
        var cached = State->JumpCache(tag);
        ThreadedOp* entry;
        Dispatches++;
        if (cached->Tag == tag && !_cache!.IsDropped(cached->Target))
        {
            entry = cached->Target;
        }
        else
        {
            if (Find(pc, isSingle: false) is not { } block) return;
            DispatchMisses++;
            if (block.Key.IsSingle)
            {
                Step();
                return;
            }

            entry = block.Entry;
            tag = pc ^ State->JumpCacheSalt; // the salt may have become another one
            cached = State->JumpCache(tag);
            cached->Target = entry;
            cached->Tag = tag;
            bool isShared = Architecture.MaySharePages(block.Key.Mode);
            _spaces.AddTarget(pc, isShared);
            if (block.Straddles) _spaces.AddTarget(AddressOf(pc, (int)GuestPage.Size), isShared);
        }

        State->CodePage = pc & GuestPage.Mask;
        State->ExitReason = ExitReason.None;
        var exit = entry->Handler(State, entry);
        if (exit != null) SettleAt(exit);
        else Settle();
    }

    /// <summary>Tier 0 left at an operation whose instruction is not done, or at an exit that can be linked.</summary>
    private void SettleAt(ThreadedOp* exit)
    {
        switch (State->ExitReason)
        {
            case ExitReason.None:
                ProgramCounter = State->CodePage + exit->C;
                if (IsAtLimit || Volatile.Read(ref State->Attention) != 0) return; // an interrupt comes before a fault of the fetch
                int generation = _cache!.Generation;
                if (Find(ProgramCounter, isSingle: false) is { Key.IsSingle: false } target) _cache.Link(exit, generation, target);
                return;
            case ExitReason.Hot:
                ProgramCounter = State->CodePage + exit->PcOffset;
                _cache!.Regions?.Request(_cache.Park(exit), _place);
                return;
            case ExitReason.Attention:
                ProgramCounter = State->CodePage + exit->PcOffset;
                return;
            case ExitReason.Limit:
                ProgramCounter = State->CodePage + exit->PcOffset;
                Settle();
                return;
            default:
                ProgramCounter = State->CodePage + exit->PcOffset;
                State->InstructionCount -= _cache!.BlockOf(exit).InstructionCount - exit->InstructionIndex;
                Settle();
                return;
        }
    }

    /// <summary>Program counter and instruction count are exact: does what the exit reason asks for.</summary>
    private void Settle()
    {
        var reason = State->ExitReason;
        State->ExitReason = ExitReason.None;
        if (reason == ExitReason.Fault) Deliver(_pendingFault);
        else if (reason is ExitReason.ReadMiss or ExitReason.WriteMiss)
        {
            if (!MemoryAccess.TryFill(this, State->MissAddress, reason == ExitReason.WriteMiss, Architecture.MmuIndexOf(Mode))) Step();
        }
        else if (reason == ExitReason.SplitAccess) Step(isSplit: true);
        else if (reason == ExitReason.SingleStep || (reason == ExitReason.Limit && State->InstructionCount < State->InstructionLimit)) Step();
    }

    private void CountException()
    {
        if (!IsDeterministic) return;
        _exceptionsTaken++;
        State->InstructionLimit--;
    }

    private void Deliver(GuestFault fault)
    {
        _cache!.Counters.Faults++;
        CountException();
        _hasDelivered = true;
        State->ReservationAddress = StateBlock.NoReservation;
        DeliverFault(fault);
    }

    /// <summary>Executes exactly one instruction, by the reference interpreter.</summary>
    /// <param name="isSplit">Compiled code met accesses on two pages.</param>
    internal void Step(bool isSplit = false)
    {
        State->ExitReason = ExitReason.None;
        if (Find(ProgramCounter, isSingle: true) is not { } block) return;
        _cache!.Counters.SingleSteps++;
        _cache.NoteStep(block);
        if (isSplit) _cache.NoteSplit(block);
        if (_cache.Options.Tracer is { } tracer) Trace(tracer, block);
        IsSingleStepping = true;
        ReferenceInterpreter.Run(this, block.Ir!);
        IsSingleStepping = false;
        Debug.Assert(State->ExitReason is ExitReason.None or ExitReason.Fault, "a single step settles everything");
        Settle();
    }

    /// <summary>
    /// The translation at an address; null when the fetch faulted, which has been delivered. On a page of which only parts may be
    /// executed it is always that of a single instruction: a longer block, or a link, would leave the part that was checked.
    /// </summary>
    private TranslatedBlock? Find(ulong pc, bool isSingle)
    {
        uint mode = Mode;
        UseSalt(mode);
        State->CodePage = pc & GuestPage.Mask;
        if (!TryFetch(pc, out var place)) return null;
        bool isAlone = isSingle || place.IsPart;
        ulong index = (place.Physical.Value >> 1) ^ (isAlone ? RecentBlocks / 2u : 0);
        ref var recent = ref _recentBlocks[index & (RecentBlocks - 1)];
        if (!place.IsPart && recent is { IsValid: true } && recent.Key == new BlockKey(place.Physical.Value, mode, isAlone)) return recent;
        var block = _cache!.FindOrTranslate(place, null, mode, isAlone);
        if (block is not null)
        {
            if (!place.IsPart && !block.Straddles) recent = block;
            return !place.IsPart || TryFetchRest(pc, block.ByteLength) ? block : null;
        }

        if (!TryFetch(AddressOf(pc & GuestPage.Mask, (int)GuestPage.Size), out var second)) return null;
        return _cache.FindOrTranslate(place, second, mode, isAlone);
    }

    private bool TryFetchRest(ulong pc, int length)
    {
        for (int offset = FetchParcel; offset < length; offset += FetchParcel)
        {
            if (!TryFetch(AddressOf(pc, offset), out _)) return false;
        }

        return true;
    }

    /// <summary>Has all harts forget where data is. Called by a hart that single-steps: it is inside the world, and in no translation.</summary>
    internal void DropDataTranslations()
    {
        Debug.Assert(IsSingleStepping, "translations may go while the world stands still");
        _world!.RunExclusive(
            () =>
            {
                foreach (var cpu in _world.Cpus) cpu.ForgetData();
            },
            callerIsInside: true);
    }

    private void ForgetData()
    {
        _spaces.DropData();
        UseAddressSpace();
    }

    // The jump cache does not tell the modes of its entries: it forgets all when the page may be among its targets, which is rare.
    private void ForgetTargetsOn(ulong address, bool inAllSpaces)
    {
        if (inAllSpaces) _spaces.DropAllTargetsOn(address);
        else _spaces.DropTargetsOn(address);
        _saltedMode = null;
        ref var fetched = ref _fetchCache[(address >> StateBlock.PageBits) & (FetchEntries - 1)];
        if (fetched.Page == (address & GuestPage.Mask)) fetched = default;
    }

    private bool TryFetch(ulong pc, out FetchPlace place)
    {
        ulong page = pc & GuestPage.Mask;
        ref var cached = ref _fetchCache[(pc >> StateBlock.PageBits) & (FetchEntries - 1)];
        ulong inPage = pc & ~GuestPage.Mask;
        if (cached.Page == page && cached.Salt == State->JumpCacheSalt)
        {
            place = cached.Place with { Physical = cached.Place.Physical + inPage, Offset = cached.Place.Offset + inPage };
            return true;
        }

        place = default;
        var address = new GuestVirtualAddress(pc);
        if (!TryTranslate(address, AccessKind.Execute, FetchParcel, 0, out var translation, out var fault))
        {
            Deliver(fault);
            return false;
        }

        if (!MemorySystem.TryGetCode(translation.Physical, out var ram, out ulong offset))
        {
            Deliver(AccessFault(address, AccessKind.Execute));
            return false;
        }

        if (!translation.IsGlobal && Architecture.MaySharePages(Mode) && _spaces.EndSharing())
        {
            _saltedMode = null;
            UseSalt(Mode);
        }

        place = new FetchPlace(translation.Physical, ram, offset, IsPart: !translation.CanExecute);
        if (translation.CanExecute)
        {
            cached = (page, State->JumpCacheSalt, new FetchPlace(
                new GuestPhysicalAddress(translation.Physical.Value & GuestPage.Mask), ram, offset & GuestPage.Mask));
        }

        return true;
    }
}

/// <summary>Set to have all harts of a machine leave their loops.</summary>
internal sealed class StopSignal
{
    private volatile bool _isSet;

    public bool IsSet => _isSet;

    public void Set() => _isSet = true;

    public void Clear() => _isSet = false;
}

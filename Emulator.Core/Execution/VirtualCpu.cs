using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>
/// One hart: its state block, and the services an architecture's helpers use. A hart's members are called on its own thread
/// unless they say otherwise.
/// </summary>
// SAFETY: the state block is allocated here, lives as long as this object, and slots are bounds-checked.
public abstract unsafe partial class VirtualCpu : IDisposable
{
    private readonly ManualResetEventSlim _wakeup = new(false);
    private readonly ConcurrentQueue<Action<VirtualCpu>> _posted = new();
    private GCHandle _self;
    private readonly ulong _addressMask;
    private GuestFault _pendingFault;
    private ulong _exceptionsTaken;

    /// <summary>Creates a hart.</summary>
    /// <param name="architecture">What it executes.</param>
    /// <param name="memory">The bus it is on.</param>
    /// <param name="index">Its number in the machine, from 0.</param>
    protected VirtualCpu(Architecture architecture, MemorySystem memory, int index)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(memory);
        Architecture = architecture;
        MemorySystem = memory;
        Index = index;
        _addressMask = architecture.AddressMask;
        State = StateBlock.Allocate(architecture.MmuIndexCount);
        _self = GCHandle.Alloc(this, GCHandleType.Weak);
        State->Self = GCHandle.ToIntPtr(_self);
        UseAddressSpace();
    }

    /// <summary>What the hart executes.</summary>
    public Architecture Architecture { get; }

    /// <summary>The bus the hart is on.</summary>
    public MemorySystem MemorySystem { get; }

    /// <summary>The hart's number in the machine, from 0.</summary>
    public int Index { get; }

    internal StateBlock* State { get; private set; }

    /// <summary>Virtual address of the instruction to execute next; exact whenever no block runs and in helpers that may fault or leave.</summary>
    public ulong ProgramCounter
    {
        get => State->ProgramCounter;
        set => State->ProgramCounter = value;
    }

    /// <summary>
    /// Instructions retired since power-on, exact whenever no block runs. In a helper it counts the whole current block, so that code
    /// that reads it is lifted alone in a block (then it includes the reading instruction itself).
    /// </summary>
    public ulong InstructionCount => (ulong)State->InstructionCount;

    /// <summary>The content of a slot.</summary>
    public ulong this[Slot slot]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot.Index, StateSlots.Count, nameof(slot));
            return ((ulong*)State)[slot.Index];
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot.Index, StateSlots.Count, nameof(slot));
            ((ulong*)State)[slot.Index] = value;
        }
    }

    /// <summary>
    /// Says whether loads of <see cref="Execution.Architecture.UntranslatedMmuIndex"/> may reach the whole of <see cref="DirectRam"/>
    /// without being translated. To be called when that changes, and after a reset.
    /// </summary>
    protected void ReadRamDirectly(bool isAllowed)
    {
        var ram = MemorySystem.DirectRam;
        bool isDirect = isAllowed && ram is { Length: > StateBlock.PageSize };
        State->DirectLimit = isDirect ? (nuint)(ram!.Length - StateBlock.PageSize) : 0; // no access, nor a group of them, is longer than a page
        State->DirectHost = isDirect ? ram!.Ram!.Pointer : null;
    }

    /// <summary>The RAM that <see cref="ReadRamDirectly"/> is about: its first and last byte, or null when there is none.</summary>
    protected (GuestPhysicalAddress First, GuestPhysicalAddress Last)? DirectRam =>
        MemorySystem.DirectRam is { } ram ? (ram.Start, ram.Last) : null;

    /// <summary>In a helper with MayFault: the current instruction ends here with an exception. The helper's result is ignored.</summary>
    public void RaiseFault(GuestFault fault)
    {
        _pendingFault = fault;
        State->ExitReason = ExitReason.Fault;
    }

    /// <summary>Takes back an exception that a helper raised outside of a block; null when it raised none.</summary>
    internal GuestFault? TakeRaisedFault()
    {
        bool isRaised = State->ExitReason == ExitReason.Fault;
        State->ExitReason = ExitReason.None;
        return isRaised ? _pendingFault : null;
    }

    /// <summary>In a helper whose block leaves after it: the hart sleeps until <see cref="HasWakeupEvent"/>, or a request from outside.</summary>
    public void Halt() => IsHalted = true;

    /// <summary>Ends a sleep, whatever the hart waits for. On its thread, or while the machine is stopped.</summary>
    protected void EndHalt()
    {
        IsHalted = false;
        RequestAttention();
    }

    /// <summary>True while the hart waits for an interrupt.</summary>
    public bool IsHalted { get; internal set; }

    /// <summary>
    /// Makes the hart leave translated code soon and look at interrupts and requests; wakes it if it sleeps. Any thread. Call it after
    /// an interrupt input changed or an interrupt was enabled.
    /// </summary>
    public void RequestAttention()
    {
        Volatile.Write(ref State->Attention, 1);
        _wakeup.Set();
        AttentionForwarded?.Invoke();
    }

    /// <summary>Something is to be looked at before the next instruction: an interrupt that may be pending, or a request from outside.</summary>
    public bool IsAttentionRequested => Volatile.Read(ref State->Attention) != 0;

    /// <summary>Deterministic mode: called with each request for attention.</summary>
    internal Action? AttentionForwarded { get; set; }

    /// <summary>True when the hart sleeps and nobody has asked for its attention.</summary>
    internal bool IsIdle => IsHalted && Volatile.Read(ref State->Attention) == 0;

    /// <summary>
    /// Deterministic mode: how long the hart has executed. An exception takes the time of an instruction, so that time goes on for
    /// a hart that retires nothing.
    /// </summary>
    internal ulong TimeSpent => InstructionCount + _exceptionsTaken;

    /// <summary>Deterministic mode: the hart stops when it has spent this time.</summary>
    internal void LimitTime(ulong time) => State->InstructionLimit = (long)(time - _exceptionsTaken);

    /// <summary>The byte at a distance, around the end of the address space.</summary>
    internal ulong AddressOf(ulong address, int distance) => unchecked(address + (ulong)distance) & _addressMask;

    /// <summary>Has <paramref name="action"/> run on the hart's thread, between two instructions. Any thread.</summary>
    public void Post(Action<VirtualCpu> action)
    {
        _posted.Enqueue(action);
        RequestAttention();
    }

    /// <summary>Drops every cached translation of data and code addresses, in all address spaces.</summary>
    public void FlushTlb()
    {
        _spaces.DropAll();
        UseAddressSpace();
    }

    /// <summary>Drops the cached translations of the page around an address, in all address spaces.</summary>
    public void FlushTlbPage(GuestVirtualAddress address)
    {
        State->FlushTlbPage(address.Value, Architecture.MmuIndexCount, inAllSpaces: true);
        ForgetTargetsOn(address.Value, inAllSpaces: true);
    }

    /// <summary>As <see cref="FlushTlbPage"/>, in the current address space only.</summary>
    public void FlushOwnTlbPage(GuestVirtualAddress address)
    {
        State->FlushTlbPage(address.Value, Architecture.MmuIndexCount, inAllSpaces: false);
        ForgetTargetsOn(address.Value, inAllSpaces: false);
    }

    /// <summary>
    /// Goes on in another address space: what is cached of the one that is left may be found again on the way back. For architectures
    /// whose address spaces have numbers and keep their translations until they are told to forget them.
    /// </summary>
    /// <param name="space">Any number that tells the address space from others.</param>
    /// <param name="mayShare">
    /// Whether code of <see cref="Architecture.MaySharePages"/> modes may be the same in all such address spaces: taken to be so until a
    /// translation that is not <see cref="AddressTranslation.IsGlobal"/> is met.
    /// </param>
    public void SwitchAddressSpace(ulong space, bool mayShare)
    {
        _spaces.Switch(space, mayShare);
        UseAddressSpace();
    }

    /// <summary>Drops what is cached of some address spaces, the current one or others.</summary>
    /// <param name="mask">The bits of their numbers that count.</param>
    /// <param name="value">What these bits are.</param>
    public void FlushAddressSpaces(ulong mask, ulong value)
    {
        if (_spaces.Drop(mask, value)) UseAddressSpace();
    }

    private void UseAddressSpace()
    {
        State->FlushTlb(Architecture.MmuIndexCount);
        State->TranslationSalt = StateBlock.SaltOf(_spaces.Data, 0);
        _saltedMode = null;
    }

    // The salt of the jump cache is that of the mode, and of the address space unless the mode's code is common to all.
    private void UseSalt(uint mode)
    {
        if (_saltedMode == mode) return;
        _saltedMode = mode;
        State->JumpCacheSalt = StateBlock.SaltOf(Architecture.MaySharePages(mode) ? _spaces.SharedTargets : _spaces.Targets, mode);
    }

    /// <summary>Reads guest physical memory or registers for a page walk: 4 or 8 bytes, aligned.</summary>
    public bool TryReadPhysical(GuestPhysicalAddress address, int size, out ulong value) => MemorySystem.TryRead(address, size, out value);

    /// <summary>Atomically replaces an aligned value of 4 or 8 bytes in RAM, for accessed and dirty bits.</summary>
    /// <returns>False when the address is not in writable RAM; <paramref name="exchanged"/> says whether the old value was as expected.</returns>
    public bool TryCompareExchangePhysical(GuestPhysicalAddress address, int size, ulong expected, ulong desired, out bool exchanged) =>
        MemorySystem.TryCompareExchange(address, size, expected, desired, out exchanged);

    /// <summary>A load of the guest from a helper with MayFault; on failure the fault is raised.</summary>
    /// <param name="address">Where; need not be aligned.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="mmuIndex">The set of translations.</param>
    /// <param name="value">The bytes, zero-extended.</param>
    public bool TryLoad(GuestVirtualAddress address, int size, int mmuIndex, out ulong value)
    {
        value = MemoryAccess.Load(this, address.Value, size, mmuIndex);
        return State->ExitReason == ExitReason.None;
    }

    /// <summary>A store of the guest from a helper with MayFault; on failure the fault is raised.</summary>
    public bool TryStore(GuestVirtualAddress address, int size, int mmuIndex, ulong value)
    {
        MemoryAccess.Store(this, address.Value, size, mmuIndex, value);
        return State->ExitReason == ExitReason.None;
    }

    /// <summary>Whether a store of the guest would be admitted, from a helper with MayFault; if not, its fault is raised. Stores nothing.</summary>
    public bool TryProbeWrite(GuestVirtualAddress address, int size, int mmuIndex) => MemoryAccess.ProbeWrite(this, address.Value, size, mmuIndex);

    /// <summary>
    /// A load for the architecture's own purposes, in and outside of helpers: a fault is given, not raised.
    /// </summary>
    /// <param name="address">Where; need not be aligned.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="mmuIndex">The set of translations.</param>
    /// <param name="value">The bytes, zero-extended.</param>
    /// <param name="fault">What the access would raise.</param>
    protected bool TryLoad(GuestVirtualAddress address, int size, int mmuIndex, out ulong value, out GuestFault fault)
    {
        bool isAlone = IsSingleStepping;
        IsSingleStepping = true;
        value = MemoryAccess.Load(this, address.Value, size, mmuIndex);
        IsSingleStepping = isAlone;
        return !TryTakeFault(out fault);
    }

    /// <summary>A store, as the load; in a helper only where the block leaves after it, since code may be overwritten.</summary>
    protected bool TryStore(GuestVirtualAddress address, int size, int mmuIndex, ulong value, out GuestFault fault)
    {
        bool isAlone = IsSingleStepping;
        IsSingleStepping = true;
        MemoryAccess.Store(this, address.Value, size, mmuIndex, value);
        IsSingleStepping = isAlone;
        return !TryTakeFault(out fault);
    }

    private bool TryTakeFault(out GuestFault fault)
    {
        fault = _pendingFault;
        bool isRaised = State->ExitReason == ExitReason.Fault;
        State->ExitReason = ExitReason.None;
        return isRaised;
    }

    internal static VirtualCpu FromState(StateBlock* state) => (VirtualCpu)GCHandle.FromIntPtr(state->Self).Target!;

    private void RunPosted()
    {
        while (_posted.TryDequeue(out var action)) action(this);
    }

    /// <summary>Frees the state block. Called after the hart's thread has ended.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose()"/>
    protected virtual void Dispose(bool disposing)
    {
        if (State == null) return;
        StateBlock.Free(State);
        State = null;
        _self.Free();
        _wakeup.Dispose();
    }
}

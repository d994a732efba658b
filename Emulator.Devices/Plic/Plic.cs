using Emulator.Core.Bus;

namespace Emulator.Devices;

/// <summary>
/// The platform-level interrupt controller: routes the lines of devices to the external interrupt inputs of harts. A source's gateway
/// (chapter 2) takes the line's level, or, for a source said to be so, each assertion of it: then a device that is not quietened
/// interrupts once and not for ever, and has to assert its line again, high or not, for whatever happens next.
/// Answers aligned 4-byte accesses; registers of sources and contexts that do not exist read 0.
/// </summary>
public sealed partial class Plic : IMmioDevice, IResettable, IStateful<PlicState>
{
    private readonly Lock _lock = new();
    private readonly IInterruptLine[] _contexts;
    private readonly IInterruptLine[] _sources;
    private readonly PlicSourceSet _implemented;
    private readonly PlicSourceSet _edges;
    private readonly int _words;
    private readonly OutputSequencer _outputs;
    private PlicState _state;

    /// <summary>Creates the chip as at power-on: nothing enabled.</summary>
    /// <param name="sources">Interrupt sources, 1 to <see cref="MaximumSources"/>: the devicetree's <c>riscv,ndev</c>.</param>
    /// <param name="contexts">
    /// The external interrupt input of each context; the virt machine has two a hart, machine level before supervisor level.
    /// </param>
    /// <param name="edgeSources">The sources whose assertions count, not their levels.</param>
    /// <exception cref="ArgumentOutOfRangeException">Too few or too many of either, or an edge source that does not exist.</exception>
    public Plic(int sources, IReadOnlyList<IInterruptLine> contexts, params ReadOnlySpan<int> edgeSources)
    {
        ArgumentNullException.ThrowIfNull(contexts);
        ArgumentOutOfRangeException.ThrowIfLessThan(sources, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sources, MaximumSources);
        ArgumentOutOfRangeException.ThrowIfZero(contexts.Count, nameof(contexts));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(contexts.Count, MaximumContexts, nameof(contexts));
        _contexts = [.. contexts];
        _sources = new IInterruptLine[sources];
        for (int i = 0; i < sources; i++) _sources[i] = new SourceLine(this, i + 1);
        _implemented = PlicSourceSet.FirstSources(sources);
        foreach (int source in edgeSources)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(source, 1, nameof(edgeSources));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(source, sources, nameof(edgeSources));
            _edges.Set(source, true);
        }

        _words = PlicSourceSet.WordsFor(sources);
        _outputs = new OutputSequencer(DriveOutputs);
    }

    /// <summary>How many sources there are; they are numbered from 1.</summary>
    public int SourceCount => _sources.Length;

    /// <summary>Bytes of address space the chip takes.</summary>
    public uint WindowSize => (uint)Bank.Context + ((uint)_contexts.Length * ContextStride);

    /// <summary>The input line of a source.</summary>
    /// <param name="source">1 to <see cref="SourceCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such source.</exception>
    public IInterruptLine Source(int source)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(source, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source, SourceCount);
        return _sources[source - 1];
    }

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        if (!IsSupported(access))
        {
            return BusStatus.AccessFault;
        }

        bool claimed;
        lock (_lock)
        {
            value = ReadRegister(access.Offset, out claimed);
        }

        if (claimed)
        {
            _outputs.Update();
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (!IsSupported(access))
        {
            return BusStatus.AccessFault;
        }

        lock (_lock)
        {
            WriteRegister(access.Offset, (uint)value);
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset() => Restore(default);

    /// <inheritdoc/>
    public PlicState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(PlicState state)
    {
        state.Lines.IntersectWith(_implemented);
        state.Pending.IntersectWith(_implemented);
        state.InService.IntersectWith(_implemented);
        state.Edges.IntersectWith(_edges);
        foreach (ref PlicSourceSet enables in (Span<PlicSourceSet>)state.Enables)
        {
            enables.IntersectWith(_implemented);
        }

        lock (_lock)
        {
            _state = state;
        }

        _outputs.Update();
    }

    private static bool IsSupported(MmioAccess access) => access.Size == WordSize && access.Offset % WordSize == 0;

    private void SetSource(int source, bool asserted)
    {
        lock (_lock)
        {
            bool isEdge = asserted && _edges.Has(source) && !_state.Pending.Has(source);
            if (_state.Lines.Has(source) == asserted && !isEdge)
            {
                return;
            }

            _state.Lines.Set(source, asserted);
            if (isEdge)
            {
                _state.Edges.Set(source, true);
            }

            if (!asserted || !TryForward(source))
            {
                return; // a request once forwarded is not retracted (chapter 2, "interrupt gateways")
            }
        }

        _outputs.Update();
    }

    // The gateway forwards a level or a noted edge as a request, then waits for the completion of that request.
    private bool TryForward(int source)
    {
        bool isAsserted = _edges.Has(source) ? _state.Edges.Has(source) : _state.Lines.Has(source);
        bool forwards = isAsserted && !_state.InService.Has(source) && !_state.Pending.Has(source);
        if (forwards)
        {
            _state.Pending.Set(source, true);
            _state.Edges.Set(source, false);
        }

        return forwards;
    }

    private uint ReadRegister(uint offset, out bool claimed)
    {
        claimed = false;
        switch (BankOf(offset, out uint index, out uint register))
        {
            case Bank.Priority:
                return _state.Priorities[(int)index];
            case Bank.Pending when index < 2 * PlicSourceSet.Length:
                return _state.Pending.Word32((int)index);
            case Bank.Enable when index < (uint)_contexts.Length:
                return _state.Enables[(int)index].Word32((int)(register / WordSize));
            case Bank.Context when index < (uint)_contexts.Length && register == ThresholdOffset:
                return _state.Thresholds[(int)index];
            case Bank.Context when index < (uint)_contexts.Length && register == ClaimOffset:
                claimed = TryClaim((int)index, out int source);
                return (uint)source;
            default:
                return 0;
        }
    }

    private void WriteRegister(uint offset, uint value)
    {
        switch (BankOf(offset, out uint index, out uint register))
        {
            case Bank.Priority when _implemented.Has((int)index):
                _state.Priorities[(int)index] = (byte)(value & HighestPriority);
                break;
            case Bank.Enable when index < (uint)_contexts.Length:
                int word = (int)(register / WordSize);
                _state.Enables[(int)index].SetWord32(word, value & _implemented.Word32(word));
                break;
            case Bank.Context when index < (uint)_contexts.Length && register == ThresholdOffset:
                _state.Thresholds[(int)index] = (byte)(value & HighestPriority);
                break;
            case Bank.Context when index < (uint)_contexts.Length && register == ClaimOffset:
                Complete((int)index, value);
                break;
            default:
                break; // pending bits and all the rest are read-only
        }
    }

    private static Bank BankOf(uint offset, out uint index, out uint register)
    {
        switch (offset)
        {
            case >= (uint)Bank.Context:
                (index, register) = uint.DivRem(offset - (uint)Bank.Context, ContextStride);
                return Bank.Context;
            case >= (uint)Bank.Enable:
                (index, register) = uint.DivRem(offset - (uint)Bank.Enable, EnableStride);
                return Bank.Enable;
            case >= (uint)Bank.Pending:
                (index, register) = ((offset - (uint)Bank.Pending) / WordSize, 0);
                return Bank.Pending;
            default:
                (index, register) = (offset / WordSize, 0);
                return Bank.Priority;
        }
    }

    // The threshold does not matter here (chapter 8); priority 0 never interrupts, and the lowest number wins a tie (chapter 4).
    private bool TryClaim(int context, out int claimed)
    {
        claimed = 0;
        int best = 0;
        for (int i = 0; i < _words; i++)
        {
            ulong candidates = _state.Pending[i] & _state.Enables[context][i];
            while (PlicSourceSet.NextBit(ref candidates, i, out int source))
            {
                if (_state.Priorities[source] > best)
                {
                    (best, claimed) = (_state.Priorities[source], source);
                }
            }
        }

        if (claimed == 0)
        {
            return false;
        }

        _state.Pending.Set(claimed, false);
        _state.InService.Set(claimed, true);
        return true;
    }

    // Ignored unless the source is enabled for this context (chapter 9); which context claimed it does not matter.
    private void Complete(int context, uint source)
    {
        if (source <= (uint)SourceCount && _state.Enables[context].Has((int)source))
        {
            _state.InService.Set((int)source, false);
            TryForward((int)source);
        }
    }

    private bool HasInterrupt(int context)
    {
        byte threshold = _state.Thresholds[context];
        for (int i = 0; i < _words; i++)
        {
            ulong candidates = _state.Pending[i] & _state.Enables[context][i];
            while (PlicSourceSet.NextBit(ref candidates, i, out int source))
            {
                if (_state.Priorities[source] > threshold)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void DriveOutputs()
    {
        Span<bool> levels = stackalloc bool[_contexts.Length];
        lock (_lock)
        {
            for (int context = 0; context < levels.Length; context++)
            {
                levels[context] = HasInterrupt(context);
            }
        }

        for (int context = 0; context < levels.Length; context++)
        {
            _contexts[context].Set(levels[context]);
        }
    }

    private sealed class SourceLine(Plic plic, int source) : IInterruptLine
    {
        public void Set(bool asserted) => plic.SetSource(source, asserted);
    }
}

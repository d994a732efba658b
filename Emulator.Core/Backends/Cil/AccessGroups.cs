using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// Finds accesses of a block that lie at known distances from each other, so that one TLB probe serves them all: the fields of a frame, the
/// elements of an unrolled loop.
/// </summary>
internal static class AccessGroups
{
    // Of frames at random places, one in 4096 / span straddles two pages and takes the long way.
    private const int MaxSpan = 256;

    /// <summary>Groups the accesses of a run of operations.</summary>
    /// <param name="instructions">The operations, executed in this order as far as the run is not left.</param>
    /// <param name="helpers">The architecture's helpers, for what they write.</param>
    /// <param name="rounds">How many times they are executed one after another.</param>
    /// <param name="admitsStrides">Whether a group may have accesses a multiple of a register apart.</param>
    /// <returns>For each operation that shares a probe, by index: its group.</returns>
    public static Dictionary<int, AccessGroup> Find(ReadOnlySpan<IrInstruction> instructions, HelperTable helpers, int rounds = 1, bool admitsStrides = false)
    {
        var search = new Search(helpers, admitsStrides);
        int index = 0;
        for (int round = 0; round < rounds; round++)
        {
            foreach (var instruction in instructions) search.Visit(index++, instruction);
        }

        return search.Result();
    }

    private sealed class Search(HelperTable helpers, bool admitsStrides)
    {
        private readonly Dictionary<int, Address> _values = []; // by slot index
        private readonly Dictionary<int, Slot> _startOf = []; // roots that are what a slot holds at the start
        private readonly Dictionary<int, AccessGroup> _open = []; // by root and kind of access
        private readonly Dictionary<int, AccessGroup> _groupOf = [];
        private bool _mayStart = true;
        private int _roots;

        public void Visit(int index, IrInstruction instruction)
        {
            if (instruction.Opcode is (>= Opcode.Load8U and <= Opcode.Store64) or Opcode.VectorLoad or Opcode.VectorStore) VisitAccess(index, instruction);
            if (instruction.Opcode is (>= Opcode.AtomicSwap and <= Opcode.StoreExclusive) or Opcode.CallCpu) _open.Clear(); // translations may change
            if (instruction.Opcode == Opcode.CallCpu && helpers[checked((int)instruction.Immediate)].Effects.HasFlag(HelperEffects.WritesSlots))
            {
                _values.Clear();
                _mayStart = false;
            }

            if (instruction.Destination.IsCell) _values[instruction.Destination.Index] = ValueOf(instruction);
        }

        public Dictionary<int, AccessGroup> Result()
        {
            foreach (var (index, group) in _groupOf)
            {
                if (group.Count < 2) _groupOf.Remove(index);
            }

            return _groupOf;
        }

        private void VisitAccess(int index, IrInstruction instruction)
        {
            var traits = (AccessTraits)instruction.C.Index;
            if ((traits & AccessTraits.Aligned) != 0) return;
            var address = ValueOf(instruction.A);
            long offset = unchecked(address.Delta + instruction.Immediate);
            int size = MemoryEmitter.SizeOf(instruction.Opcode);
            bool is32 = (traits & AccessTraits.Address32) != 0;
            int key = (address.Root * 4) + (MemoryEmitter.IsStore(instruction.Opcode) ? 2 : 0) + (is32 ? 1 : 0);
            Slot? stride = address.Times == 0 ? null : _startOf[address.StrideRoot];
            if (!_open.TryGetValue(key, out var group) || !group.TryAdd(offset, size, stride, address.Times, MaxSpan))
            {
                if (stride is not null) return; // a group starts where the base still is
                _open[key] = group = new AccessGroup(index, offset, size) { Base = is32 || !_startOf.TryGetValue(address.Root, out var slot) ? null : slot };
            }

            group.Add(index, offset);
            _groupOf[index] = group;
        }

        private Address ValueOf(IrInstruction instruction)
        {
            switch (instruction.Opcode)
            {
                case Opcode.Copy:
                    return ValueOf(instruction.A);
                case Opcode.Add when instruction.BIsImmediate:
                    return ValueOf(instruction.A).Plus(instruction.Immediate);
                case Opcode.Sub when instruction.BIsImmediate:
                    return ValueOf(instruction.A).Plus(unchecked(-instruction.Immediate));
                case Opcode.Add when admitsStrides && instruction.Destination == instruction.A && instruction.A != instruction.B:
                    return Strided(ValueOf(instruction.A), ValueOf(instruction.B));
                case Opcode.Add when admitsStrides && instruction.Destination == instruction.B && instruction.A != instruction.B:
                    return Strided(ValueOf(instruction.B), ValueOf(instruction.A));
                default:
                    return New();
            }
        }

        // The step is what a register holds from the start to the end.
        private Address Strided(Address address, Address step)
        {
            bool isStep = step is { Delta: 0, Times: 0 } && _startOf.ContainsKey(step.Root) && _startOf.ContainsKey(address.Root);
            if (!isStep || (address.Times > 0 && address.StrideRoot != step.Root)) return New();
            return address with { StrideRoot = step.Root, Times = address.Times + 1 };
        }

        private Address ValueOf(Slot slot)
        {
            if (_values.TryGetValue(slot.Index, out var value)) return value;
            if (_mayStart && slot.IsGuest) _startOf[_roots] = slot;
            return _values[slot.Index] = New();
        }

        private Address New() => new(_roots++, 0, 0, 0);
    }

    /// <summary>What is known of a value: a distance, and some steps of a register, from another one.</summary>
    private readonly record struct Address(int Root, long Delta, int StrideRoot, int Times)
    {
        public Address Plus(long distance) => this with { Delta = unchecked(Delta + distance) };
    }
}

/// <summary>Accesses of one kind that share a probe: it admits a window of consecutive bytes on one page.</summary>
/// <param name="first">Index of the first of them, where the probe is.</param>
/// <param name="offset">Its distance from the common base.</param>
/// <param name="size">Its bytes.</param>
internal sealed class AccessGroup(int first, long offset, int size)
{
    private readonly Dictionary<int, long> _offsets = [];
    private long _end = offset + size;

    /// <summary>Index of the operation that probes.</summary>
    public int First { get; } = first;

    /// <summary>Distance of the window's start from the common base.</summary>
    public long Start { get; private set; } = offset;

    /// <summary>The slot that holds the common base where the run of operations starts, if one does.</summary>
    public Slot? Base { get; init; }

    /// <summary>Bytes of the window.</summary>
    public int Span => (int)(_end - Start);

    /// <summary>Accesses in the group.</summary>
    public int Count => _offsets.Count;

    /// <summary>Distance of an access from the common base.</summary>
    /// <param name="index">Index of its operation.</param>
    public long OffsetOf(int index) => _offsets[index];

    /// <summary>Puts an access into the group; its bytes are in the window.</summary>
    public void Add(int index, long offset) => _offsets.Add(index, offset);

    /// <summary>The slot whose value lies between accesses, a number of times, besides what is known of their distances; null for none.</summary>
    public Slot? Stride { get; private set; }

    /// <summary>How many times the last access is away from the first.</summary>
    public int Strides { get; private set; }

    /// <summary>Widens the window, unless it would be wider than <paramref name="limit"/> or stretch by different strides.</summary>
    public bool TryAdd(long offset, int size, Slot? stride, int times, int limit)
    {
        long start = Math.Min(Start, offset);
        long end = Math.Max(_end, unchecked(offset + size));
        if (unchecked(end - start) > limit || end < start) return false;
        if (stride is not null && (Base is null || (Stride is not null && Stride != stride))) return false;
        (Start, _end) = (start, end);
        Stride ??= stride;
        Strides = Math.Max(Strides, times);
        return true;
    }
}

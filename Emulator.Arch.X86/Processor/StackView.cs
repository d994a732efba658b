using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>A stack that the processor pushes to or pops from while nothing is committed yet: the current one, or that of another level.</summary>
internal struct StackView
{
    private readonly X86Cpu _cpu;
    private readonly SegmentCache _segment;
    private readonly ulong _base;
    private readonly ulong _mask;
    private readonly X86MmuIndex _index;
    private readonly bool _is64;
    private readonly bool _checksAlignment;

    /// <summary>A stack by its segment.</summary>
    /// <param name="cpu">Whose.</param>
    /// <param name="segment">SS as it is or will be.</param>
    /// <param name="segmentBase">Its base.</param>
    /// <param name="pointer">RSP.</param>
    /// <param name="cpl">Privilege level of the accesses.</param>
    /// <param name="is64">The pointer has 64 bits and the segment means nothing.</param>
    public StackView(X86Cpu cpu, SegmentCache segment, ulong segmentBase, ulong pointer, int cpl, bool is64)
    {
        _cpu = cpu;
        _segment = segment;
        _base = segmentBase;
        _index = cpu.DataIndexAt(cpl);
        _is64 = is64;
        _checksAlignment = cpl == 3 && ((X86Mode)cpu.Mode).Has(X86Mode.AlignmentCheck);
        _mask = is64 ? ulong.MaxValue : (segment.Attributes & SegmentAttributes.Default32) != 0 ? uint.MaxValue : ushort.MaxValue;
        Pointer = pointer;
    }

    /// <summary>The current stack.</summary>
    public static StackView Current(X86Cpu cpu) => new(
        cpu, cpu.Registers.Segments[X86Cpu.Ss], cpu[X86Slots.SegmentBase(X86Cpu.Ss)], cpu[X86Slots.Rsp], cpu.Registers.Cpl, cpu.Is64BitCode);

    /// <summary>RSP after what has been pushed and popped so far.</summary>
    public ulong Pointer { get; private set; }

    /// <summary>Error code of #SS when an access does not fit.</summary>
    public ulong ErrorCode { get; set; }

    /// <summary>#SS unless the next pushes of a size fit.</summary>
    public readonly GuestFault? CheckPushes(int count, int size)
    {
        for (int i = 1; i <= count; i++)
        {
            if (!Fits(Pointer - (ulong)(i * size), size)) return X86Fault.Stack(ErrorCode);
        }

        return null;
    }

    /// <summary>#SS unless as many bytes can be popped.</summary>
    public readonly GuestFault? CheckPops(int count, int size)
    {
        for (int i = 0; i < count; i++)
        {
            if (!Fits(Pointer + (ulong)(i * size), size)) return X86Fault.Stack(ErrorCode);
        }

        return null;
    }

    public GuestFault? Push(ulong value, int size)
    {
        ulong pointer = Pointer - (ulong)size;
        if (!Fits(pointer, size)) return X86Fault.Stack(ErrorCode);
        if (CheckAlignment(pointer, size) is { } misaligned) return misaligned;
        if (_cpu.WriteLinear(Linear(pointer), size, _index, value) is { } fault) return fault;
        Drop(-size);
        return null;
    }

    public GuestFault? Pop(int size, out ulong value)
    {
        if (Peek(size, out value) is { } fault) return fault;
        Drop(size);
        return null;
    }

    public readonly GuestFault? Peek(int size, out ulong value) => Peek(0, size, out value);

    /// <summary>Reads what is a number of bytes above the pointer.</summary>
    public readonly GuestFault? Peek(int offset, int size, out ulong value)
    {
        value = 0;
        ulong pointer = Pointer + (ulong)offset;
        if (!Fits(pointer, size)) return X86Fault.Stack(ErrorCode);
        return CheckAlignment(pointer, size) ?? _cpu.ReadLinear(Linear(pointer), size, _index, out value);
    }

    /// <summary>Moves the pointer without an access.</summary>
    public void Drop(int bytes) => Pointer = (Pointer & ~_mask) | ((Pointer + (ulong)(long)bytes) & _mask);

    private readonly bool Fits(ulong pointer, int size) => _is64
        ? _cpu.IsCanonical(pointer) && _cpu.IsCanonical(pointer + (ulong)size - 1)
        : X86Cpu.IsWithin(_segment, pointer & _mask, size);

    private readonly GuestFault? CheckAlignment(ulong pointer, int size) =>
        _checksAlignment && (Linear(pointer) & (ulong)(size - 1)) != 0 ? X86Fault.Misaligned(Linear(pointer)) : null;

    private readonly ulong Linear(ulong pointer) => _is64 ? pointer : (uint)(_base + (pointer & _mask));
}

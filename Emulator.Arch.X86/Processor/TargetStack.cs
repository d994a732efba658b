using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>A stack that a change of privilege goes to.</summary>
/// <param name="Segment">SS as it will be.</param>
/// <param name="Base">Its base.</param>
/// <param name="Pointer">RSP as it will be.</param>
/// <param name="Is64">The pointer has 64 bits, the segment means nothing.</param>
/// <param name="Descriptor">The descriptor whose accessed bit has to be set, if it came from one.</param>
internal readonly record struct TargetStack(SegmentCache Segment, ulong Base, ulong Pointer, bool Is64, Descriptor? Descriptor = null)
{
    private const int LongStacksOffset = 4;
    private const int InterruptStacksOffset = 28;

    /// <summary>The stack in use; in IA-32e mode handlers see it with 64 bits.</summary>
    public static TargetStack Current(X86Cpu cpu) => new(
        cpu.Registers.Segments[X86Cpu.Ss], cpu[X86Slots.SegmentBase(X86Cpu.Ss)], cpu[X86Slots.Rsp], cpu.IsLongMode);

    /// <summary>For pushing.</summary>
    public StackView View(X86Cpu cpu, int cpl) => new(cpu, Segment, Base, Pointer, cpl, Is64);

    /// <summary>The stack of a level, from the 16- or 32-bit TSS (Intel SDM volume 3, 7.2.1).</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="cpl">The new level, 0 to 2.</param>
    /// <param name="external">The EXT bit of error codes.</param>
    /// <param name="target">The stack.</param>
    public static GuestFault? FromTss(X86Cpu cpu, int cpl, uint external, out TargetStack target)
    {
        target = default;
        var tss = cpu.Registers.Tr;
        bool is32 = tss.Is32BitTss;
        uint offset = is32 ? ((uint)cpl << 3) + 4 : ((uint)cpl << 2) + 2;
        int size = is32 ? 4 : 2;
        if (offset + (uint)size + 1 > tss.Limit) return X86Fault.InvalidTss((tss.Selector & (uint)X86Cpu.SelectorErrorMask) | external);
        if (cpu.ReadSystem(cpu.LinearOf(tss.Base, offset), size, out ulong pointer) is { } unreadPointer) return unreadPointer;
        if (cpu.ReadSystem(cpu.LinearOf(tss.Base, offset + (uint)size), 2, out ulong selector) is { } unreadSelector) return unreadSelector;
        int ss = (ushort)selector;
        if (Processor.Descriptor.IsNull(ss)) return X86Fault.InvalidTss(external);
        uint error = ((uint)ss & X86Cpu.SelectorErrorMask) | external;
        var refusal = X86Fault.InvalidTss(error);
        if (cpu.ReadDescriptor(ss, refusal, out var descriptor) is { } fault) return fault;
        if (Processor.Descriptor.Rpl(ss) != cpl || descriptor.Dpl != cpl || !descriptor.IsWritableData) return refusal;
        if (!descriptor.IsPresent) return X86Fault.Stack(error);
        target = new TargetStack(descriptor.Cache(ss), descriptor.Base, pointer, false, descriptor);
        return null;
    }

    /// <summary>The stack of a level, or of an interrupt gate, from the 64-bit TSS (7.7).</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="cpl">The new level.</param>
    /// <param name="interruptStack">1 to 7, or 0 for the level's.</param>
    /// <param name="external">The EXT bit of error codes.</param>
    /// <param name="target">The stack.</param>
    public static GuestFault? FromLongTss(X86Cpu cpu, int cpl, int interruptStack, uint external, out TargetStack target)
    {
        target = default;
        var tss = cpu.Registers.Tr;
        uint offset = interruptStack == 0 ? ((uint)cpl << 3) + LongStacksOffset : ((uint)interruptStack << 3) + InterruptStacksOffset;
        if (offset + 7 > tss.Limit) return X86Fault.InvalidTss((tss.Selector & (uint)X86Cpu.SelectorErrorMask) | external);
        if (cpu.ReadSystem(tss.Base + offset, 8, out ulong pointer) is { } fault) return fault;
        if (!cpu.IsCanonical(pointer)) return X86Fault.Stack(external);
        target = new TargetStack(X86Cpu.NullStack(cpl), 0, pointer, true);
        return null;
    }
}

using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <content>Loads of segment registers (Intel SDM volume 3, 3.4 and 5.6).</content>
public sealed partial class X86Cpu
{
    private const int VirtualPrivilege = 3;

    internal int Iopl => (int)((this[X86Slots.ControlFlags] & Eflags.Iopl) >> Eflags.IoplShift);

    /// <summary>What CLI and STI change at the current level: IF, or VIF under VME and PVI, or null for #GP.</summary>
    internal ulong? InterruptFlagForLevel
    {
        get
        {
            if (Registers.Cpl <= Iopl) return Eflags.If;
            ulong extension = IsVirtual8086 ? Cr4.Vme : Cr4.Pvi;
            return Registers.Cpl == 3 && (Registers.Cr4 & extension) != 0 ? Eflags.Vif : null;
        }
    }

    /// <summary>Loads ES, SS, DS, FS or GS as MOV and POP do.</summary>
    internal GuestFault? LoadSegment(int segment, ushort selector)
    {
        if (!IsProtected)
        {
            LoadRealSegment(segment, selector);
            return null;
        }

        return segment == Ss ? LoadStackSegment(selector) : LoadDataSegment(segment, selector);
    }

    /// <summary>In real mode only the base changes, so that limits from protected mode survive; in virtual-8086 mode all is fixed.</summary>
    internal void LoadRealSegment(int segment, ushort selector)
    {
        const SegmentAttributes kept = SegmentAttributes.Default32 | SegmentAttributes.PageGranular;
        var old = Registers.Segments[segment];
        var cache = IsVirtual8086
            ? new SegmentCache(selector, RealLimit, SegmentAttributes.RealMode | SegmentAttributes.OfDpl(VirtualPrivilege))
            : new SegmentCache(selector, old.Limit, (old.Attributes & kept) | SegmentAttributes.RealMode);
        SetSegment(segment, cache, (ulong)selector << 4);
    }

    /// <summary>Makes a segment register null: unusable, but the limit stays for real mode.</summary>
    internal void SetNullSegment(int segment, int selector) =>
        SetSegment(segment, Registers.Segments[segment] with { Selector = (ushort)selector, Attributes = SegmentAttributes.None }, 0);

    /// <summary>A null SS in 64-bit mode.</summary>
    internal static SegmentCache NullStack(int cpl) => new((ushort)cpl, uint.MaxValue, SegmentAttributes.OfDpl(cpl));

    private GuestFault? LoadDataSegment(int segment, ushort selector)
    {
        if (Descriptor.IsNull(selector))
        {
            SetNullSegment(segment, selector);
            return null;
        }

        uint error = (uint)selector & SelectorErrorMask;
        var refusal = X86Fault.GeneralProtection(error);
        if (ReadDescriptor(selector, refusal, out var descriptor) is { } unread) return unread;
        if (!descriptor.IsReadable) return refusal;
        if (!descriptor.IsConforming && Math.Max(Descriptor.Rpl(selector), Registers.Cpl) > descriptor.Dpl) return refusal;
        if (!descriptor.IsPresent) return X86Fault.NotPresent(error);
        if (MarkAccessed(descriptor) is { } unmarked) return unmarked;
        SetSegment(segment, descriptor.Cache(selector), descriptor.Base);
        return null;
    }

    private GuestFault? LoadStackSegment(ushort selector)
    {
        int rpl = Descriptor.Rpl(selector);
        if (Descriptor.IsNull(selector))
        {
            if (!Is64BitCode || Registers.Cpl == 3 || rpl != Registers.Cpl) return X86Fault.GeneralProtection();
            SetSegment(Ss, NullStack(rpl), 0);
            return null;
        }

        if (CheckStackSegment(selector, Registers.Cpl, out var descriptor) is { } fault) return fault;
        if (MarkAccessed(descriptor) is { } unmarked) return unmarked;
        SetSegment(Ss, descriptor.Cache(selector), descriptor.Base);
        return null;
    }

    /// <summary>Checks a selector that is not null for SS at a privilege level.</summary>
    internal GuestFault? CheckStackSegment(ushort selector, int cpl, out Descriptor descriptor)
    {
        uint error = (uint)selector & SelectorErrorMask;
        var refusal = X86Fault.GeneralProtection(error);
        if (ReadDescriptor(selector, refusal, out descriptor) is { } unread) return unread;
        if (Descriptor.Rpl(selector) != cpl || !descriptor.IsWritableData || descriptor.Dpl != cpl) return refusal;
        return descriptor.IsPresent ? null : X86Fault.Stack(error);
    }

    /// <summary>
    /// After a return to an outer level: segments that it may not use become null. Unlike a load of null, which clears the base,
    /// that leaves FS and GS their bases, as processors do and 64-bit systems with a selector in GS rely on.
    /// </summary>
    internal void DropInnerSegments()
    {
        foreach (int segment in (ReadOnlySpan<int>)[Es, Ds, Fs, Gs])
        {
            var attributes = Registers.Segments[segment].Attributes;
            const SegmentAttributes conforming = SegmentAttributes.Code | SegmentAttributes.ExpandDown;
            if (attributes == SegmentAttributes.None) continue; // null already: FS and GS keep their bases
            if (attributes.Dpl >= Registers.Cpl || (attributes & conforming) == conforming) continue;
            ulong kept = segment is Fs or Gs ? this[X86Slots.SegmentBase(segment)] : 0;
            SetNullSegment(segment, 0);
            if (kept != 0) SetSegment(segment, Registers.Segments[segment], kept);
        }
    }

    /// <summary>EIP or RIP of a linear address in the current code segment.</summary>
    internal ulong PointerOf(ulong linear) => Is64BitCode ? linear : (uint)(linear - this[X86Slots.SegmentBase(Cs)]);

    /// <summary>Goes on at an EIP or RIP in the current code segment.</summary>
    internal void JumpTo(ulong pointer) => ProgramCounter = Is64BitCode ? pointer : (uint)(this[X86Slots.SegmentBase(Cs)] + pointer);

    /// <summary>Clears bits of EFLAGS that are not arithmetic.</summary>
    internal void ClearFlags(ulong bits)
    {
        this[X86Slots.ControlFlags] &= ~bits;
        UpdateMode();
    }

    /// <summary>Sets the bits of a mask in EFLAGS.</summary>
    internal void ReplaceFlags(ulong value, ulong mask)
    {
        EFlags = (EFlags & ~mask) | (value & mask);
        LookAtInterrupts();
    }
}

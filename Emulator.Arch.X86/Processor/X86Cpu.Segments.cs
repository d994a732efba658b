using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <content>Checks of accesses to segments (Intel SDM volume 3, 5.3).</content>
public sealed partial class X86Cpu
{
    /// <summary>The linear address of an access, or the fault that it raises.</summary>
    internal bool TryGetLinear(SegmentAccess access, ulong offset, out ulong linear, out GuestFault fault)
    {
        var cache = Registers.Segments[access.Segment];
        linear = (uint)(this[X86Slots.SegmentBase(access.Segment)] + offset);
        fault = X86Fault.Of(access.Segment == Ss ? X86Exception.StackFault : X86Exception.GeneralProtection);
        bool isCode = (cache.Attributes & SegmentAttributes.Code) != 0;
        bool isPermitted = (cache.Attributes & SegmentAttributes.Present) != 0
            && (access.IsWrite
                ? !isCode && (cache.Attributes & SegmentAttributes.Writable) != 0
                : !isCode || (cache.Attributes & SegmentAttributes.Writable) != 0);
        if (!_mode.Has(X86Mode.Protected) || _mode.Has(X86Mode.Virtual8086)) isPermitted = true;
        if (!isPermitted) return false;
        return IsWithin(cache, offset, access.Bytes);
    }

    /// <summary>True when bytes at an offset lie within a segment's limit.</summary>
    internal static bool IsWithin(SegmentCache cache, ulong offset, int bytes)
    {
        ulong last = offset + (ulong)bytes - 1;
        bool isExpandDown = (cache.Attributes & (SegmentAttributes.Code | SegmentAttributes.ExpandDown)) == SegmentAttributes.ExpandDown;
        if (!isExpandDown) return last <= cache.Limit;
        ulong top = (cache.Attributes & SegmentAttributes.Default32) != 0 ? uint.MaxValue : ushort.MaxValue;
        return offset > cache.Limit && last <= top;
    }

    /// <summary>True for an address whose upper bits equal the highest translated one.</summary>
    internal bool IsCanonical(ulong address)
    {
        int unused = (Registers.Cr4 & Cr4.La57) != 0 ? 7 : 16;
        return (ulong)((long)(address << unused) >> unused) == address;
    }

    /// <summary>
    /// True for an address that registers may be loaded with: canonical for the widest addresses that the processor has, whatever paging
    /// is in use (5-Level Paging white paper, 2.3.2).
    /// </summary>
    internal bool IsCanonicalForRegister(ulong address)
    {
        int unused = Features.HasFiveLevelPaging ? 7 : 16;
        return (ulong)((long)(address << unused) >> unused) == address;
    }
}

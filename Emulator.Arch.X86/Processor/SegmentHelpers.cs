using System.Runtime.CompilerServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <summary>An access to a segment, as the first argument of <see cref="SegmentHelpers.LinearAddress"/>.</summary>
/// <param name="Segment">Number as in encodings.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="IsWrite">Whether it writes.</param>
internal readonly record struct SegmentAccess(int Segment, int Bytes, bool IsWrite)
{
    private const int BytesShift = 8;
    private const int WriteShift = 32;

    public long Pack() => (long)(uint)Segment | ((long)Bytes << BytesShift) | (IsWrite ? 1L << WriteShift : 0);

    public static SegmentAccess Unpack(ulong packed) => new((int)(packed & 0xff), (int)(packed >> BytesShift) & 0xffff, ((packed >> WriteShift) & 1) != 0);
}

/// <summary>Checks of segments that are not flat, and of addresses.</summary>
internal static class SegmentHelpers
{
    /// <summary>(<see cref="SegmentAccess"/>, offset): the linear address; #GP or #SS when the segment does not admit the access.</summary>
    public static readonly Helper LinearAddress = X86Helpers.Register(LinearAddressOf, HelperEffects.MayFault | HelperEffects.ReadsSlots);

    /// <summary>(linear address, length): #GP unless an instruction lies within CS.</summary>
    public static readonly Helper CheckFetch = X86Helpers.Register(CheckFetchOf, HelperEffects.MayFault | HelperEffects.ReadsSlots);

    /// <summary>(EIP): #GP unless it lies within CS.</summary>
    public static readonly Helper CheckTarget = X86Helpers.Register(CheckTargetOf, HelperEffects.MayFault);

    /// <summary>(0 if it is surely canonical, RIP): #GP unless it is canonical.</summary>
    public static readonly Helper CheckCanonicalTarget = X86Helpers.Register(
        CheckCanonicalTargetOf, HelperEffects.MayFault | HelperEffects.OnCondition);

    /// <summary>
    /// (0 if it is surely canonical, RIP, linear address of the return address): #GP unless it is canonical, but first what the push of
    /// the return address raises.
    /// </summary>
    public static readonly Helper CheckCanonicalCall = X86Helpers.Register(
        CheckCanonicalCallOf, HelperEffects.MayFault | HelperEffects.Memory | HelperEffects.OnCondition);

    /// <summary>(linear address, mask): #AC if any bit of the mask is set in the address.</summary>
    public static readonly Helper CheckAlignment = X86Helpers.Register(CheckAlignmentOf, HelperEffects.MayFault);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LinearAddressOf(VirtualCpu cpu, ulong access, ulong offset, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        if (x86.TryGetLinear(SegmentAccess.Unpack(access), offset, out ulong linear, out var fault)) return linear;
        cpu.RaiseFault(fault);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckFetchOf(VirtualCpu cpu, ulong linear, ulong length, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        uint start = (uint)(linear - cpu[X86Slots.SegmentBase(X86Cpu.Cs)]);
        if (start + length - 1 > x86.SegmentLimit(X86Cpu.Cs)) cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckTargetOf(VirtualCpu cpu, ulong pointer, ulong b, ulong c)
    {
        if (pointer > ((X86Cpu)cpu).SegmentLimit(X86Cpu.Cs)) cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckCanonicalTargetOf(VirtualCpu cpu, ulong isDoubtful, ulong pointer, ulong c)
    {
        if (!((X86Cpu)cpu).IsCanonical(pointer)) cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckCanonicalCallOf(VirtualCpu cpu, ulong isDoubtful, ulong pointer, ulong top)
    {
        const ulong alignment = sizeof(ulong) - 1;
        if (((X86Cpu)cpu).IsCanonical(pointer)) return 0;
        var mode = (X86Mode)cpu.Mode;
        if (mode.Has(X86Mode.AlignmentCheck) && (top & alignment) != 0) cpu.RaiseFault(X86Fault.Misaligned(top));
        else if (cpu.TryProbeWrite(new GuestVirtualAddress(top), sizeof(ulong), mode.MmuIndexNumber)) cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckAlignmentOf(VirtualCpu cpu, ulong linear, ulong mask, ulong c)
    {
        if ((linear & mask) != 0) cpu.RaiseFault(X86Fault.Misaligned(linear));
        return 0;
    }
}

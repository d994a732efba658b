using System.Runtime.CompilerServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Processor;

/// <summary>Loads of segment registers, far transfers, checks of selectors. Those that transfer control set the program counter.</summary>
internal static class SegmentLoadHelpers
{
    /// <summary>(selector, segment, next): MOV and POP to ES, SS, DS, FS, GS; a block must leave after it.</summary>
    public static readonly Helper Load = X86Helpers.Register(LoadOf, InterruptHelpers.All);

    /// <summary>(<see cref="FarTarget"/>, offset, next): far JMP or CALL.</summary>
    public static readonly Helper GoFar = X86Helpers.Register(GoFarOf, InterruptHelpers.All);

    /// <summary>(operand size, bytes to release, next): far RET.</summary>
    public static readonly Helper ReturnFar = X86Helpers.Register(ReturnFarOf, InterruptHelpers.All);

    /// <summary>(selector): access rights as LAR gives them, with bit 32 set if it may look at the segment.</summary>
    public static readonly Helper AccessRights = X86Helpers.Register(AccessRightsOf, InterruptHelpers.All);

    /// <summary>(selector): the limit as LSL gives it, with bit 32 set if it may look at the segment.</summary>
    public static readonly Helper Limit = X86Helpers.Register(LimitOf, InterruptHelpers.All);

    /// <summary>(selector, for writing): 1 if VERR or VERW finds the segment usable.</summary>
    public static readonly Helper Verify = X86Helpers.Register(VerifyOf, InterruptHelpers.All);

    /// <summary>(<see cref="SegmentAccess"/> with a condition at <see cref="ConditionBit"/>, offset, value): stores if the condition is 1.</summary>
    public static readonly Helper StoreIf = X86Helpers.Register(StoreIfOf, InterruptHelpers.All);

    /// <summary>Where the condition of <see cref="StoreIf"/> is.</summary>
    public const int ConditionBit = 48;

    /// <summary>Set in the result of a query that succeeded.</summary>
    public const int ValidBit = 32;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LoadOf(VirtualCpu cpu, ulong selector, ulong segment, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        if (x86.LoadSegment((int)segment, (ushort)selector) is { } fault) cpu.RaiseFault(fault);
        else if (segment == X86Cpu.Ss) x86.BeginInterruptShadow(next, holdsDebugTraps: true);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong StoreIfOf(VirtualCpu cpu, ulong packed, ulong offset, ulong value)
    {
        var x86 = (X86Cpu)cpu;
        var access = SegmentAccess.Unpack(packed & ((1ul << ConditionBit) - 1));
        if (packed >> ConditionBit == 0) return 0;
        if (x86.TryGetLinear(access, offset, out ulong linear, out var fault))
        {
            x86.Finish(x86.WriteLinear(linear, access.Bytes, (X86MmuIndex)((X86Mode)cpu.Mode).MmuIndexNumber, value));
            return 0;
        }

        cpu.RaiseFault(fault);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong GoFarOf(VirtualCpu cpu, ulong packed, ulong offset, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        var target = FarTarget.Unpack(packed);
        x86.Finish(FarTransfer.Go(x86, target.Selector, offset, target.Bytes, target.IsCall, next));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReturnFarOf(VirtualCpu cpu, ulong size, ulong released, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(FarReturn.Return(x86, (int)size, (int)released));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong AccessRightsOf(VirtualCpu cpu, ulong selector, ulong b, ulong c)
    {
        const ulong rightsMask = 0x00f0_ff00;
        var x86 = (X86Cpu)cpu;
        if (!SelectorQuery.TryFind(x86, (ushort)selector, SelectorQuery.HasRights, out var descriptor)) return 0;
        return ((descriptor.Low >> 32) & rightsMask) | (1ul << ValidBit);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LimitOf(VirtualCpu cpu, ulong selector, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        return SelectorQuery.TryFind(x86, (ushort)selector, SelectorQuery.HasLimit, out var descriptor) ? descriptor.Limit | (1ul << ValidBit) : 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong VerifyOf(VirtualCpu cpu, ulong selector, ulong isWrite, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        if (!SelectorQuery.TryFind(x86, (ushort)selector, static (descriptor, _) => !descriptor.IsSystem, out var descriptor)) return 0;
        return (isWrite != 0 ? descriptor.IsWritableData : descriptor.IsReadable) ? 1u : 0;
    }
}

/// <summary>A far pointer's selector and what is done with it, as the argument of <see cref="SegmentLoadHelpers.GoFar"/>.</summary>
/// <param name="Selector">The selector.</param>
/// <param name="Bytes">Operand size.</param>
/// <param name="IsCall">CALL, not JMP.</param>
internal readonly record struct FarTarget(ushort Selector, int Bytes, bool IsCall)
{
    /// <summary>Where the other fields begin.</summary>
    public const int DetailShift = 16;
    private const int CallBit = 8;

    /// <summary>The fields besides the selector, which may be known only at run time.</summary>
    public static long PackDetail(int bytes, bool isCall) => ((long)bytes | (isCall ? 1L << CallBit : 0)) << DetailShift;

    public static FarTarget Unpack(ulong packed) => new(
        (ushort)packed, (byte)(packed >> DetailShift), ((packed >> (DetailShift + CallBit)) & 1) != 0);
}

/// <summary>Which descriptors LAR, LSL, VERR and VERW may look at (Intel SDM volume 2).</summary>
internal static class SelectorQuery
{
    /// <summary>Finds a descriptor; a page fault on the way is raised, everything else only means no.</summary>
    public static bool TryFind(X86Cpu cpu, ushort selector, Func<Descriptor, bool, bool> isKind, out Descriptor descriptor)
    {
        descriptor = default;
        if (Descriptor.IsNull(selector)) return false;
        if (cpu.ReadDescriptor(selector, default, out descriptor) is { } fault)
        {
            if (fault != default) cpu.RaiseFault(fault);
            return false;
        }

        if (!isKind(descriptor, cpu.IsLongMode)) return false;
        return descriptor.IsConforming || Math.Max(cpu.Registers.Cpl, Descriptor.Rpl(selector)) <= descriptor.Dpl;
    }

    /// <summary>The types that LAR knows.</summary>
    public static bool HasRights(Descriptor descriptor, bool isLongMode) => !descriptor.IsSystem || descriptor.Type switch
    {
        SystemType.Ldt or SystemType.Tss32 or SystemType.BusyTss32 or SystemType.CallGate32 => true,
        SystemType.Tss16 or SystemType.BusyTss16 or SystemType.CallGate16 or SystemType.TaskGate => !isLongMode,
        _ => false,
    };

    /// <summary>The types that LSL knows: not gates.</summary>
    public static bool HasLimit(Descriptor descriptor, bool isLongMode) => HasRights(descriptor, isLongMode)
        && !(descriptor.IsSystem && descriptor.Type is SystemType.CallGate16 or SystemType.CallGate32 or SystemType.TaskGate);
}

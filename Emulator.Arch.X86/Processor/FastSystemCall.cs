using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>SYSCALL, SYSRET, SYSENTER, SYSEXIT (Intel SDM volume 2; volume 3, 5.8.7 and 5.8.8).</summary>
internal static class FastSystemCall
{
    private const ulong ReturnFlags = Eflags.Implemented & ~(Eflags.Rf | Eflags.Vm);
    private const int StackOffset = 8;
    private const int R11 = 11;
    private const int Rdx = 2;

    /// <summary>SYSCALL: from 64-bit code alone, as Intel's processors have it.</summary>
    public static GuestFault? Call(X86Cpu cpu, ulong next)
    {
        ref readonly var msrs = ref cpu.Registers.Msrs;
        if (!cpu.Is64BitCode || (cpu.Registers.Efer & Efer.Sce) == 0) return X86Fault.Of(X86Exception.InvalidOpcode);
        ulong flags = cpu.EFlags;
        cpu[X86Slots.Rcx] = next;
        cpu[X86Slots.General64(R11)] = flags & ~Eflags.Rf;
        int selector = (ushort)(msrs.Star >> 32) & ~3;
        Enter(cpu, selector, 0, is64: true, is32: false);
        cpu.EFlags = flags & ~msrs.SfMask & ~Eflags.Rf;
        cpu.ProgramCounter = msrs.LStar;
        cpu.TraceByFinalFlags();
        return null;
    }

    /// <summary>SYSRET to 64-bit code or to 32-bit code; at level 0.</summary>
    public static GuestFault? Return(X86Cpu cpu, int size)
    {
        const int longOffset = 16;
        if (!cpu.Is64BitCode || (cpu.Registers.Efer & Efer.Sce) == 0) return X86Fault.Of(X86Exception.InvalidOpcode);
        ulong target = cpu[X86Slots.Rcx];
        if (size == 8 && !cpu.IsCanonical(target)) return X86Fault.GeneralProtection();
        int selector = (ushort)(cpu.Registers.Msrs.Star >> 48);
        SetCode(cpu, (selector + (size == 8 ? longOffset : 0)) | 3, 3, is64: size == 8, is32: size != 8);
        SetStack(cpu, (selector + StackOffset) | 3, 3);
        cpu.ReplaceFlags(cpu[X86Slots.General64(R11)], ReturnFlags);
        cpu.ProgramCounter = size == 8 ? target : (uint)target;
        cpu.TraceByFinalFlags();
        return null;
    }

    /// <summary>SYSENTER.</summary>
    public static GuestFault? Enter(X86Cpu cpu)
    {
        ref readonly var msrs = ref cpu.Registers.Msrs;
        int selector = (ushort)msrs.SysenterCs & ~3;
        if ((cpu.Registers.Cr0 & Cr0.Pe) == 0 || selector == 0) return X86Fault.GeneralProtection();
        bool isLong = cpu.IsLongMode;
        cpu.ClearFlags(Eflags.Vm | Eflags.If | Eflags.Rf);
        Enter(cpu, selector, 0, is64: isLong, is32: !isLong);
        cpu[X86Slots.Rsp] = isLong ? msrs.SysenterEsp : (uint)msrs.SysenterEsp;
        cpu.JumpTo(isLong ? msrs.SysenterEip : (uint)msrs.SysenterEip);
        return null;
    }

    /// <summary>SYSEXIT to 64-bit code or to 32-bit code; at level 0.</summary>
    public static GuestFault? Exit(X86Cpu cpu, int size)
    {
        const int shortOffset = 16;
        const int longOffset = 32;
        int selector = (ushort)cpu.Registers.Msrs.SysenterCs & ~3;
        if (!cpu.IsProtected || selector == 0) return X86Fault.GeneralProtection();
        ulong target = cpu[X86Slots.General64(Rdx)];
        ulong stack = cpu[X86Slots.Rcx];
        if (size == 8 && !(cpu.IsCanonical(target) && cpu.IsCanonical(stack))) return X86Fault.GeneralProtection();
        int code = (selector + (size == 8 ? longOffset : shortOffset)) | 3;
        SetCode(cpu, code, 3, is64: size == 8, is32: size != 8);
        SetStack(cpu, code + StackOffset, 3);
        cpu[X86Slots.Rsp] = size == 8 ? stack : (uint)stack;
        cpu.JumpTo(size == 8 ? target : (uint)target);
        return null;
    }

    private static void Enter(X86Cpu cpu, int selector, int cpl, bool is64, bool is32)
    {
        SetCode(cpu, selector, cpl, is64, is32);
        SetStack(cpu, selector + StackOffset, cpl);
    }

    // No descriptor is read: the segments are flat by definition.
    private static void SetCode(X86Cpu cpu, int selector, int cpl, bool is64, bool is32)
    {
        var attributes = SegmentAttributes.RealMode | SegmentAttributes.Code | SegmentAttributes.PageGranular | SegmentAttributes.OfDpl(cpl);
        if (is64) attributes |= SegmentAttributes.Long;
        if (is32) attributes |= SegmentAttributes.Default32;
        cpu.Registers.Cpl = (byte)cpl;
        cpu.SetSegment(X86Cpu.Cs, new SegmentCache((ushort)selector, uint.MaxValue, attributes), 0);
    }

    private static void SetStack(X86Cpu cpu, int selector, int cpl) => cpu.SetSegment(
        X86Cpu.Ss,
        new SegmentCache(
            (ushort)selector, uint.MaxValue,
            SegmentAttributes.RealMode | SegmentAttributes.PageGranular | SegmentAttributes.Default32 | SegmentAttributes.OfDpl(cpl)),
        0);
}

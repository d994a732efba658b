using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>IRET, IRETD and IRETQ in all modes (Intel SDM volume 2).</summary>
internal static class InterruptReturn
{
    /// <summary>Returns.</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="size">Operand size in bytes.</param>
    /// <param name="next">Linear address of the next instruction, where a nested task would go on.</param>
    public static GuestFault? Return(X86Cpu cpu, int size, ulong next)
    {
        cpu.Registers.IsNmiBlocked = false; // also by an IRET that faults or switches tasks (volume 3, 6.7.1)
        cpu.LookAtInterrupts();
        if (cpu.IsVirtual8086)
        {
            if (cpu.Iopl == 3) return ReturnReal(cpu, size);
            return size == 2 && (cpu.Registers.Cr4 & Cr4.Vme) != 0 ? Virtual8086Mode.Return(cpu) : X86Fault.GeneralProtection();
        }

        if (!cpu.IsProtected) return ReturnReal(cpu, size);
        if ((cpu[X86Slots.ControlFlags] & Eflags.Nt) != 0) return TaskSwitch.Return(cpu, next);
        var stack = StackView.Current(cpu);
        if (stack.CheckPops(3, size) is { } noRoom) return noRoom;
        if (stack.Peek(2 * size, size, out ulong flags) is { } noFlags) return noFlags; // the order shows when several fault
        if (stack.Peek(size, size, out ulong selector) is { } noSelector) return noSelector;
        if (stack.Peek(size, out ulong pointer) is { } noPointer) return noPointer;
        stack.Drop(3 * size);
        bool isToVirtual = size == 4 && (flags & Eflags.Vm) != 0 && cpu.Registers.Cpl == 0 && !cpu.IsLongMode;
        return isToVirtual
            ? ReturnToVirtual(cpu, ref stack, pointer, (ushort)selector, flags)
            : ReturnProtected(cpu, ref stack, pointer, (ushort)selector, flags, size);
    }

    /// <summary>The bits of EFLAGS that IRET and POPF load at the current privilege.</summary>
    public static ulong WritableFlags(X86Cpu cpu, int size)
    {
        ulong mask = Eflags.Arithmetic | Eflags.Tf | Eflags.Df | Eflags.Nt;
        if (size > 2) mask |= Eflags.Rf | Eflags.Ac | Eflags.Id;
        if (cpu.Registers.Cpl <= cpu.Iopl) mask |= Eflags.If;
        if (cpu.Registers.Cpl == 0) mask |= size > 2 ? Eflags.Iopl | Eflags.Vif | Eflags.Vip : Eflags.Iopl;
        return mask;
    }

    private static GuestFault? ReturnReal(X86Cpu cpu, int size)
    {
        var stack = StackView.Current(cpu);
        if (stack.CheckPops(3, size) is { } noRoom) return noRoom;
        if (stack.Pop(size, out ulong pointer) is { } noPointer) return noPointer;
        if (stack.Pop(size, out ulong selector) is { } noSelector) return noSelector;
        if (stack.Pop(size, out ulong flags) is { } noFlags) return noFlags;
        if (pointer > (cpu.IsVirtual8086 ? ushort.MaxValue : cpu.SegmentLimit(X86Cpu.Cs))) return X86Fault.GeneralProtection();
        ulong mask = WritableFlags(cpu, size) & ~(Eflags.Vif | Eflags.Vip);
        cpu.LoadRealSegment(X86Cpu.Cs, (ushort)selector);
        cpu[X86Slots.Rsp] = stack.Pointer;
        Finish(cpu, pointer, flags, mask);
        return null;
    }

    private static GuestFault? ReturnToVirtual(X86Cpu cpu, ref StackView stack, ulong pointer, ushort selector, ulong flags)
    {
        const int size = 4;
        if (stack.CheckPops(6, size) is { } noRoom) return noRoom;
        if (stack.Pop(size, out ulong stackPointer) is { } noStack) return noStack;
        Span<ushort> selectors = stackalloc ushort[6];
        selectors[X86Cpu.Cs] = selector;
        foreach (int segment in (ReadOnlySpan<int>)[X86Cpu.Ss, X86Cpu.Es, X86Cpu.Ds, X86Cpu.Fs, X86Cpu.Gs])
        {
            if (stack.Pop(size, out ulong word) is { } fault) return fault;
            selectors[segment] = (ushort)word;
        }

        if (pointer > ushort.MaxValue) return X86Fault.GeneralProtection();
        ulong mask = WritableFlags(cpu, size) | Eflags.Vm;
        cpu.Registers.Cpl = 3;
        cpu.EFlags = (cpu.EFlags & ~mask) | (flags & mask);
        for (int i = 0; i < selectors.Length; i++) cpu.LoadRealSegment(i, selectors[i]);
        cpu[X86Slots.Rsp] = stackPointer;
        Finish(cpu, pointer, flags, mask);
        return null;
    }

    private static GuestFault? ReturnProtected(X86Cpu cpu, ref StackView stack, ulong pointer, ushort selector, ulong flags, int size)
    {
        if (FarReturn.CheckCode(cpu, selector, out var code) is { } badCode) return badCode;
        ulong mask = WritableFlags(cpu, size);
        int cpl = Descriptor.Rpl(selector);
        if (cpl == cpu.Registers.Cpl && !cpu.Is64BitCode)
        {
            if (FarReturn.CheckPointer(cpu, code, pointer) is { } badPointer) return badPointer;
            if (cpu.MarkAccessed(code) is { } unmarked) return unmarked;
            cpu[X86Slots.Rsp] = stack.Pointer;
            cpu.SetSegment(X86Cpu.Cs, code.Cache(selector), code.Base);
        }
        else
        {
            if (stack.CheckPops(2, size) is { } noRoom) return noRoom;
            if (stack.Pop(size, out ulong stackPointer) is { } noPointer) return noPointer;
            if (stack.Pop(size, out ulong stackWord) is { } noSelector) return noSelector;
            ushort stackSelector = (ushort)stackWord;
            if (FarReturn.CheckPointer(cpu, code, pointer) is { } badPointer) return badPointer; // before SS: the order shows when both are bad
            if (FarReturn.CheckStack(cpu, stackSelector, code, cpl, out var descriptor) is { } badStack) return badStack;
            if (FarReturn.Commit(cpu, selector, code, stackSelector, descriptor, stackPointer) is { } uncommitted) return uncommitted;
        }

        Finish(cpu, pointer, flags, mask);
        return null;
    }

    private static void Finish(X86Cpu cpu, ulong pointer, ulong flags, ulong mask)
    {
        // RF lasts for one instruction, which only an instruction breakpoint there can tell
        if (!cpu.HasInstructionBreakpoints) mask &= ~Eflags.Rf;
        cpu.ReplaceFlags(flags, mask);
        cpu.JumpTo(pointer);
    }
}

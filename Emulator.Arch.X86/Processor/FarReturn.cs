using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>RET far (Intel SDM volume 2; volume 3, 5.8.6), and what IRET shares with it.</summary>
internal static class FarReturn
{
    /// <summary>Returns.</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="size">Operand size in bytes.</param>
    /// <param name="released">Bytes of parameters to drop.</param>
    public static GuestFault? Return(X86Cpu cpu, int size, int released)
    {
        var stack = StackView.Current(cpu);
        if (stack.CheckPops(2, size) is { } noRoom) return noRoom;
        if (stack.Peek(size, size, out ulong selectorWord) is { } noSelector) return noSelector; // the order shows when both fault
        if (stack.Peek(size, out ulong pointer) is { } noPointer) return noPointer;
        stack.Drop(2 * size);
        ushort selector = (ushort)selectorWord;
        if (!cpu.IsProtected)
        {
            if (pointer > (cpu.IsVirtual8086 ? ushort.MaxValue : cpu.SegmentLimit(X86Cpu.Cs))) return X86Fault.GeneralProtection();
            stack.Drop(released);
            cpu.LoadRealSegment(X86Cpu.Cs, selector);
            cpu[X86Slots.Rsp] = stack.Pointer;
            cpu.JumpTo(pointer);
            return null;
        }

        if (CheckCode(cpu, selector, out var code) is { } badCode) return badCode;
        stack.Drop(released);
        if (Descriptor.Rpl(selector) > cpu.Registers.Cpl) return ReturnOutside(cpu, ref stack, selector, code, pointer, size, released);
        if (CheckPointer(cpu, code, pointer) is { } badPointer) return badPointer;
        if (cpu.MarkAccessed(code) is { } unmarked) return unmarked;
        cpu[X86Slots.Rsp] = stack.Pointer;
        cpu.SetSegment(X86Cpu.Cs, code.Cache(selector), code.Base);
        cpu.JumpTo(pointer);
        return null;
    }

    /// <summary>Checks the code segment that is returned to; its RPL is the new privilege level.</summary>
    public static GuestFault? CheckCode(X86Cpu cpu, ushort selector, out Descriptor code)
    {
        code = default;
        if (Descriptor.IsNull(selector)) return X86Fault.GeneralProtection();
        uint error = (uint)selector & X86Cpu.SelectorErrorMask;
        var refusal = X86Fault.GeneralProtection(error);
        if (cpu.ReadDescriptor(selector, refusal, out code) is { } unread) return unread;
        int rpl = Descriptor.Rpl(selector);
        if (!code.IsCode || rpl < cpu.Registers.Cpl || (code.IsConforming ? code.Dpl > rpl : code.Dpl != rpl)) return refusal;
        if (cpu.IsLongMode && code.Has(SegmentAttributes.Long) && code.Has(SegmentAttributes.Default32)) return refusal;
        return code.IsPresent ? null : X86Fault.NotPresent(error);
    }

    /// <summary>The instruction pointer must lie within the code segment.</summary>
    public static GuestFault? CheckPointer(X86Cpu cpu, Descriptor code, ulong pointer) =>
        (cpu.IsLongMode && code.Is64BitCode ? cpu.IsCanonical(pointer) : pointer <= code.Limit) ? null : X86Fault.GeneralProtection();

    /// <summary>Checks the stack segment that is returned to: null is possible in 64-bit code below level 3.</summary>
    public static GuestFault? CheckStack(X86Cpu cpu, ushort selector, Descriptor code, int cpl, out Descriptor? descriptor)
    {
        descriptor = null;
        if (Descriptor.IsNull(selector))
        {
            bool isPossible = cpu.IsLongMode && code.Is64BitCode && cpl != 3 && Descriptor.Rpl(selector) == cpl;
            return isPossible ? null : X86Fault.GeneralProtection();
        }

        var fault = cpu.CheckStackSegment(selector, cpl, out var found);
        descriptor = found;
        return fault;
    }

    /// <summary>Commits a return to an outer level.</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="selector">CS.</param>
    /// <param name="code">Its descriptor.</param>
    /// <param name="stackSelector">SS.</param>
    /// <param name="stackDescriptor">Its descriptor; null for a null selector.</param>
    /// <param name="stackPointer">RSP as popped.</param>
    public static GuestFault? Commit(
        X86Cpu cpu, ushort selector, Descriptor code, ushort stackSelector, Descriptor? stackDescriptor, ulong stackPointer)
    {
        if (cpu.MarkAccessed(code) is { } unmarked) return unmarked;
        if (stackDescriptor is { } marked && cpu.MarkAccessed(marked) is { } unmarkedStack) return unmarkedStack;
        cpu.Registers.Cpl = (byte)Descriptor.Rpl(selector);
        if (stackDescriptor is { } descriptor) cpu.SetSegment(X86Cpu.Ss, descriptor.Cache(stackSelector), descriptor.Base);
        else cpu.SetSegment(X86Cpu.Ss, X86Cpu.NullStack(cpu.Registers.Cpl), 0);
        cpu.SetSegment(X86Cpu.Cs, code.Cache(selector), code.Base);
        bool is32BitStack = cpu.Is64BitCode || (cpu.Registers.Segments[X86Cpu.Ss].Attributes & SegmentAttributes.Default32) != 0;
        cpu[X86Slots.Rsp] = is32BitStack ? stackPointer : (cpu[X86Slots.Rsp] & ~0xfffful) | (ushort)stackPointer;
        cpu.DropInnerSegments();
        return null;
    }

    private static GuestFault? ReturnOutside(
        X86Cpu cpu, ref StackView stack, ushort selector, Descriptor code, ulong pointer, int size, int released)
    {
        if (stack.CheckPops(2, size) is { } noRoom) return noRoom;
        if (stack.Pop(size, out ulong stackPointer) is { } noPointer) return noPointer;
        if (stack.Pop(size, out ulong stackWord) is { } noSelector) return noSelector;
        ushort stackSelector = (ushort)stackWord;
        int cpl = Descriptor.Rpl(selector);
        if (CheckStack(cpu, stackSelector, code, cpl, out var descriptor) is { } badStack) return badStack;
        if (CheckPointer(cpu, code, pointer) is { } badPointer) return badPointer;
        if (Commit(cpu, selector, code, stackSelector, descriptor, stackPointer) is { } uncommitted) return uncommitted;
        var outer = StackView.Current(cpu);
        outer.Drop(released);
        cpu[X86Slots.Rsp] = outer.Pointer;
        cpu.JumpTo(pointer);
        return null;
    }
}

using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>Far JMP and CALL (Intel SDM volume 2; volume 3, 5.8).</summary>
internal static class FarTransfer
{
    /// <summary>Goes to a far pointer, or through the gate or to the task that its selector names.</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="selector">Selector of the pointer.</param>
    /// <param name="offset">Its offset, zero-extended from the operand size.</param>
    /// <param name="size">Operand size in bytes.</param>
    /// <param name="isCall">CALL: the return address is pushed.</param>
    /// <param name="next">Linear address of the next instruction.</param>
    public static GuestFault? Go(X86Cpu cpu, ushort selector, ulong offset, int size, bool isCall, ulong next)
    {
        if (!cpu.IsProtected) return GoReal(cpu, selector, offset, size, isCall, next);
        if (Descriptor.IsNull(selector)) return X86Fault.GeneralProtection();
        var refusal = X86Fault.GeneralProtection((uint)selector & X86Cpu.SelectorErrorMask);
        if (cpu.ReadDescriptor(selector, refusal, out var descriptor) is { } unread) return unread;
        if (!descriptor.IsSystem)
        {
            if (CheckCode(cpu, selector, descriptor, Descriptor.Rpl(selector), refusal) is { } bad) return bad;
            return Enter(cpu, selector, descriptor, offset, size, isCall, next);
        }

        if (descriptor.Dpl < Math.Max(cpu.Registers.Cpl, Descriptor.Rpl(selector))) return refusal;
        switch (descriptor.Type)
        {
            case SystemType.CallGate16 or SystemType.CallGate32 when !cpu.IsLongMode || descriptor.Type == SystemType.CallGate32:
                if (cpu.ReadUpperHalf(selector, refusal, ref descriptor) is { } badHalf) return badHalf;
                if (!descriptor.IsPresent) return X86Fault.NotPresent(refusal.Value);
                return CallGate.Go(cpu, descriptor, isCall, next);
            case SystemType.TaskGate when !cpu.IsLongMode:
                if (!descriptor.IsPresent) return X86Fault.NotPresent(refusal.Value);
                return TaskSwitch.FromInstruction(cpu, descriptor.GateSelector, isCall ? TaskSwitchCause.Call : TaskSwitchCause.Jump, next);
            case SystemType.Tss16 or SystemType.Tss32 when !cpu.IsLongMode:
                return TaskSwitch.FromInstruction(cpu, selector, isCall ? TaskSwitchCause.Call : TaskSwitchCause.Jump, next);
            default:
                return refusal;
        }
    }

    /// <summary>Code that JMP or CALL may enter at the current privilege level.</summary>
    public static GuestFault? CheckCode(X86Cpu cpu, ushort selector, Descriptor code, int rpl, GuestFault refusal)
    {
        int cpl = cpu.Registers.Cpl;
        if (!code.IsCode) return refusal;
        if (code.IsConforming ? code.Dpl > cpl : rpl > cpl || code.Dpl != cpl) return refusal;
        if (cpu.IsLongMode && code.Has(SegmentAttributes.Long) && code.Has(SegmentAttributes.Default32)) return refusal;
        return code.IsPresent ? null : X86Fault.NotPresent((uint)selector & X86Cpu.SelectorErrorMask);
    }

    /// <summary>Goes to checked code without a change of privilege.</summary>
    public static GuestFault? Enter(X86Cpu cpu, ushort selector, Descriptor code, ulong offset, int size, bool isCall, ulong next)
    {
        bool isValid = cpu.IsLongMode && code.Is64BitCode ? cpu.IsCanonical(offset) : offset <= code.Limit;
        var stack = StackView.Current(cpu);
        if (isCall && stack.CheckPushes(2, size) is { } noRoom) return noRoom;
        if (!isValid) return X86Fault.GeneralProtection();
        if (cpu.MarkAccessed(code) is { } unmarked) return unmarked;
        if (isCall)
        {
            if (PushReturn(cpu, ref stack, size, next) is { } unpushed) return unpushed;
            cpu[X86Slots.Rsp] = stack.Pointer;
        }

        cpu.SetSegment(X86Cpu.Cs, code.Cache((selector & ~3) | cpu.Registers.Cpl), code.Base);
        cpu.JumpTo(offset);
        return null;
    }

    /// <summary>Pushes CS and the instruction pointer.</summary>
    public static GuestFault? PushReturn(X86Cpu cpu, ref StackView stack, int size, ulong next) =>
        stack.Push(cpu.Registers.Segments[X86Cpu.Cs].Selector, size) ?? stack.Push(cpu.PointerOf(next), size);

    private static GuestFault? GoReal(X86Cpu cpu, ushort selector, ulong offset, int size, bool isCall, ulong next)
    {
        uint limit = cpu.IsVirtual8086 ? ushort.MaxValue : cpu.SegmentLimit(X86Cpu.Cs);
        var stack = StackView.Current(cpu);
        if (isCall && stack.CheckPushes(2, size) is { } noRoom) return noRoom;
        if (offset > limit) return X86Fault.GeneralProtection();
        if (isCall)
        {
            if (PushReturn(cpu, ref stack, size, next) is { } unpushed) return unpushed;
            cpu[X86Slots.Rsp] = stack.Pointer;
        }

        cpu.LoadRealSegment(X86Cpu.Cs, selector);
        cpu.JumpTo(offset);
        return null;
    }
}

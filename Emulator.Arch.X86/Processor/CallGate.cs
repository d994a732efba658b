using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>Control transfers through call gates (Intel SDM volume 3, 5.8.3 to 5.8.5).</summary>
internal static class CallGate
{
    private const int MostParameters = 31;

    /// <summary>Goes through a present gate that may be used.</summary>
    public static GuestFault? Go(X86Cpu cpu, Descriptor gate, bool isCall, ulong next)
    {
        ushort selector = gate.GateSelector;
        if (Descriptor.IsNull(selector)) return X86Fault.GeneralProtection();
        uint error = (uint)selector & X86Cpu.SelectorErrorMask;
        var refusal = X86Fault.GeneralProtection(error);
        if (cpu.ReadDescriptor(selector, refusal, out var code) is { } unread) return unread;
        int cpl = cpu.Registers.Cpl;
        if (!code.IsCode || code.Dpl > cpl || (cpu.IsLongMode && !code.Is64BitCode)) return refusal;
        if (!isCall && !code.IsConforming && code.Dpl != cpl) return refusal;
        if (!code.IsPresent) return X86Fault.NotPresent(error);
        int size = cpu.IsLongMode ? 8 : gate.Type == SystemType.CallGate32 ? 4 : 2;
        bool isInner = isCall && !code.IsConforming && code.Dpl < cpl;
        return isInner
            ? EnterInner(cpu, gate, code, size, next)
            : FarTransfer.Enter(cpu, selector, code, gate.GateOffset, size, isCall, next);
    }

    private static GuestFault? EnterInner(X86Cpu cpu, Descriptor gate, Descriptor code, int size, ulong next)
    {
        int cpl = code.Dpl;
        var found = cpu.IsLongMode ? TargetStack.FromLongTss(cpu, cpl, 0, 0, out var target) : TargetStack.FromTss(cpu, cpl, 0, out target);
        if (found is { } noStack) return noStack;
        int parameters = cpu.IsLongMode ? 0 : gate.GateParameters;
        var stack = target.View(cpu, cpl);
        stack.ErrorCode = (uint)target.Segment.Selector & (cpu.IsLongMode ? 0u : X86Cpu.SelectorErrorMask);
        if (stack.CheckPushes(4 + parameters, size) is { } noRoom) return noRoom;
        bool isValid = cpu.IsLongMode ? cpu.IsCanonical(gate.GateOffset) : gate.GateOffset <= code.Limit;
        if (!isValid) return X86Fault.GeneralProtection();
        if (cpu.MarkAccessed(code) is { } unmarked) return unmarked;
        if (target.Descriptor is { } descriptor && cpu.MarkAccessed(descriptor) is { } unmarkedStack) return unmarkedStack;
        if (stack.Push(cpu.Registers.Segments[X86Cpu.Ss].Selector, size) is { } noSs) return noSs;
        if (stack.Push(cpu[X86Slots.Rsp], size) is { } noPointer) return noPointer;
        if (CopyParameters(cpu, ref stack, parameters, size) is { } uncopied) return uncopied;
        if (FarTransfer.PushReturn(cpu, ref stack, size, next) is { } unpushed) return unpushed;

        cpu.Registers.Cpl = (byte)cpl;
        cpu.SetSegment(X86Cpu.Ss, target.Segment, target.Base);
        cpu[X86Slots.Rsp] = stack.Pointer;
        cpu.SetSegment(X86Cpu.Cs, code.Cache((gate.GateSelector & ~3) | cpl), code.Base);
        cpu.JumpTo(gate.GateOffset);
        return null;
    }

    // The caller pushed them first to last: the last lies on top.
    private static GuestFault? CopyParameters(X86Cpu cpu, ref StackView stack, int count, int size)
    {
        Span<ulong> parameters = stackalloc ulong[MostParameters];
        var old = StackView.Current(cpu);
        for (int i = 0; i < count; i++)
        {
            if (old.Pop(size, out parameters[i]) is { } fault) return fault;
        }

        for (int i = count - 1; i >= 0; i--)
        {
            if (stack.Push(parameters[i], size) is { } fault) return fault;
        }

        return null;
    }
}

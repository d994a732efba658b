using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>
/// Delivers an interrupt or exception through the IVT or IDT (Intel SDM volume 2, INT n; volume 3, chapter 6). Until everything has been
/// checked and pushed nothing of the processor changes, so that a fault on the way leaves the state that it is to be delivered from.
/// </summary>
internal static class InterruptDelivery
{
    private const int RealVectorSize = 4;
    private const int GateSize = 8;
    private const int LongGateSize = 16;
    private const ulong StackAlignment = 15;

    /// <summary>Delivers; gives the fault that it met.</summary>
    public static GuestFault? Deliver(X86Cpu cpu, InterruptEvent interrupt)
    {
        cpu.EndInterruptShadow();
        if (!cpu.IsProtected && !cpu.IsVirtual8086) return DeliverReal(cpu, interrupt);
        if (cpu.IsVirtual8086 && interrupt.Kind == InterruptKind.Software)
        {
            if (Virtual8086Mode.IsRedirected(cpu, interrupt.Vector, out bool isRedirected) is { } fault) return fault;
            if (isRedirected) return Virtual8086Mode.Redirect(cpu, interrupt);
            if (cpu.Iopl < 3) return X86Fault.GeneralProtection();
        }

        return cpu.IsLongMode ? DeliverLong(cpu, interrupt) : DeliverProtected(cpu, interrupt);
    }

    private static GuestFault? DeliverReal(X86Cpu cpu, InterruptEvent interrupt)
    {
        uint offset = (uint)interrupt.Vector * RealVectorSize;
        if (offset + RealVectorSize - 1 > cpu.Registers.Idtr.Limit) return X86Fault.GeneralProtection(interrupt.IdtError);
        if (cpu.ReadSystem(cpu.Registers.Idtr.Base + offset, RealVectorSize, out ulong vector) is { } unread) return unread;
        var stack = StackView.Current(cpu);
        if (stack.CheckPushes(3, 2) is { } noRoom) return noRoom;
        if (PushFrame(cpu, ref stack, interrupt, 2) is { } fault) return fault;
        cpu.LoadRealSegment(X86Cpu.Cs, (ushort)(vector >> 16));
        cpu[X86Slots.Rsp] = stack.Pointer;
        cpu.JumpTo((ushort)vector);
        cpu.ClearFlags(Eflags.If | Eflags.Tf | Eflags.Ac | Eflags.Rf);
        return null;
    }

    private static GuestFault? DeliverProtected(X86Cpu cpu, InterruptEvent interrupt)
    {
        var outside = X86Fault.GeneralProtection(interrupt.IdtError);
        uint offset = (uint)interrupt.Vector * GateSize;
        if (offset + GateSize - 1 > cpu.Registers.Idtr.Limit) return outside;
        if (cpu.ReadSystem(cpu.LinearOf(cpu.Registers.Idtr.Base, offset), GateSize, out ulong low) is { } unread) return unread;
        var gate = new Descriptor(low, 0, 0);
        bool isGate = gate.IsSystem && gate.Type is SystemType.TaskGate or SystemType.InterruptGate16 or SystemType.TrapGate16
            or SystemType.InterruptGate32 or SystemType.TrapGate32;
        if (CheckGate(cpu, interrupt, gate, isGate) is { } refused) return refused;
        return gate.Type == SystemType.TaskGate ? TaskSwitch.ThroughInterrupt(cpu, interrupt, gate.GateSelector) : EnterHandler(cpu, interrupt, gate);
    }

    private static GuestFault? DeliverLong(X86Cpu cpu, InterruptEvent interrupt)
    {
        var outside = X86Fault.GeneralProtection(interrupt.IdtError);
        uint offset = (uint)interrupt.Vector * LongGateSize;
        if (offset + LongGateSize - 1 > cpu.Registers.Idtr.Limit) return outside;
        ulong address = cpu.Registers.Idtr.Base + offset;
        if (cpu.ReadSystem(address, GateSize, out ulong low) is { } unread) return unread;
        if (cpu.ReadSystem(address + GateSize, GateSize, out ulong high) is { } unreadHigh) return unreadHigh;
        var gate = new Descriptor(low, high & uint.MaxValue, 0);
        bool isGate = gate.IsSystem && gate.Type is SystemType.InterruptGate32 or SystemType.TrapGate32;
        return CheckGate(cpu, interrupt, gate, isGate) ?? EnterHandler(cpu, interrupt, gate);
    }

    private static GuestFault? CheckGate(X86Cpu cpu, InterruptEvent interrupt, Descriptor gate, bool isGate)
    {
        if (!isGate) return X86Fault.GeneralProtection(interrupt.IdtError);
        bool isChecked = interrupt.Kind is InterruptKind.Software or InterruptKind.SoftwareException;
        if (isChecked && gate.Dpl < cpu.Registers.Cpl) return X86Fault.GeneralProtection(interrupt.IdtError);
        return gate.IsPresent ? null : X86Fault.NotPresent(interrupt.IdtError);
    }

    private static GuestFault? EnterHandler(X86Cpu cpu, InterruptEvent interrupt, Descriptor gate)
    {
        ushort selector = gate.GateSelector;
        int cpl = cpu.Registers.Cpl;
        if (Descriptor.IsNull(selector)) return X86Fault.GeneralProtection(interrupt.External);
        var refusal = X86Fault.GeneralProtection(interrupt.SelectorError(selector));
        if (cpu.ReadDescriptor(selector, refusal, out var code) is { } unread) return unread;
        if (!code.IsCode || code.Dpl > cpl || (cpu.IsLongMode && !code.Is64BitCode)) return refusal;
        if (!code.IsPresent) return X86Fault.NotPresent(interrupt.SelectorError(selector));
        bool isInner = !code.IsConforming && code.Dpl < cpl;
        if (cpu.IsVirtual8086 && (!isInner || code.Dpl != 0)) return refusal;
        if (!isInner && !code.IsConforming && code.Dpl != cpl) return refusal;

        int newCpl = isInner ? code.Dpl : cpl;
        if (HandlerStack(cpu, interrupt, gate, isInner, newCpl, out var target) is { } noStack) return noStack;
        var stack = target.View(cpu, newCpl);
        stack.ErrorCode = isInner && !cpu.IsLongMode ? interrupt.SelectorError(target.Segment.Selector) : interrupt.External;
        int size = cpu.IsLongMode ? 8 : gate.Type >= SystemType.InterruptGate32 ? 4 : 2;
        bool isTargetValid = cpu.IsLongMode ? cpu.IsCanonical(gate.GateOffset) : gate.GateOffset <= code.Limit;
        int words = (cpu.IsVirtual8086 ? 9 : isInner || cpu.IsLongMode ? 5 : 3) + (interrupt.ErrorCode is null ? 0 : 1);
        if (stack.CheckPushes(words, size) is { } noRoom) return noRoom;
        if (!isTargetValid) return X86Fault.GeneralProtection(interrupt.External);
        if (cpu.MarkAccessed(code) is { } unmarked) return unmarked;
        if (target.Descriptor is { } stackDescriptor && cpu.MarkAccessed(stackDescriptor) is { } unmarkedStack) return unmarkedStack;
        bool wasVirtual = cpu.IsVirtual8086;
        if (PushOuterState(cpu, ref stack, size, isInner) is { } unpushedOuter) return unpushedOuter;
        if (PushFrame(cpu, ref stack, interrupt, size) is { } unpushed) return unpushed;
        if (interrupt.ErrorCode is { } errorCode && stack.Push(errorCode, size) is { } unpushedError) return unpushedError;

        ulong cleared = Eflags.Tf | Eflags.Vm | Eflags.Rf | Eflags.Nt;
        if (gate.Type is SystemType.InterruptGate16 or SystemType.InterruptGate32) cleared |= Eflags.If;
        cpu.ClearFlags(cleared);
        if (wasVirtual)
        {
            foreach (int segment in (ReadOnlySpan<int>)[X86Cpu.Es, X86Cpu.Ds, X86Cpu.Fs, X86Cpu.Gs]) cpu.SetNullSegment(segment, 0);
        }

        cpu.Registers.Cpl = (byte)newCpl;
        if (isInner) cpu.SetSegment(X86Cpu.Ss, target.Segment, target.Base);
        cpu[X86Slots.Rsp] = stack.Pointer;
        cpu.SetSegment(X86Cpu.Cs, code.Cache((selector & ~3) | newCpl), code.Base);
        cpu.JumpTo(gate.GateOffset);
        return null;
    }

    private static GuestFault? HandlerStack(
        X86Cpu cpu, InterruptEvent interrupt, Descriptor gate, bool isInner, int newCpl, out TargetStack target)
    {
        target = TargetStack.Current(cpu);
        if (cpu.IsLongMode)
        {
            if (isInner || gate.GateStack != 0)
            {
                if (TargetStack.FromLongTss(cpu, newCpl, gate.GateStack, interrupt.External, out target) is { } fault) return fault;
            }

            target = target with { Pointer = target.Pointer & ~StackAlignment };
            return null;
        }

        return isInner ? TargetStack.FromTss(cpu, newCpl, interrupt.External, out target) : null;
    }

    private static GuestFault? PushOuterState(X86Cpu cpu, ref StackView stack, int size, bool isInner)
    {
        if (cpu.IsVirtual8086)
        {
            foreach (int segment in (ReadOnlySpan<int>)[X86Cpu.Gs, X86Cpu.Fs, X86Cpu.Ds, X86Cpu.Es])
            {
                if (stack.Push(cpu.Registers.Segments[segment].Selector, size) is { } fault) return fault;
            }
        }

        if (!isInner && !cpu.IsLongMode) return null;
        return stack.Push(cpu.Registers.Segments[X86Cpu.Ss].Selector, size) ?? stack.Push(cpu[X86Slots.Rsp], size);
    }

    private static GuestFault? PushFrame(X86Cpu cpu, ref StackView stack, InterruptEvent interrupt, int size)
    {
        ulong flags = cpu.EFlags;
        if (interrupt.SetsResumeFlag) flags |= Eflags.Rf;
        return stack.Push(flags, size)
            ?? stack.Push(cpu.Registers.Segments[X86Cpu.Cs].Selector, size)
            ?? stack.Push(cpu.PointerOf(interrupt.ReturnAddress), size);
    }
}

using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>What causes a task switch.</summary>
internal enum TaskSwitchCause
{
    Jump,

    /// <summary>CALL, interrupt or exception: the new task is nested.</summary>
    Call,

    /// <summary>IRET with NT.</summary>
    Return,
}

/// <summary>Hardware task switches (Intel SDM volume 3, 7.3).</summary>
internal static class TaskSwitch
{
    private const ulong DebugLocalEnables = 0x155;
    private const int NewStateError = X86Cpu.SelectorErrorMask;

    /// <summary>JMP or CALL to a TSS or task gate, whose privilege has been checked, or IRET with NT.</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="selector">The TSS.</param>
    /// <param name="cause">Why.</param>
    /// <param name="next">Linear address where the old task goes on.</param>
    public static GuestFault? FromInstruction(X86Cpu cpu, ushort selector, TaskSwitchCause cause, ulong next)
    {
        if (Find(cpu, selector, cause, 0, out var descriptor) is { } fault) return fault;
        if (Switch(cpu, selector, descriptor, cause, next, cpu.EFlags, 0, out bool isCommitted) is not { } late) return CheckEntry(cpu);
        if (!isCommitted) return late;
        cpu.DeliverInNewTask(late);
        return null;
    }

    /// <summary>Return from a nested task.</summary>
    public static GuestFault? Return(X86Cpu cpu, ulong next)
    {
        if (cpu.IsLongMode) return X86Fault.GeneralProtection();
        if (cpu.ReadSystem(cpu.Registers.Tr.Base, 2, out ulong link) is { } fault) return fault;
        return FromInstruction(cpu, (ushort)link, TaskSwitchCause.Return, next);
    }

    /// <summary>An interrupt or exception through a task gate.</summary>
    public static GuestFault? ThroughInterrupt(X86Cpu cpu, InterruptEvent interrupt, ushort selector)
    {
        if (Find(cpu, selector, TaskSwitchCause.Call, interrupt.External, out var descriptor) is { } fault) return fault;
        ulong flags = cpu.EFlags | (interrupt.SetsResumeFlag ? Eflags.Rf : 0);
        var late = Switch(cpu, selector, descriptor, TaskSwitchCause.Call, interrupt.ReturnAddress, flags, interrupt.External, out bool isCommitted);
        if (!isCommitted) return late;
        late ??= PushError(cpu, interrupt);
        if (late is not { } raised || !interrupt.IsSoftware) return late;
        cpu.DeliverInNewTask(raised); // the instruction that raised the interrupt is done
        return null;
    }

    private static GuestFault? PushError(X86Cpu cpu, InterruptEvent interrupt)
    {
        if (interrupt.ErrorCode is { } errorCode)
        {
            var stack = StackView.Current(cpu);
            stack.ErrorCode = interrupt.External;
            if (stack.Push(errorCode, cpu.Registers.Tr.Is32BitTss ? 4 : 2) is { } unpushed) return unpushed;
            cpu[X86Slots.Rsp] = stack.Pointer;
        }

        return cpu.PointerOf(cpu.ProgramCounter) > cpu.SegmentLimit(X86Cpu.Cs) ? X86Fault.GeneralProtection(interrupt.External) : null;
    }

    private static GuestFault? CheckEntry(X86Cpu cpu)
    {
        if (cpu.PointerOf(cpu.ProgramCounter) > cpu.SegmentLimit(X86Cpu.Cs)) cpu.DeliverInNewTask(X86Fault.GeneralProtection());
        return null;
    }

    private static GuestFault? Find(X86Cpu cpu, ushort selector, TaskSwitchCause cause, uint external, out Descriptor descriptor)
    {
        const int local = 4;
        descriptor = default;
        uint error = ((uint)selector & X86Cpu.SelectorErrorMask) | external;
        var refusal = cause == TaskSwitchCause.Return ? X86Fault.InvalidTss(error) : X86Fault.GeneralProtection(error);
        if ((selector & local) != 0 || Descriptor.IsNull(selector)) return refusal;
        if (cpu.ReadDescriptor(selector, refusal, out descriptor) is { } unread) return unread;
        bool isRightType = descriptor.IsSystem && (cause == TaskSwitchCause.Return
            ? descriptor.Type is SystemType.BusyTss16 or SystemType.BusyTss32
            : descriptor.Type is SystemType.Tss16 or SystemType.Tss32);
        if (!isRightType) return refusal;
        return descriptor.IsPresent ? null : X86Fault.NotPresent(error);
    }

    private static GuestFault? Switch(
        X86Cpu cpu, ushort selector, Descriptor descriptor, TaskSwitchCause cause, ulong next, ulong flags, uint external, out bool isCommitted)
    {
        isCommitted = false;
        var tss = descriptor.SystemSegment(selector);
        var layout = TaskState.LayoutOf(tss);
        uint error = ((uint)selector & X86Cpu.SelectorErrorMask) | external;
        if (tss.Limit < layout.MinimumLimit) return X86Fault.InvalidTss(error);
        if (TaskState.Read(cpu, tss, out var state) is { } unread) return unread;
        var old = cpu.Registers.Tr;
        ulong savedFlags = cause == TaskSwitchCause.Return ? flags & ~Eflags.Nt : flags;
        if (TaskState.SaveCurrent(cpu, old, cpu.PointerOf(next), savedFlags) is { } unsaved) return unsaved;
        if (cause == TaskSwitchCause.Call && cpu.WriteSystem(tss.Base, 2, old.Selector) is { } unlinked) return unlinked;
        if (cause != TaskSwitchCause.Return && cpu.MarkBusy(descriptor, true) is { } unmarked) return unmarked;
        if (cause != TaskSwitchCause.Call && ClearBusy(cpu, old.Selector) is { } uncleared) return uncleared;

        isCommitted = true;
        cpu.EndInterruptShadow();
        cpu.Registers.Tr = tss with { Attributes = tss.Attributes | (SegmentAttributes)2 };
        cpu.Registers.Cr0 |= Cr0.Ts;
        cpu.Registers.Debug.Dr7 &= ~DebugLocalEnables;
        if (state.IsTraced) cpu.Registers.PendingDebug |= DebugStatus.TaskSwitch;
        return Load(cpu, state, cause, external);
    }

    private static GuestFault? ClearBusy(X86Cpu cpu, ushort selector)
    {
        // outside the table: nothing to clear
        return cpu.ReadDescriptor(selector, default, out var descriptor) is { } fault
            ? fault.Code == default ? null : fault
            : cpu.MarkBusy(descriptor, false);
    }

    // From here on the new task runs: what fails, fails in it.
    private static GuestFault? Load(X86Cpu cpu, TaskState state, TaskSwitchCause cause, uint external)
    {
        ulong flags = state.Flags | (cause == TaskSwitchCause.Call ? Eflags.Nt : 0);
        bool isVirtual = (flags & Eflags.Vm) != 0;
        for (int i = 0; i < 8; i++) cpu[X86Slots.General64(i)] = state.Generals[i];
        for (int i = 0; i < 6; i++) cpu.SetNullSegment(i, state.Selectors[i]);
        cpu.Registers.Ldtr = new SystemSegment(state.Ldt, 0, 0, SegmentAttributes.None);
        cpu.Registers.Cpl = (byte)(isVirtual ? 3 : Descriptor.Rpl(state.Selectors[X86Cpu.Cs]));
        cpu.EFlags = flags & Eflags.Implemented;
        cpu.JumpTo(state.InstructionPointer);
        if (state.PageTables is { } tables && (cpu.Registers.Cr0 & Cr0.Pg) != 0 && cpu.LoadPageTables(tables) is { } badTables) return badTables;
        if (cpu.LoadLocalTable(state.Ldt, isTaskSwitch: true, external) is { } badLdt) return badLdt;
        if (isVirtual)
        {
            for (int i = 0; i < 6; i++) cpu.LoadRealSegment(i, state.Selectors[i]);
        }
        else
        {
            if (LoadCode(cpu, state.Selectors[X86Cpu.Cs], external) is { } badCode) return badCode;
            cpu.JumpTo(state.InstructionPointer);
            if (LoadSegment(cpu, X86Cpu.Ss, state.Selectors[X86Cpu.Ss], external) is { } badStack) return badStack;
            foreach (int segment in (ReadOnlySpan<int>)[X86Cpu.Ds, X86Cpu.Es, X86Cpu.Fs, X86Cpu.Gs])
            {
                if (LoadSegment(cpu, segment, state.Selectors[segment], external) is { } badData) return badData;
            }
        }

        cpu.JumpTo(state.InstructionPointer);
        cpu.LookAtInterrupts();
        return null;
    }

    private static GuestFault? LoadCode(X86Cpu cpu, ushort selector, uint external)
    {
        uint error = ((uint)selector & NewStateError) | external;
        var refusal = X86Fault.InvalidTss(error);
        if (Descriptor.IsNull(selector)) return refusal;
        if (cpu.ReadDescriptor(selector, refusal, out var code) is { } unread) return unread;
        int rpl = Descriptor.Rpl(selector);
        if (!code.IsCode || (code.IsConforming ? code.Dpl > rpl : code.Dpl != rpl)) return refusal;
        if (!code.IsPresent) return X86Fault.NotPresent(error);
        if (cpu.MarkAccessed(code) is { } unmarked) return unmarked;
        cpu.SetSegment(X86Cpu.Cs, code.Cache(selector), code.Base);
        return null;
    }

    // The checks are those of MOV, but what they find is #TS.
    private static GuestFault? LoadSegment(X86Cpu cpu, int segment, ushort selector, uint external)
    {
        if (segment == X86Cpu.Ss && Descriptor.IsNull(selector)) return X86Fault.InvalidTss(external);
        if (cpu.LoadSegment(segment, selector) is not { } fault) return null;
        if (fault.Code == (uint)X86Exception.PageFault) return fault;
        return fault.Code == (uint)X86Exception.GeneralProtection
            ? X86Fault.InvalidTss(fault.Value | external)
            : fault with { Value = fault.Value | external };
    }
}

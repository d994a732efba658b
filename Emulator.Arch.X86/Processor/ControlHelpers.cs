using System.Runtime.CompilerServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Processor;

/// <summary>Control, debug and table registers, and the interrupt flag. A block must leave after those that write.</summary>
internal static class ControlHelpers
{
    /// <summary>(number): CR0, CR2, CR3, CR4 or CR8.</summary>
    public static readonly Helper ReadControl = X86Helpers.Register(ReadControlOf, HelperEffects.None);

    /// <summary>(number, value): MOV to a control register.</summary>
    public static readonly Helper WriteControl = X86Helpers.Register(WriteControlOf, InterruptHelpers.All);

    /// <summary>(value): LMSW: the low four bits, of which PE can only be set.</summary>
    public static readonly Helper WriteStatusWord = X86Helpers.Register(WriteStatusWordOf, InterruptHelpers.All);

    /// <summary>CLTS.</summary>
    public static readonly Helper ClearTaskSwitched = X86Helpers.Register(ClearTaskSwitchedOf, InterruptHelpers.All);

    /// <summary>(number): a debug register.</summary>
    public static readonly Helper ReadDebug = X86Helpers.Register(ReadDebugOf, InterruptHelpers.All);

    /// <summary>(number, value): MOV to a debug register.</summary>
    public static readonly Helper WriteDebug = X86Helpers.Register(WriteDebugOf, InterruptHelpers.All);

    /// <summary>(<see cref="SystemTable"/>): its base.</summary>
    public static readonly Helper TableBase = X86Helpers.Register(TableBaseOf, HelperEffects.None);

    /// <summary>(<see cref="SystemTable"/>): its limit.</summary>
    public static readonly Helper TableLimit = X86Helpers.Register(TableLimitOf, HelperEffects.None);

    /// <summary>(<see cref="SystemTable"/>, base, limit): LGDT and LIDT.</summary>
    public static readonly Helper LoadTable = X86Helpers.Register(LoadTableOf, HelperEffects.MayFault);

    /// <summary>(1 for TR, 0 for LDTR): the selector.</summary>
    public static readonly Helper SystemSelector = X86Helpers.Register(SystemSelectorOf, HelperEffects.None);

    /// <summary>(selector): LLDT.</summary>
    public static readonly Helper LoadLocalTable = X86Helpers.Register(LoadLocalTableOf, InterruptHelpers.All);

    /// <summary>(selector): LTR.</summary>
    public static readonly Helper LoadTaskRegister = X86Helpers.Register(LoadTaskRegisterOf, InterruptHelpers.All);

    /// <summary>#GP if CR4.UMIP is set; called from user code.</summary>
    public static readonly Helper CheckUserVisible = X86Helpers.Register(CheckUserVisibleOf, HelperEffects.MayFault);

    /// <summary>#UD unless CR4.FSGSBASE is set.</summary>
    public static readonly Helper CheckBaseInstructions = X86Helpers.Register(CheckBaseInstructionsOf, HelperEffects.MayFault);

    /// <summary>(address): #GP unless a segment base may be loaded with it.</summary>
    public static readonly Helper CheckBase = X86Helpers.Register(CheckBaseOf, HelperEffects.MayFault);

    /// <summary>SWAPGS.</summary>
    public static readonly Helper SwapGs = X86Helpers.Register(SwapGsOf, HelperEffects.ReadsSlots | HelperEffects.WritesSlots);

    /// <summary>(linear address): INVLPG.</summary>
    public static readonly Helper InvalidatePage = X86Helpers.Register(InvalidatePageOf, HelperEffects.None);

    /// <summary>(type, PCID, linear address): INVPCID.</summary>
    public static readonly Helper InvalidateContext = X86Helpers.Register(InvalidateContextOf, HelperEffects.MayFault);

    /// <summary>(next): CLI where the level does not decide.</summary>
    public static readonly Helper ClearInterrupts = X86Helpers.Register(ClearInterruptsOf, InterruptHelpers.All);

    /// <summary>(next): STI.</summary>
    public static readonly Helper SetInterrupts = X86Helpers.Register(SetInterruptsOf, InterruptHelpers.All);

    /// <summary>(AC, as a bit): STAC and CLAC at level 0.</summary>
    public static readonly Helper SetAccessCheck = X86Helpers.Register(SetAccessCheckOf, InterruptHelpers.All);

    /// <summary>#NM for x87 instructions under CR0.EM or CR0.TS.</summary>
    public static readonly Helper CheckFloatUnit = X86Helpers.Register(CheckFloatUnitOf, HelperEffects.MayFault);

    /// <summary>#NM for WAIT under CR0.MP and CR0.TS.</summary>
    public static readonly Helper CheckWait = X86Helpers.Register(CheckWaitOf, HelperEffects.MayFault);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SetAccessCheckOf(VirtualCpu cpu, ulong bit, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        cpu[X86Slots.ControlFlags] = (cpu[X86Slots.ControlFlags] & ~Eflags.Ac) | bit;
        x86.UpdateMode();
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckFloatUnitOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        if ((((X86Cpu)cpu).Registers.Cr0 & (Cr0.Em | Cr0.Ts)) != 0) cpu.RaiseFault(X86Fault.Of(X86Exception.DeviceNotAvailable));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckWaitOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        const ulong both = Cr0.Mp | Cr0.Ts;
        if ((((X86Cpu)cpu).Registers.Cr0 & both) == both) cpu.RaiseFault(X86Fault.Of(X86Exception.DeviceNotAvailable));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReadControlOf(VirtualCpu cpu, ulong number, ulong b, ulong c) => ((X86Cpu)cpu).ReadControl((int)number);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong WriteControlOf(VirtualCpu cpu, ulong number, ulong value, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(x86.WriteControl((int)number, value));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong WriteStatusWordOf(VirtualCpu cpu, ulong value, ulong b, ulong c)
    {
        const ulong mask = Cr0.Pe | Cr0.Mp | Cr0.Em | Cr0.Ts;
        var x86 = (X86Cpu)cpu;
        ulong old = x86.Registers.Cr0;
        x86.Finish(x86.WriteCr0((old & ~mask) | (value & mask) | (old & Cr0.Pe)));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ClearTaskSwitchedOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        x86.Registers.Cr0 &= ~Cr0.Ts;
        x86.UpdateMode();
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReadDebugOf(VirtualCpu cpu, ulong number, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        if (x86.CheckDebugAccess((int)number) is not { } fault) return x86.ReadDebug(DebugNumber(number));
        cpu.RaiseFault(fault);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong WriteDebugOf(VirtualCpu cpu, ulong number, ulong value, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(x86.CheckDebugAccess((int)number) ?? x86.WriteDebug(DebugNumber(number), value));
        return 0;
    }

    // DR4 and DR5 are other names of DR6 and DR7
    private static int DebugNumber(ulong number) => number is 4 or 5 ? (int)number + 2 : (int)number;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong TableBaseOf(VirtualCpu cpu, ulong table, ulong b, ulong c) => Table((X86Cpu)cpu, table).Base;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong TableLimitOf(VirtualCpu cpu, ulong table, ulong b, ulong c) => Table((X86Cpu)cpu, table).Limit;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LoadTableOf(VirtualCpu cpu, ulong table, ulong tableBase, ulong limit)
    {
        var x86 = (X86Cpu)cpu;
        if (x86.Is64BitCode && !x86.IsCanonicalForRegister(tableBase)) cpu.RaiseFault(X86Fault.GeneralProtection());
        else Table(x86, table) = new TableRegister(tableBase, (ushort)limit);
        return 0;
    }

    private static ref TableRegister Table(X86Cpu cpu, ulong table)
    {
        if ((SystemTable)table == SystemTable.Global) return ref cpu.Registers.Gdtr;
        return ref cpu.Registers.Idtr;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SystemSelectorOf(VirtualCpu cpu, ulong isTask, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        return isTask != 0 ? x86.Registers.Tr.Selector : x86.Registers.Ldtr.Selector;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LoadLocalTableOf(VirtualCpu cpu, ulong selector, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(x86.LoadLocalTable((ushort)selector, isTaskSwitch: false, external: 0));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LoadTaskRegisterOf(VirtualCpu cpu, ulong selector, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(x86.LoadTaskRegister((ushort)selector));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckUserVisibleOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        if ((((X86Cpu)cpu).Registers.Cr4 & Cr4.Umip) != 0) cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckBaseInstructionsOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        if ((((X86Cpu)cpu).Registers.Cr4 & Cr4.FsGsBase) == 0) cpu.RaiseFault(X86Fault.Of(X86Exception.InvalidOpcode));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckBaseOf(VirtualCpu cpu, ulong address, ulong b, ulong c)
    {
        if (!((X86Cpu)cpu).IsCanonicalForRegister(address)) cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SwapGsOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        ulong user = cpu[X86Slots.SegmentBase(X86Cpu.Gs)];
        cpu[X86Slots.SegmentBase(X86Cpu.Gs)] = x86.Registers.Msrs.KernelGsBase;
        x86.Registers.Msrs.KernelGsBase = user;
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong InvalidatePageOf(VirtualCpu cpu, ulong address, ulong b, ulong c)
    {
        ((X86Cpu)cpu).InvalidatePage(address);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong InvalidateContextOf(VirtualCpu cpu, ulong type, ulong context, ulong address)
    {
        const ulong individual = 0;
        const ulong single = 1;
        const ulong all = 3;
        const ulong contextMask = 0xfff;
        var x86 = (X86Cpu)cpu;
        bool usesContexts = (x86.Registers.Cr4 & Cr4.PcidE) != 0;
        bool isBad = type > all || (context & ~contextMask) != 0
            || (type <= single && context != 0 && !usesContexts) || (type == individual && !x86.IsCanonicalForRegister(address));
        if (isBad) cpu.RaiseFault(X86Fault.GeneralProtection());
        else x86.DropTranslations();
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ClearInterruptsOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        if (x86.InterruptFlagForLevel is { } flag) x86.ClearFlags(flag);
        else cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SetInterruptsOf(VirtualCpu cpu, ulong next, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        ulong flags = cpu[X86Slots.ControlFlags];
        if (x86.InterruptFlagForLevel is not { } flag || (flag == Eflags.Vif && (flags & Eflags.Vip) != 0))
        {
            cpu.RaiseFault(X86Fault.GeneralProtection());
            return 0;
        }

        if ((flags & flag) != 0) return 0;
        cpu[X86Slots.ControlFlags] = flags | flag;
        if (flag == Eflags.If) x86.BeginInterruptShadow(next, holdsDebugTraps: false);
        x86.LookAtInterrupts();
        return 0;
    }
}

/// <summary>The tables that LGDT and LIDT load.</summary>
internal enum SystemTable
{
    Global,
    Interrupt,
}

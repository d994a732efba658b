using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>Interrupts that stay within virtual-8086 mode: CR4.VME (Intel SDM volume 3, 21.3).</summary>
internal static class Virtual8086Mode
{
    private const int MapBaseOffset = 0x66;
    private const uint RedirectionBytes = 32;

    /// <summary>True when the redirection bitmap of the TSS sends INT n to the 8086 program's own handler.</summary>
    public static GuestFault? IsRedirected(X86Cpu cpu, byte vector, out bool isRedirected)
    {
        isRedirected = false;
        var tss = cpu.Registers.Tr;
        if ((cpu.Registers.Cr4 & Cr4.Vme) == 0 || !tss.Is32BitTss) return null;
        if (MapBaseOffset + 1 > tss.Limit) return X86Fault.GeneralProtection();
        if (cpu.ReadSystem(cpu.LinearOf(tss.Base, MapBaseOffset), 2, out ulong map) is { } unread) return unread;
        ulong offset = (map - RedirectionBytes + (vector / 8u)) & ushort.MaxValue;
        if (offset > tss.Limit) return X86Fault.GeneralProtection();
        if (cpu.ReadSystem(cpu.LinearOf(tss.Base, offset), 1, out ulong bits) is { } unreadBits) return unreadBits;
        isRedirected = ((bits >> (vector & 7)) & 1) == 0;
        return null;
    }

    /// <summary>Enters the handler in the interrupt vector table at linear address 0.</summary>
    public static GuestFault? Redirect(X86Cpu cpu, InterruptEvent interrupt)
    {
        if (cpu.ReadLinear(interrupt.Vector * 4u, 4, X86MmuIndex.User, out ulong vector) is { } unread) return unread;
        bool hasIopl = cpu.Iopl == 3;
        var stack = StackView.Current(cpu);
        if (stack.CheckPushes(3, 2) is { } noRoom) return noRoom;
        if (stack.Push(hasIopl ? cpu.EFlags : FlagsShown(cpu), 2) is { } noFlags) return noFlags;
        if (FarTransfer.PushReturn(cpu, ref stack, 2, interrupt.ReturnAddress) is { } unpushed) return unpushed;
        cpu.LoadRealSegment(X86Cpu.Cs, (ushort)(vector >> 16));
        cpu[X86Slots.Rsp] = stack.Pointer;
        cpu.ClearFlags(Eflags.Tf | (hasIopl ? Eflags.If : Eflags.Vif));
        cpu.JumpTo((ushort)vector);
        return null;
    }

    /// <summary>IRET of 16 bits with IOPL below 3 and CR4.VME: IF is VIF.</summary>
    public static GuestFault? Return(X86Cpu cpu)
    {
        var stack = StackView.Current(cpu);
        if (stack.CheckPops(3, 2) is { } noRoom) return noRoom;
        if (stack.Pop(2, out ulong pointer) is { } noPointer) return noPointer;
        if (stack.Pop(2, out ulong selector) is { } noSelector) return noSelector;
        if (stack.Pop(2, out ulong flags) is { } noFlags) return noFlags;
        if (RefusesFlags(cpu, flags)) return X86Fault.GeneralProtection();
        cpu.LoadRealSegment(X86Cpu.Cs, (ushort)selector);
        cpu[X86Slots.Rsp] = stack.Pointer;
        LoadFlags(cpu, flags);
        cpu.JumpTo(pointer);
        return null;
    }

    /// <summary>FLAGS as the 8086 program sees them: IOPL 3, and VIF in the place of IF.</summary>
    public static ulong FlagsShown(X86Cpu cpu)
    {
        ulong flags = cpu.EFlags;
        return (flags & ~Eflags.If) | Eflags.Iopl | ((flags & Eflags.Vif) != 0 ? Eflags.If : 0);
    }

    /// <summary>True when a load of FLAGS must fault: TF would be set, or interrupts enabled while one is pending.</summary>
    public static bool RefusesFlags(X86Cpu cpu, ulong flags) =>
        (flags & Eflags.Tf) != 0 || ((flags & Eflags.If) != 0 && (cpu.EFlags & Eflags.Vip) != 0);

    /// <summary>Loads FLAGS with IF going to VIF.</summary>
    public static void LoadFlags(X86Cpu cpu, ulong flags)
    {
        const ulong mask = Eflags.Arithmetic | Eflags.Tf | Eflags.Df | Eflags.Nt;
        ulong virtualFlag = (flags & Eflags.If) != 0 ? Eflags.Vif : 0;
        cpu.ReplaceFlags((flags & mask) | virtualFlag, mask | Eflags.Vif);
    }
}

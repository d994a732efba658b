using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <content>Control and debug registers, tables, EFER (Intel SDM volume 3, 2.5 and volume 2, MOV to and from control registers).</content>
public sealed partial class X86Cpu
{
    private const ulong Cr0Known = Cr0.Pe | Cr0.Mp | Cr0.Em | Cr0.Ts | Cr0.Ne | Cr0.Wp | Cr0.Am | Cr0.Nw | Cr0.Cd | Cr0.Pg;
    private const ulong PcidMask = 0xfff;
    private const ulong NoFlush = 1ul << 63;

    internal ulong ReadControl(int number) => number switch
    {
        0 => Registers.Cr0,
        2 => Registers.Cr2,
        3 => Registers.Cr3,
        4 => Registers.Cr4,
        _ => Registers.Cr8,
    };

    internal GuestFault? WriteControl(int number, ulong value)
    {
        switch (number)
        {
            case 0: return WriteCr0(value);
            case 2:
                Registers.Cr2 = value;
                return null;
            case 3: return WriteCr3(value);
            case 4: return WriteCr4(value);
            default:
                if (value > 15) return X86Fault.GeneralProtection();
                Registers.Cr8 = value;
                return null;
        }
    }

    internal GuestFault? WriteCr0(ulong value)
    {
        var refusal = X86Fault.GeneralProtection();
        if (value > uint.MaxValue) return refusal;
        value = (value & Cr0Known) | Cr0.Et;
        ulong old = Registers.Cr0;
        bool hasPaging = (value & Cr0.Pg) != 0;
        bool hadPaging = (old & Cr0.Pg) != 0;
        if (hasPaging && (value & Cr0.Pe) == 0) return refusal;
        if ((value & Cr0.Nw) != 0 && (value & Cr0.Cd) == 0) return refusal;
        bool isLong = (Registers.Efer & Efer.Lme) != 0;
        if (hasPaging && !hadPaging)
        {
            if (isLong)
            {
                bool isCode64 = (Registers.Segments[Cs].Attributes & SegmentAttributes.Long) != 0;
                if ((Registers.Cr4 & Cr4.Pae) == 0 || isCode64 || !Registers.Tr.Is32BitTss) return refusal;
            }
            else if ((Registers.Cr4 & Cr4.Pae) != 0 && LoadDirectoryPointers(Registers.Cr3) is { } fault)
            {
                return fault;
            }
        }

        if (!hasPaging && hadPaging && (Is64BitCode || (Registers.Cr4 & Cr4.PcidE) != 0)) return refusal;
        Registers.Cr0 = value;
        if (hasPaging && isLong) Registers.Efer |= Efer.Lma;
        else Registers.Efer &= ~Efer.Lma;
        if (((old ^ value) & (Cr0.Pg | Cr0.Wp | Cr0.Pe)) != 0) DropTranslations();
        UpdateMode();
        return null;
    }

    private GuestFault? WriteCr3(ulong value)
    {
        if ((Registers.Cr4 & Cr4.PcidE) != 0) value &= ~NoFlush; // the TLB may always be dropped
        if (IsLongMode && (value >> Features.PhysicalAddressBits) != 0) return X86Fault.GeneralProtection();
        return LoadPageTables(value);
    }

    private GuestFault? WriteCr4(ulong value)
    {
        const ulong pagingBits = Cr4.Pse | Cr4.Pae | Cr4.Pge | Cr4.Smep;
        var refusal = X86Fault.GeneralProtection();
        ulong old = Registers.Cr4;
        ulong changed = old ^ value;
        if ((value & ~Features.Cr4Bits) != 0) return refusal;
        if (IsLongMode && ((value & Cr4.Pae) == 0 || (changed & Cr4.La57) != 0)) return refusal;
        if ((changed & value & Cr4.PcidE) != 0 && (!IsLongMode || (Registers.Cr3 & PcidMask) != 0)) return refusal;
        bool usesPointers = (Registers.Cr0 & Cr0.Pg) != 0 && (value & Cr4.Pae) != 0 && !IsLongMode;
        if (usesPointers && (changed & pagingBits) != 0 && LoadDirectoryPointers(Registers.Cr3) is { } fault) return fault;
        Registers.Cr4 = value;
        if ((changed & (pagingBits | Cr4.La57 | Cr4.PcidE | Cr4.Smap)) != 0) DropTranslations();
        UpdateMode();
        return null;
    }

    internal GuestFault? WriteEfer(ulong value)
    {
        const ulong known = Efer.Sce | Efer.Lme | Efer.Lma | Efer.Nxe;
        bool changesMode = ((value ^ Registers.Efer) & Efer.Lme) != 0;
        if ((value & ~known) != 0 || (changesMode && (Registers.Cr0 & Cr0.Pg) != 0)) return X86Fault.GeneralProtection();
        Registers.Efer = (value & ~Efer.Lma) | (Registers.Efer & Efer.Lma);
        DropTranslations();
        UpdateMode();
        return null;
    }

    internal ulong ReadDebug(int number) => number switch
    {
        6 => Registers.Debug.Dr6,
        7 => Registers.Debug.Dr7,
        _ => BreakpointAddress(number),
    };

    internal GuestFault? WriteDebug(int number, ulong value)
    {
        var debug = Registers.Debug;
        if (number >= 6 && value > uint.MaxValue) return X86Fault.GeneralProtection();
        switch (number)
        {
            case 0: debug.Dr0 = value; break;
            case 1: debug.Dr1 = value; break;
            case 2: debug.Dr2 = value; break;
            case 3: debug.Dr3 = value; break;
            case 6: debug.Dr6 = (value & (DebugStatus.Breakpoints | DebugStatus.Access | DebugStatus.SingleStep | DebugStatus.TaskSwitch)) | DebugStatus.Fixed; break;
            default: debug.Dr7 = (value & DebugControl.Writable) | DebugControl.Fixed; break;
        }

        SetDebug(debug);
        return null;
    }

    /// <summary>The fault of an access to a debug register: DR4 and DR5 under CR4.DE, or general detect.</summary>
    internal GuestFault? CheckDebugAccess(int number)
    {
        if (number is 4 or 5 && (Registers.Cr4 & Cr4.De) != 0) return X86Fault.Of(X86Exception.InvalidOpcode);
        if (Registers.Cpl != 0) return X86Fault.GeneralProtection();
        return (Registers.Debug.Dr7 & DebugControl.GeneralDetect) != 0 ? X86Fault.Debug(DebugStatus.Access) : null;
    }

    /// <summary>LLDT, or the load of a task switch.</summary>
    internal GuestFault? LoadLocalTable(ushort selector, bool isTaskSwitch, uint external)
    {
        const int local = 4;
        if (Descriptor.IsNull(selector))
        {
            Registers.Ldtr = new SystemSegment(selector, 0, 0, SegmentAttributes.None);
            return null;
        }

        uint error = ((uint)selector & SelectorErrorMask) | external;
        var refusal = isTaskSwitch ? X86Fault.InvalidTss(error) : X86Fault.GeneralProtection(error);
        if ((selector & local) != 0) return refusal;
        if (ReadDescriptor(selector, refusal, out var descriptor) is { } unread) return unread;
        if (!descriptor.IsSystem || descriptor.Type != SystemType.Ldt) return refusal;
        if (ReadUpperHalf(selector, refusal, ref descriptor) is { } badHalf) return badHalf;
        if (!descriptor.IsPresent) return isTaskSwitch ? X86Fault.InvalidTss(error) : X86Fault.NotPresent(error);
        if (IsLongMode && !IsCanonicalForRegister(descriptor.Base)) return refusal;
        Registers.Ldtr = descriptor.SystemSegment(selector);
        return null;
    }

    /// <summary>LTR.</summary>
    internal GuestFault? LoadTaskRegister(ushort selector)
    {
        const int local = 4;
        if (Descriptor.IsNull(selector)) return X86Fault.GeneralProtection();
        uint error = (uint)selector & SelectorErrorMask;
        var refusal = X86Fault.GeneralProtection(error);
        if ((selector & local) != 0) return refusal;
        if (ReadDescriptor(selector, refusal, out var descriptor) is { } unread) return unread;
        bool isTss = descriptor.IsSystem && (descriptor.Type == SystemType.Tss32 || (descriptor.Type == SystemType.Tss16 && !IsLongMode));
        if (!isTss) return refusal;
        if (ReadUpperHalf(selector, refusal, ref descriptor) is { } badHalf) return badHalf;
        if (!descriptor.IsPresent) return X86Fault.NotPresent(error);
        if (IsLongMode && !IsCanonicalForRegister(descriptor.Base)) return refusal;
        if (MarkBusy(descriptor, true) is { } unmarked) return unmarked;
        var tss = descriptor.SystemSegment(selector);
        Registers.Tr = tss with { Attributes = tss.Attributes | (SegmentAttributes)2 };
        return null;
    }
}

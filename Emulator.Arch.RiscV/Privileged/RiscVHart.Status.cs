using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV;

/// <content>mstatus and sstatus (Priv. spec 3.1.6 and 12.1.1).</content>
public sealed partial class RiscVHart
{
    private readonly ulong _statusWritable;

    internal ExtensionStatus FloatStatus
    {
        get
        {
            NoteFloatDirty();
            return (ExtensionStatus)((Registers.Status & Mstatus.Fs) >> Mstatus.FsShift);
        }
    }

    /// <summary>The set that loads and stores use: with MPRV that of MPP (Priv. spec 3.1.6.3).</summary>
    internal RiscVMmuIndex DataMmuIndex
    {
        get
        {
            var privilege = Registers.Privilege;
            if (privilege == Privilege.Machine && HasStatus(Mstatus.Mprv)) privilege = PreviousPrivilege;
            return privilege switch
            {
                Privilege.Machine => RiscVMmuIndex.Machine,
                Privilege.Supervisor => HasStatus(Mstatus.Sum) ? RiscVMmuIndex.SupervisorUserAccess : RiscVMmuIndex.Supervisor,
                _ => RiscVMmuIndex.User,
            };
        }
    }

    private Privilege PreviousPrivilege
    {
        get => (Privilege)((Registers.Status & Mstatus.Mpp) >> Mstatus.MppShift);
        set => Registers.Status = (Registers.Status & ~Mstatus.Mpp) | ((ulong)value << Mstatus.MppShift);
    }

    private Privilege LeastPrivilege => Isa.Has(RiscVExtension.U) ? Privilege.User : Privilege.Machine;

    /// <summary>An f register, fflags or frm is about to be written: mstatus.FS becomes Dirty.</summary>
    public void MarkFloatDirty() => Registers.Status |= Mstatus.Fs;

    /// <summary>Lifted code found the slot <see cref="RiscVSlots.FloatDirty"/> set, which is all that it does itself.</summary>
    internal void TakeFloatDirty()
    {
        this[RiscVSlots.FloatDirty] = 0;
        if (HasStatus(Mstatus.Fs)) MarkFloatDirty();
    }

    private void NoteFloatDirty()
    {
        if (this[RiscVSlots.FloatDirty] != 0) TakeFloatDirty();
    }

    /// <summary>mstatus in the 64-bit layout, on RV32 with SD in bit 31.</summary>
    internal ulong ReadMstatus()
    {
        bool isDirty = FloatStatus == ExtensionStatus.Dirty;
        ulong value = Registers.Status;
        if (!Isa.Is64) return isDirty ? value | Mstatus.Sd32 : value;
        if (isDirty) value |= Mstatus.Sd64;
        if (Isa.Has(RiscVExtension.U)) value |= Mstatus.Uxl64;
        return Isa.Has(RiscVExtension.S) ? value | Mstatus.Sxl64 : value;
    }

    internal ulong ReadSstatus() => ReadMstatus() & (Mstatus.SupervisorView | (Isa.Is64 ? Mstatus.Sd64 | (3ul << 32) : Mstatus.Sd32));

    internal void WriteSstatus(ulong value) => WriteStatus(value, Mstatus.SupervisorView);

    internal void WriteMstatus(ulong value) => WriteStatus(value, ulong.MaxValue);

    private static ulong WritableStatus(IsaConfiguration isa)
    {
        ulong bits = Mstatus.Mie | Mstatus.Mpie | Mstatus.Mpp;
        if (isa.Has(RiscVExtension.U)) bits |= Mstatus.Mprv | Mstatus.Tw;
        if (isa.Has(RiscVExtension.S)) bits |= Mstatus.Sie | Mstatus.Spie | Mstatus.Spp | Mstatus.Sum | Mstatus.Mxr | Mstatus.Tvm | Mstatus.Tsr;
        return isa.Has(RiscVExtension.F) ? bits | Mstatus.Fs : bits;
    }

    private void WriteStatus(ulong value, ulong mask)
    {
        NoteFloatDirty();
        mask &= _statusWritable;
        ulong old = Registers.Status;
        Registers.Status = (old & ~mask) | (value & mask);
        if (!IsLegal(PreviousPrivilege)) PreviousPrivilege = LeastPrivilege;

        // MXR decides which pages were cached as readable; SUM, MPP and MPRV choose among sets of translations.
        if (((old ^ Registers.Status) & Mstatus.Mxr) != 0) FlushTranslations();
        NoticeInterrupts();
    }

    private bool HasStatus(ulong bits) => (Registers.Status & bits) != 0;

    private bool IsLegal(Privilege privilege) => privilege switch
    {
        Privilege.Machine => true,
        Privilege.Supervisor => Isa.Has(RiscVExtension.S),
        Privilege.User => Isa.Has(RiscVExtension.U),
        _ => false,
    };
}

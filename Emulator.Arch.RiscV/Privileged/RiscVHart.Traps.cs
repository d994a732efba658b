using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.RiscV;

/// <content>Entry to and return from traps (Priv. spec 3.1.6.1, 3.1.7, 3.1.8, 3.3.2 and 3.4).</content>
public sealed partial class RiscVHart
{
    private const ulong VectoredMode = 1;
    private const ulong TvecModeMask = 3;
    private const int InstructionLength = 4;

    private ulong InterruptFlag => Isa.Is64 ? 1ul << 63 : 1ul << 31;

    /// <inheritdoc/>
    protected override GuestFault AccessFault(GuestVirtualAddress address, AccessKind kind) => new((uint)AccessFaultCause(kind), address.Value);

    /// <inheritdoc/>
    protected override GuestFault MisalignedFault(GuestVirtualAddress address, AccessKind kind, int size)
    {
        var cause = kind switch
        {
            AccessKind.Read => ExceptionCause.LoadAddressMisaligned,
            AccessKind.Write => ExceptionCause.StoreAddressMisaligned,
            _ => ExceptionCause.InstructionAddressMisaligned,
        };
        return new GuestFault((uint)cause, address.Value);
    }

    /// <inheritdoc/>
    protected override void DeliverFault(GuestFault fault)
    {
        if (fault.Code == (uint)ExceptionCause.EnvironmentCallFromSupervisor && Firmware is { } firmware)
        {
            // The exception was raised, not executed, so that the state is exact: the call goes on after it.
            ProgramCounter = (ProgramCounter + InstructionLength) & XlenMask;
            firmware.Call(this);
            return;
        }

        bool isDelegated = Registers.Privilege != Privilege.Machine && ((Registers.Medeleg >> (int)fault.Code) & 1) != 0;
        EnterTrap(fault.Code, false, fault.Value, isDelegated);
    }

    /// <summary>Firmware could not serve a call: the caller takes an exception at its ECALL instead.</summary>
    internal void RedirectCall(GuestFault fault)
    {
        ProgramCounter = (ProgramCounter - InstructionLength) & XlenMask;
        EnterTrap(fault.Code, false, fault.Value, true);
    }

    private void EnterTrap(uint cause, bool isInterrupt, ulong value, bool toSupervisor)
    {
        ulong causeRegister = cause | (isInterrupt ? InterruptFlag : 0);
        if (toSupervisor)
        {
            Registers.Sepc = ProgramCounter;
            Registers.Scause = causeRegister;
            Registers.Stval = value;
            MoveStatus(Mstatus.Sie, Mstatus.Spie);
            SetStatus(Mstatus.Spp, Registers.Privilege == Privilege.Supervisor);
        }
        else
        {
            Registers.Mepc = ProgramCounter;
            Registers.Mcause = causeRegister;
            Registers.Mtval = value;
            MoveStatus(Mstatus.Mie, Mstatus.Mpie);
            PreviousPrivilege = Registers.Privilege;
        }

        Registers.Privilege = toSupervisor ? Privilege.Supervisor : Privilege.Machine;
        ulong vector = toSupervisor ? Registers.Stvec : Registers.Mtvec;
        ulong target = vector & ~TvecModeMask;
        if (isInterrupt && (vector & TvecModeMask) == VectoredMode) target += (ulong)cause * InstructionLength;
        ProgramCounter = target & XlenMask;
    }

    /// <summary>MRET: sets the program counter; the block then leaves there.</summary>
    /// <param name="bits">The instruction.</param>
    /// <returns>False after raising an illegal instruction.</returns>
    public bool TryMret(uint bits)
    {
        if (Registers.Privilege != Privilege.Machine)
        {
            RaiseIllegalInstruction(bits);
            return false;
        }

        var target = PreviousPrivilege;
        SetStatus(Mstatus.Mie, HasStatus(Mstatus.Mpie));
        SetStatus(Mstatus.Mpie, true);
        PreviousPrivilege = LeastPrivilege;
        ReturnTo(target, Registers.Mepc);
        return true;
    }

    /// <summary>SRET, as <see cref="TryMret"/>; also illegal in S while mstatus.TSR is set.</summary>
    /// <param name="bits">The instruction.</param>
    public bool TrySret(uint bits)
    {
        bool isTrapped = Registers.Privilege == Privilege.Supervisor && HasStatus(Mstatus.Tsr);
        if (Registers.Privilege == Privilege.User || isTrapped || !IsLegal(Privilege.Supervisor))
        {
            RaiseIllegalInstruction(bits);
            return false;
        }

        var target = HasStatus(Mstatus.Spp) ? Privilege.Supervisor : Privilege.User;
        SetStatus(Mstatus.Sie, HasStatus(Mstatus.Spie));
        SetStatus(Mstatus.Spie, true);
        SetStatus(Mstatus.Spp, false);
        ReturnTo(target, Registers.Sepc);
        return true;
    }

    /// <summary>xepc holds addresses of instructions, which C aligns to 2 bytes and its absence to 4 (Priv. spec 3.1.14).</summary>
    internal ulong LegalEpc(ulong value) => value & (Isa.Has(RiscVExtension.Zca) ? ~1ul : ~3ul);

    private void ReturnTo(Privilege privilege, ulong address)
    {
        if (privilege != Privilege.Machine) SetStatus(Mstatus.Mprv, false);
        Registers.Privilege = privilege;
        ProgramCounter = address;
        NoticeInterrupts();
    }

    private void MoveStatus(ulong from, ulong to)
    {
        SetStatus(to, HasStatus(from));
        SetStatus(from, false);
    }

    private void SetStatus(ulong bit, bool value) => Registers.Status = value ? Registers.Status | bit : Registers.Status & ~bit;

    private static ExceptionCause AccessFaultCause(AccessKind kind) => kind switch
    {
        AccessKind.Read => ExceptionCause.LoadAccessFault,
        AccessKind.Write => ExceptionCause.StoreAccessFault,
        _ => ExceptionCause.InstructionAccessFault,
    };

    private static ExceptionCause PageFaultCause(AccessKind kind) => kind switch
    {
        AccessKind.Read => ExceptionCause.LoadPageFault,
        AccessKind.Write => ExceptionCause.StorePageFault,
        _ => ExceptionCause.InstructionPageFault,
    };
}

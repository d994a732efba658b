using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;

namespace Emulator.Arch.RiscV;

/// <content>What lifted code calls for privileged instructions, each from a helper with MayFault.</content>
public sealed partial class RiscVHart
{
    private const int Rs1Shift = 15;
    private const int Rs2Shift = 20;
    private const uint RegisterMask = 31;

    /// <summary>ECALL: raises the exception; firmware outside the guest is served when it is delivered.</summary>
    public void EnvironmentCall() => RaiseFault(new GuestFault((uint)ExceptionCause.EnvironmentCallFromUser + (uint)Registers.Privilege));

    /// <summary>EBREAK.</summary>
    /// <param name="address">The instruction's own address.</param>
    public void Breakpoint(ulong address) => RaiseFault(new GuestFault((uint)ExceptionCause.Breakpoint, address));

    /// <summary>The instruction is undefined, disabled or forbidden.</summary>
    /// <param name="bits">The instruction, zero-extended, as mtval shows it.</param>
    public void RaiseIllegalInstruction(uint bits) => RaiseFault(new GuestFault((uint)ExceptionCause.IllegalInstruction, bits));

    /// <summary>
    /// WFI: the block leaves after it. Illegal in U if there is an S, and below M while mstatus.TW is set: the time it may take
    /// before that is 0 (Priv. spec 3.3.3).
    /// </summary>
    /// <param name="bits">The instruction.</param>
    public void WaitForInterrupt(uint bits)
    {
        bool isForbidden = Registers.Privilege switch
        {
            Privilege.Machine => false,
            Privilege.Supervisor => HasStatus(Mstatus.Tw),
            _ => HasStatus(Mstatus.Tw) || Isa.Has(RiscVExtension.S),
        };
        if (isForbidden) RaiseIllegalInstruction(bits);
        else if (!HasEnabledInterrupt) Sleep(SleepReason.WaitForInterrupt);
    }

    /// <summary>
    /// WRS.NTO and WRS.STO: may end at any time, and as they end at once TW does not forbid them (Zawrs). The thread of the hart that
    /// would end the wait may need this processor.
    /// </summary>
    /// <param name="bits">The instruction.</param>
    public void WaitOnReservationSet(uint bits)
    {
        _ = bits;
        if (!HasEnabledInterrupt) Thread.Yield();
    }

    /// <summary>
    /// SFENCE.VMA and SINVAL.VMA: illegal in U, and in S while mstatus.TVM is set.
    /// </summary>
    /// <param name="va">Value of rs1.</param>
    /// <param name="asid">Value of rs2.</param>
    /// <param name="bits">The instruction, which tells whether rs1 and rs2 are x0.</param>
    public void SfenceVma(ulong va, ulong asid, uint bits)
    {
        if (Registers.Privilege == Privilege.User || (Registers.Privilege == Privilege.Supervisor && HasStatus(Mstatus.Tvm)))
        {
            RaiseIllegalInstruction(bits);
        }
        else if (((bits >> Rs2Shift) & RegisterMask) != 0)
        {
            FlushAddressSpace(asid, ((bits >> Rs1Shift) & RegisterMask) != 0 ? va : null);
        }
        else if (((bits >> Rs1Shift) & RegisterMask) == 0)
        {
            FlushTranslations();
        }
        else
        {
            FlushTranslation(va);
        }
    }
}

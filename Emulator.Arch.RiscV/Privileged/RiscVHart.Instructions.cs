using Emulator.Core.Execution;

namespace Emulator.Arch.RiscV;

/// <content>What lifted code calls for privileged instructions, each from a helper with MayFault.</content>
#pragma warning disable CA1822 // bodies follow
public sealed partial class RiscVHart
{
    /// <summary>ECALL: raises the exception; firmware inside the hart is served when it is delivered.</summary>
    public void EnvironmentCall() => RaiseFault(new GuestFault((uint)ExceptionCause.EnvironmentCallFromMachine));

    /// <summary>EBREAK.</summary>
    /// <param name="address">The instruction's own address.</param>
    public void Breakpoint(ulong address) => RaiseFault(new GuestFault((uint)ExceptionCause.Breakpoint, address));

    /// <summary>The instruction is undefined, disabled or forbidden.</summary>
    /// <param name="bits">The instruction, zero-extended, as mtval shows it.</param>
    public void RaiseIllegalInstruction(uint bits) => RaiseFault(new GuestFault((uint)ExceptionCause.IllegalInstruction, bits));

    /// <summary>MRET: sets the program counter; the block then leaves there.</summary>
    /// <returns>False after raising an illegal instruction.</returns>
    public bool TryMret(uint bits)
    {
        RaiseIllegalInstruction(bits);
        return false;
    }

    /// <summary>SRET, as <see cref="TryMret"/>.</summary>
    public bool TrySret(uint bits)
    {
        RaiseIllegalInstruction(bits);
        return false;
    }

    /// <summary>WFI: the block leaves after it.</summary>
    public void WaitForInterrupt(uint bits) => Halt();

    /// <summary>WRS.NTO and WRS.STO: may return at once (Zawrs).</summary>
    public void WaitOnReservationSet(uint bits)
    {
    }

    /// <summary>SFENCE.VMA and SINVAL.VMA; <paramref name="bits"/> tells whether rs1 or rs2 is x0.</summary>
    /// <param name="va">Value of rs1.</param>
    /// <param name="asid">Value of rs2.</param>
    /// <param name="bits">The instruction.</param>
    public void SfenceVma(ulong va, ulong asid, uint bits) => FlushTlb();

    /// <summary>
    /// Reads a CSR for an instruction. On failure nothing is raised yet: the caller raises an illegal instruction.
    /// Values are as they stand in x registers: on RV32 sign-extended from 32 bits.
    /// </summary>
    /// <param name="csr">Its number.</param>
    /// <param name="willWrite">The instruction writes it too, so that a read-only CSR fails.</param>
    /// <param name="value">Its value.</param>
    public bool TryReadCsr(uint csr, bool willWrite, out ulong value)
    {
        value = 0;
        return false;
    }

    /// <summary>Writes a CSR for an instruction, as <see cref="TryReadCsr"/>. The block leaves after it.</summary>
    public bool TryWriteCsr(uint csr, ulong value) => false;

    /// <summary>
    /// CSRRW, CSRRS and CSRRC in one piece, for CSRs where the value read is not what a read-modify-write starts from (mip.SEIP, Priv.
    /// spec 3.1.9): the bits of <paramref name="mask"/> are replaced by those of <paramref name="value"/>.
    /// </summary>
    /// <param name="csr">Its number.</param>
    /// <param name="value">CSRRW: rs1; CSRRS: all ones; CSRRC: 0.</param>
    /// <param name="mask">CSRRW: all ones; CSRRS and CSRRC: rs1.</param>
    /// <param name="old">The value before.</param>
    /// <returns>As <see cref="TryReadCsr"/>.</returns>
    public bool TryExchangeCsr(uint csr, ulong value, ulong mask, out ulong old)
    {
        old = 0;
        return false;
    }

    /// <summary>CBO.INVAL, CBO.CLEAN, CBO.FLUSH and CBO.ZERO on the block around an address.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="address">Value of rs1.</param>
    /// <param name="bits">The instruction, for mtval when it is not enabled.</param>
    public void CacheBlockOperation(CacheBlockKind kind, ulong address, uint bits)
    {
    }

    /// <summary>An f register or fcsr is about to be written: mstatus.FS becomes Dirty, and with it the mode.</summary>
    public void MarkFloatDirty()
    {
    }
}

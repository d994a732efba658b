using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV;

/// <content>Access to control and status registers (Priv. spec 2.1). A failed access has raised nothing: the caller raises an illegal instruction.</content>
public sealed partial class RiscVHart
{
    private const int HalfBits = 32;

    /// <summary>
    /// Reads a CSR for an instruction. Values are as they stand in x registers: on RV32 sign-extended from 32 bits.
    /// </summary>
    /// <param name="csr">Its number.</param>
    /// <param name="willWrite">The instruction writes it too, so that a read-only CSR fails.</param>
    /// <param name="value">Its value.</param>
    /// <returns>False when it is absent, or the privilege or another register forbids the access.</returns>
    public bool TryReadCsr(uint csr, bool willWrite, out ulong value)
    {
        bool ok = TryFind(csr, willWrite, out var definition);
        value = ok ? ToRegister(definition!, definition!.Read(this)) : 0;
        return ok;
    }

    /// <summary>Writes a CSR for an instruction; the block leaves after it.</summary>
    /// <param name="csr">Its number.</param>
    /// <param name="value">The new value; on RV32 its low 32 bits count.</param>
    /// <returns>As <see cref="TryReadCsr"/>.</returns>
    public bool TryWriteCsr(uint csr, ulong value)
    {
        if (!TryFind(csr, true, out var definition)) return false;
        Write(definition!, value);
        return true;
    }

    /// <summary>
    /// CSRRW, CSRRS and CSRRC in one piece: the bits of <paramref name="mask"/> are replaced by those of <paramref name="value"/>. For
    /// mip the value read is not what a read-modify-write starts from (Priv. spec 3.1.9), so that reading and writing one after
    /// the other is not the same.
    /// </summary>
    /// <param name="csr">Its number.</param>
    /// <param name="value">CSRRW: rs1; CSRRS: all ones; CSRRC: 0.</param>
    /// <param name="mask">CSRRW: all ones; CSRRS and CSRRC: rs1.</param>
    /// <param name="old">The value before.</param>
    /// <returns>As <see cref="TryReadCsr"/>.</returns>
    public bool TryExchangeCsr(uint csr, ulong value, ulong mask, out ulong old)
    {
        old = 0;
        if (!TryFind(csr, true, out var definition)) return false;
        ulong read = definition!.Read(this);
        old = ToRegister(definition, read);
        ulong start = definition.ReadForModify is { } readForModify ? ToRegister(definition, readForModify(this)) : old;
        Write(definition, (start & ~mask) | (value & mask));
        return true;
    }

    private bool TryFind(uint csr, bool willWrite, out CsrDefinition? definition)
    {
        definition = _csrTable.Find(csr);
        return definition is not null
            && Registers.Privilege >= definition.MinimumPrivilege
            && !(willWrite ? definition.IsReadOnly : definition.IsWriteOnly)
            && definition.Guard?.Invoke(this) != false;
    }

    private ulong ToRegister(CsrDefinition definition, ulong value)
    {
        if (Isa.Is64) return value;
        return (ulong)(int)(uint)(definition.Half == CsrHalf.High ? value >> HalfBits : value);
    }

    private void Write(CsrDefinition definition, ulong value)
    {
        if (definition.Write is not { } write) return;
        if (Isa.Is64)
        {
            write(this, value);
            return;
        }

        uint half = (uint)value;
        write(this, definition.Half switch
        {
            CsrHalf.Low => (definition.Read(this) & ~(ulong)uint.MaxValue) | half,
            CsrHalf.High => (uint)definition.Read(this) | ((ulong)half << HalfBits),
            _ => half,
        });
    }
}

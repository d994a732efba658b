using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;

namespace Emulator.Arch.RiscV.Lifting;

/// <summary>
/// What the rows of the instruction tables are written in: registers, the hart's integer width, and ways to end a block. All x
/// registers hold 64 bits; on RV32 they are kept sign-extended from 32, which also keeps unsigned comparisons right. Members whose name
/// ends in X work on Xlen bits, so that one row serves both bases.
/// </summary>
/// <param name="Ir">The block being built.</param>
/// <param name="Isa">The configuration.</param>
/// <param name="Mode">What the block may assume.</param>
/// <param name="Bits">The instruction.</param>
/// <param name="Length">Its bytes.</param>
internal readonly partial record struct RiscVLifter(IrBuilder Ir, IsaConfiguration Isa, RiscVMode Mode, uint Bits, int Length)
{
    /// <summary>True for RV32.</summary>
    public bool Is32 => !Isa.Is64;

#pragma warning disable CA1822 // rows read l.X(...) and l.F(...)
    /// <summary>An integer register.</summary>
    public Value X(int register) => Value.Of(RiscVSlots.X(register));

    /// <summary>A floating-point register, 64 bits.</summary>
    public Value F(int register) => Value.Of(RiscVSlots.F(register));
#pragma warning restore CA1822

    /// <summary>Writes an integer register; x0 stays zero.</summary>
    public void SetX(int register, Value value)
    {
        if (register != 0) Ir.Write(RiscVSlots.X(register), value);
    }

    /// <summary>The address of this instruction plus a distance, as a register holds it.</summary>
    public Value AddressHere(long displacement) =>
        Is32 ? Ir.SignExtend32(Ir.CodeAddress(displacement)) : Ir.CodeAddress(displacement);

    /// <summary>Ends the block with an illegal-instruction exception.</summary>
    public void Illegal()
    {
        Ir.Call(PrivilegedHelpers.Illegal, Bits);
        Ir.Leave();
    }

    public Value AddX(Value a, Value b) => Is32 ? Ir.Add32(a, b) : Ir.Add(a, b);

    public Value SubX(Value a, Value b) => Is32 ? Ir.Sub32(a, b) : Ir.Sub(a, b);

    public Value ShlX(Value a, Value b) => Is32 ? Ir.Shl32(a, b) : Ir.Shl(a, b);

    public Value ShrUX(Value a, Value b) => Is32 ? Ir.ShrU32(a, b) : Ir.ShrU(a, b);

    public Value ShrSX(Value a, Value b) => Is32 ? Ir.ShrS32(a, b) : Ir.ShrS(a, b);

    public Value RotLX(Value a, Value b) => Is32 ? Ir.RotL32(a, b) : Ir.RotL(a, b);

    public Value RotRX(Value a, Value b) => Is32 ? Ir.RotR32(a, b) : Ir.RotR(a, b);

    public Value MulX(Value a, Value b) => Is32 ? Ir.Mul32(a, b) : Ir.Mul(a, b);

    public Value DivSX(Value a, Value b) => Is32 ? Ir.DivS32(a, b) : Ir.DivS(a, b);

    public Value DivUX(Value a, Value b) => Is32 ? Ir.DivU32(a, b) : Ir.DivU(a, b);

    public Value RemSX(Value a, Value b) => Is32 ? Ir.RemS32(a, b) : Ir.RemS(a, b);

    public Value RemUX(Value a, Value b) => Is32 ? Ir.RemU32(a, b) : Ir.RemU(a, b);

    public Value LeadingZerosX(Value a) => Is32 ? Ir.LeadingZeros32(a) : Ir.LeadingZeros(a);

    public Value TrailingZerosX(Value a) => Is32 ? Ir.TrailingZeros32(a) : Ir.TrailingZeros(a);

    public Value PopCountX(Value a) => Is32 ? Ir.PopCount32(a) : Ir.PopCount(a);

    /// <summary>A load from a register plus a displacement.</summary>
    public Value Load(Opcode opcode, int register, int displacement) => Ir.Load(opcode, X(register), displacement, Is32);

    /// <summary>A store to a register plus a displacement.</summary>
    public void Store(Opcode opcode, int register, int displacement, Value value) => Ir.Store(opcode, X(register), displacement, value, Is32);
}

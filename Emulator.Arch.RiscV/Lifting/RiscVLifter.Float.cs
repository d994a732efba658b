using Emulator.Arch.RiscV.Decoding;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Arch.RiscV.Lifting;

/// <content>
/// Floating-point registers and rounding. The slots are 64 bits and narrower values NaN-boxed in them whatever the configuration, so that
/// F alone, whose registers are narrower, needs nothing of its own (Unpriv. spec, "NaN Boxing of Narrower Values").
/// </content>
internal readonly partial record struct RiscVLifter
{
    private const int LastRoundingMode = 4;

    /// <summary>A floating-point register that counts as the default NaN unless a value of the format is boxed in it.</summary>
    public Value UnboxedF(int register, FloatWidth width)
    {
        var value = F(register);
        return width.Box == 0 ? value : Ir.Select(Ir.SetLtU(value, width.Box), width.DefaultNan | width.Box, value);
    }

    /// <summary>Writes all 64 bits of a floating-point register.</summary>
    public void SetF(int register, Value value) => Ir.Write(RiscVSlots.F(register), value);

    /// <summary>Boxes the low bits of a value; the others must be zero, or sign bits.</summary>
    public Value Boxed(FloatWidth width, Value value) => width.Box == 0 ? value : Ir.Or(value, width.Box);

    /// <summary>What an operation is told of an instruction: its format, and the rounding mode that is static or in force.</summary>
    public FloatSpec Spec(FloatWidth width, in Operands operands, FloatVariant variant = FloatVariant.None) =>
        new(width.Format, Rounding(operands.Rm)) { Variant = variant | FloatVariant.Boxed };

    /// <summary>
    /// Every floating-point instruction begins here. Without FP state, or with a reserved rounding mode, it is illegal; the first of a block
    /// to write FP state notes that it is dirty.
    /// </summary>
    /// <param name="operands">The instruction's.</param>
    /// <param name="writesState">It may write an f register or fcsr.</param>
    /// <returns>False when the block has ended.</returns>
    public bool TryBeginFloat(in Operands operands, bool writesState)
    {
        if (!Mode.IsFloatOn || RoundingField(operands.Rm) > LastRoundingMode)
        {
            Illegal();
            return false;
        }

        if (writesState && Ir.KnownConstant(RiscVSlots.FloatDirty) != 1) Ir.Write(RiscVSlots.FloatDirty, 1);
        return true;
    }

    /// <summary>Loads an f register from a register plus a displacement.</summary>
    public void LoadF(FloatWidth width, int rd, int rs1, int displacement) => SetF(rd, Boxed(width, Load(width.LoadOpcode, rs1, displacement)));

    /// <summary>Stores the low bits of an f register at a register plus a displacement.</summary>
    public void StoreF(FloatWidth width, int rs1, int displacement, int rs2) => Store(width.StoreOpcode, rs1, displacement, F(rs2));

    private RoundingMode Rounding(byte field) => (RoundingMode)RoundingField(field);

    // frm and the rm field number the modes as RoundingMode does (Unpriv. spec, "Rounding mode encoding")
    private byte RoundingField(byte field) => field == FixedPlaceField.DynamicRounding ? Mode.RoundingMode : field;
}

using Emulator.Core.Ir;

namespace Emulator.Arch.RiscV;

/// <summary>Where the registers of a RISC-V hart are in its state block.</summary>
public static class RiscVSlots
{
    private const int FirstX = StateSlots.FirstGuest;
    private const int FirstF = FirstX + 32;
    private const int AfterF = FirstF + 32;

    /// <summary>Integer register x0 to x31. On RV32 the 32-bit value is kept sign-extended to 64 bits.</summary>
    public static Slot X(int register) => register == 0 ? Slot.Zero : new((ushort)(FirstX + register));

    /// <summary>Floating-point register f0 to f31, 64 bits; narrower values are NaN-boxed.</summary>
    public static Slot F(int register) => new((ushort)(FirstF + register));

    /// <summary>1 when floating-point state may have been written since mstatus.FS was, which then reads as Dirty; else 0.</summary>
    public static Slot FloatDirty => new(AfterF);
}

using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>A call in progress (SBI 2.0 chapter 3).</summary>
/// <param name="Hart">The calling hart.</param>
/// <param name="Function">The function ID, from a6.</param>
internal readonly record struct SbiCall(RiscVHart Hart, ulong Function)
{
    private const int HalfBits = 32;

    /// <summary>Argument register a0 to a5, XLEN bits zero-extended.</summary>
    public ulong Argument(int index)
    {
        ulong value = Hart[RiscVSlots.X(AbiRegister.A0 + index)];
        return Hart.Isa.Is64 ? value : (uint)value;
    }

    /// <summary>An argument of 64 bits: on RV32 in two registers, low half first.</summary>
    public ulong WideArgument(int index) =>
        Hart.Isa.Is64 ? Argument(index) : Argument(index) | (Argument(index + 1) << HalfBits);

    /// <summary>-1 in XLEN bits.</summary>
    public ulong AllOnes => Hart.Isa.Is64 ? ulong.MaxValue : uint.MaxValue;
}

using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Processor;

/// <content>MXCSR (Intel SDM volume 1, 10.2.3).</content>
public sealed partial class X86Cpu
{
    /// <summary>MXCSR as STMXCSR shows it, exception flags included.</summary>
    public uint Mxcsr
    {
        get => (uint)this[X86Slots.Mxcsr] | MxcsrBits.FromFlags((FloatFlags)this[new Slot(StateSlots.FloatFlags)]);
        set
        {
            this[X86Slots.Mxcsr] = value & ~MxcsrBits.Flags;
            this[new Slot(StateSlots.FloatFlags)] = (ulong)MxcsrBits.ToFlags(value);
            UpdateMode();
        }
    }
}

/// <summary>Fields of MXCSR.</summary>
internal static class MxcsrBits
{
    /// <summary>IE, DE, ZE, OE, UE, PE.</summary>
    public const uint Flags = 0x3f;

    /// <summary>DAZ: operands that are denormal count as zero.</summary>
    public const uint DenormalsAreZeros = 1 << 6;

    /// <summary>The first of six masks, in the order of the flags.</summary>
    public const int MaskShift = 7;

    /// <summary>RC, two bits.</summary>
    public const int RoundingShift = 13;

    /// <summary>FTZ: results that are denormal become zero.</summary>
    public const uint FlushToZero = 1 << 15;

    /// <summary>Bits that exist: what FXSAVE stores as MXCSR_MASK.</summary>
    public const uint All = (1u << Width) - 1;

    /// <summary>Number of bits that exist.</summary>
    public const int Width = 16;

    /// <summary>After reset: to nearest, everything masked, denormals as IEEE 754 has them.</summary>
    public const uint Default = Flags << MaskShift;

    // MXCSR has IE, DE, ZE, OE, UE, PE from bit 0
    private static ReadOnlySpan<byte> Order =>
    [
        (byte)FloatFlags.Invalid, (byte)FloatFlags.Denormal, (byte)FloatFlags.DivideByZero,
        (byte)FloatFlags.Overflow, (byte)FloatFlags.Underflow, (byte)FloatFlags.Inexact,
    ];

    /// <summary>Flags in their places in MXCSR.</summary>
    public static uint FromFlags(FloatFlags flags)
    {
        uint bits = 0;
        for (int i = 0; i < Order.Length; i++) bits |= ((byte)flags & Order[i]) != 0 ? 1u << i : 0;
        return bits;
    }

    /// <summary>Flags from their places in MXCSR, or in its masks when those are shifted there.</summary>
    public static FloatFlags ToFlags(uint bits)
    {
        int flags = 0;
        for (int i = 0; i < Order.Length; i++) flags |= (bits & (1u << i)) != 0 ? Order[i] : 0;
        return (FloatFlags)flags;
    }
}

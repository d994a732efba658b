using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;

namespace Emulator.Arch.RiscV.Lifting;

/// <summary>One of the floating-point formats, as a family of instructions that differ in nothing else.</summary>
/// <param name="Suffix">Letter at the end of mnemonics.</param>
/// <param name="Code">The fmt field.</param>
/// <param name="Format">The format.</param>
/// <param name="Extension">Where its arithmetic is from.</param>
/// <param name="Bits">Its width.</param>
internal sealed record FloatWidth(char Suffix, string Code, FloatFormat Format, RiscVExtension Extension, int Bits)
{
    public static readonly FloatWidth Half = new('h', "10", FloatFormat.Binary16, RiscVExtension.Zfh, 16);
    public static readonly FloatWidth Single = new('s', "00", FloatFormat.Binary32, RiscVExtension.F, 32);
    public static readonly FloatWidth Double = new('d', "01", FloatFormat.Binary64, RiscVExtension.D, 64);

    /// <summary>The bits above a value in its register; 0 when there are none.</summary>
    public long Box => Bits == 64 ? 0 : -1L << Bits;

    /// <summary>The sign bit.</summary>
    public long Sign => 1L << (Bits - 1);

    /// <summary>The positive quiet NaN without payload.</summary>
    public long DefaultNan => Format switch
    {
        FloatFormat.Binary16 => 0x7e00,
        FloatFormat.Binary32 => 0x7fc0_0000,
        _ => 0x7ff8_0000_0000_0000,
    };

    public Opcode LoadOpcode => Format switch
    {
        FloatFormat.Binary16 => Opcode.Load16U,
        FloatFormat.Binary32 => Opcode.Load32U,
        _ => Opcode.Load64,
    };

    public Opcode StoreOpcode => Format switch
    {
        FloatFormat.Binary16 => Opcode.Store16,
        FloatFormat.Binary32 => Opcode.Store32,
        _ => Opcode.Store64,
    };

    /// <summary>What an instruction of a second extension needs in this format: both.</summary>
    public Requirement With(RiscVExtension second) => Requirement.AllOf(Extension, second);
}

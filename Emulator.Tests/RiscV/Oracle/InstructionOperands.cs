using Emulator.Arch.RiscV.Decoding;
using Emulator.Tests.FloatingPoint;

namespace Emulator.Tests.RiscV.Oracle;

/// <summary>Encodings of a row on the registers that the oracle knows, and values for these registers.</summary>
internal sealed class InstructionOperands(Random random, bool is64)
{
    private static readonly long[] Edges =
        [0, 1, 2, -1, -2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, int.MaxValue, int.MinValue, uint.MaxValue, 0x8000_0000, 1L << 32, long.MaxValue, long.MinValue, 0x0102_0304_0506_0708];

    private readonly OperandGenerator _half = new(FloatLayout.Binary16, random.Next());
    private readonly OperandGenerator _single = new(FloatLayout.Binary32, random.Next());
    private readonly OperandGenerator _double = new(FloatLayout.Binary64, random.Next());

    /// <summary>False when the encoding implies registers that the oracle does not set up.</summary>
    public static bool CanEncode(InstructionDefinition row) => row.Format.Fields.OfType<RegisterField>().All(field => field.Bits != 0);

    /// <summary>A random encoding with destination 10 and sources 11 to 13.</summary>
    public uint Encode(InstructionDefinition row)
    {
        uint bits = row.Random(random);
        foreach (var field in row.Format.Fields.OfType<RegisterField>())
        {
            int register = field.Role.HasFlag(OperandRole.Rd) ? 10
                : field.Role.HasFlag(OperandRole.Rs1) ? 11
                : field.Role.HasFlag(OperandRole.Rs2) ? 12
                : 13;
            bits = (bits & ~field.InstructionMask) | (((uint)(register - field.First) << field.Shift) & field.InstructionMask);
        }

        return bits;
    }

    public InstructionRequest Fill(uint instruction)
    {
        var request = new InstructionRequest { Instruction = instruction, Fcsr = Fcsr() };
        for (int i = 0; i < 3; i++) request.X[i] = Integer();
        for (int i = 0; i < 4; i++) request.F[i] = Float();
        for (int i = 0; i < 2; i++) request.Memory[i] = Integer();
        if (random.Next(8) == 0) request.F[2] = request.F[1];
        if (random.Next(8) == 0) request.X[2] = request.X[1];
        return request;
    }

    // valid rounding modes mostly; Inexact set half of the time
    private uint Fcsr() => (uint)(random.Next(20) == 0 ? random.Next(8) : random.Next(5)) << 5 | (uint)random.Next(2);

    private ulong Integer()
    {
        long value = random.Next(3) switch
        {
            0 => Edges[random.Next(Edges.Length)],
            1 => random.NextInt64(long.MinValue, long.MaxValue),
            _ => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64),
        };
        return (ulong)(is64 ? value : (int)value);
    }

    private ulong Float() => random.Next(8) switch
    {
        0 => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        1 or 2 or 3 => 0xffff_ffff_0000_0000 | _single.Any(),
        4 or 5 => 0xffff_ffff_ffff_0000 | _half.Any(),
        _ => _double.Any(),
    };
}

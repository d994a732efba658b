using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>Builds the IR of one instruction: read operands, compute, write memory, write registers.</summary>
internal delegate void Lift(RiscVLifter l, Operands i);

/// <summary>
/// One instruction: encoding, name, extension and meaning. Decoder, disassembler, encoder, random generator and documentation
/// are all made from these rows. Bits that are neither fixed nor in a field of the format are ignored.
/// </summary>
internal sealed record InstructionDefinition
{
    public InstructionDefinition(string mnemonic, string pattern, OperandFormat format, Lift lift)
    {
        Mnemonic = mnemonic;
        Encoding = BitPattern.Parse(pattern);
        Format = format;
        Lift = lift;
        if ((Encoding.Mask & format.InstructionMask) != 0)
        {
            throw new FormatException($"{mnemonic}: pattern '{pattern}' fixes bits {Encoding.Mask & format.InstructionMask:x} of a field");
        }
    }

    /// <summary>Its name in assembler, without the ordering suffix of atomics.</summary>
    public string Mnemonic { get; }

    public BitPattern Encoding { get; }

    public OperandFormat Format { get; }

    public Lift Lift { get; }

    /// <summary>The extensions that it is part of.</summary>
    public Requirement Requires { get; init; }

    /// <summary>The base that it is part of.</summary>
    public BaseWidth Width { get; init; }

    /// <summary>Encodings inside its pattern that are not this instruction.</summary>
    public BitPattern[]? Exceptions { get; private init; }

    /// <summary>The row without the encodings of some patterns.</summary>
    public InstructionDefinition Except(params string[] patterns)
    {
        var exceptions = new BitPattern[patterns.Length];
        for (int i = 0; i < patterns.Length; i++) exceptions[i] = BitPattern.Parse(patterns[i]);
        return this with { Exceptions = exceptions };
    }

    public bool IsPartOf(IsaConfiguration isa) =>
        Width != (isa.Is64 ? BaseWidth.Rv32 : BaseWidth.Rv64) && Requires.IsMetBy(isa.Extensions);

    public bool Matches(uint bits) => Encoding.Matches(bits) && !Excepts(bits);

    /// <summary>Whether bits that match its pattern are one of the exceptions.</summary>
    public bool Excepts(uint bits)
    {
        foreach (var exception in Exceptions ?? [])
        {
            if (exception.Matches(bits)) return true;
        }

        return false;
    }

    public Operands Decode(uint bits) => Format.Decode(bits);

    /// <summary>The instruction with some operands.</summary>
    /// <exception cref="ArgumentException">An operand has no place in the encoding.</exception>
    public uint Encode(in Operands operands)
    {
        uint bits = Encoding.Value | Format.Encode(operands);
        if (!Matches(bits) || Decode(bits) != operands) throw new ArgumentException($"{Mnemonic} cannot encode {operands}", nameof(operands));
        return bits;
    }

    /// <summary>A random encoding of this instruction, with valid rounding mode and ignored bits zero.</summary>
    public uint Random(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        uint bits;
        do
        {
            bits = Encoding.Value | ((uint)random.NextInt64(1L << 32) & Format.InstructionMask);
        }
        while (!Matches(bits) || Decode(bits).Rm is 5 or 6);
        return bits;
    }

    /// <summary>Assembler text.</summary>
    public string Print(uint bits, ulong address) => Mnemonic + Format.Print(Decode(bits), address);

    public override string ToString() => Mnemonic;
}

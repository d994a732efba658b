using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;
using Emulator.Tests.RiscV.Oracle;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>The rows of an instruction set, by what a random program can do with them; chosen by their IR, so that new rows need no list.</summary>
internal sealed class InstructionPool
{
    private const int Attempts = 200;

    private readonly bool _isCompressed;
    private readonly InstructionDefinition[] _computing;
    private readonly InstructionDefinition[] _base;
    private readonly InstructionDefinition[] _accessing;
    private readonly InstructionDefinition[] _atomic;

    public InstructionPool(RiscVArchitecture architecture, SystemOracle? oracle)
    {
        Architecture = architecture;
        var without = oracle?.Without ?? [];
        UsesReservedPteBits = oracle?.IgnoresReservedPteBits != true;
        ClearsModifyPrivilege = oracle?.ClearsModifyPrivilege != false;
        HasExactTrapValues = oracle?.HasExactTrapValues != false;
        _isCompressed = architecture.Isa.Has(RiscVExtension.Zca);
        using var lifting = new SingleInstruction(architecture);
        var rows = architecture.Decoder.Rows.Where(row => !without.Contains(row.Mnemonic)).ToArray();
        var blocks = rows.ToDictionary(row => row, row => lifting.Lift(row.Random(new Random(0))));
        _computing = [.. rows.Where(row => BaseOf(row) is null && EndsPlainly(blocks[row]) && Computes(blocks[row]))];
        _base = [.. _computing.Where(row => BaseExtensions.Any(extension => row.Requires.IsMetBy(extension)))];
        _accessing = [.. rows.Where(row => BaseOf(row) is not null && EndsPlainly(blocks[row]) && Accesses(blocks[row]))];
        _atomic = [.. rows.Where(row => row.Mnemonic.StartsWith("amo", StringComparison.Ordinal))];
    }

    public RiscVArchitecture Architecture { get; }

    /// <summary>Page-table entries may have reserved bits.</summary>
    public bool UsesReservedPteBits { get; }

    /// <summary>Programs may read mtval.</summary>
    public bool HasExactTrapValues { get; }

    /// <summary>Programs may set mstatus.MPRV.</summary>
    public bool ClearsModifyPrivilege { get; }

    /// <summary>Rows that random programs use.</summary>
    public int Count => _computing.Length + _accessing.Length + _atomic.Length;

    /// <summary>An instruction that computes and leaves the program's own registers alone; half of the time one of the base.</summary>
    public (uint Bits, int Length) Computing(Random random, int length = 0)
    {
        while (true)
        {
            var row = Pick(random.Next(2) == 0 ? _base : _computing, random);
            if (length != 0 && row.Encoding.Length != length) continue;
            if (TryEncode(row, random) is { } bits) return (bits, row.Encoding.Length);
        }
    }

    /// <summary>A load or store through one of some registers.</summary>
    public (uint Bits, int Length) Access(Random random, ReadOnlySpan<int> bases, int? immediate = null)
    {
        while (true)
        {
            var row = Pick(_accessing, random);
            var field = BaseOf(row)!;
            int register = bases[random.Next(bases.Length)];
            if (field.Bits == 0 ? register != field.First : (uint)(register - field.First) > field.Mask) continue;
            if (TryEncode(row, random, field, register) is not { } bits) continue;
            if (immediate is not { } value) return (bits, row.Encoding.Length);
            if (row.Encoding.Length == sizeof(uint) && row.Format.Fields.OfType<ImmediateField>().SingleOrDefault() is { } place)
            {
                return ((bits & ~place.InstructionMask) | place.Bits.Insert(value), sizeof(uint));
            }
        }
    }

    /// <summary>An atomic operation on the address in a register.</summary>
    public uint Atomic(Random random, int address)
    {
        while (true)
        {
            var row = Pick(_atomic, random);
            if (TryEncode(row, random, Formats.Rs1, address) is { } bits) return bits;
        }
    }

    /// <summary>An encoding that is not an instruction.</summary>
    public (uint Bits, int Length) Illegal(Random random)
    {
        while (true)
        {
            uint bits = random.Next(4) switch
            {
                0 => (uint)random.Next(1 << 16),
                1 => Pick(_base, random).Random(random) ^ (1u << random.Next(2, 32)),
                2 => Pick(_computing, random).Random(random) ^ (1u << random.Next(2, 32)) ^ (1u << random.Next(2, 32)),
                _ => (uint)random.NextInt64(1L << 32),
            };
            int length = InstructionDecoder.LengthOf(bits);
            if (length == 2) bits &= ushort.MaxValue;
            if (!_isCompressed) length = sizeof(uint);
            bool isLonger = length == 4 && (bits & LongerMask) == LongerMask;
            if (!isLonger && Architecture.Decoder.Find(bits) is null && !IsOfOtherExtension(bits)) return (bits, length);
        }
    }

    private const uint LongerMask = 0b11111;

    private static readonly ExtensionSet[] BaseExtensions =
        [ExtensionSet.Of(RiscVExtension.I), ExtensionSet.Of(RiscVExtension.M), ExtensionSet.Of(RiscVExtension.Zca)];

    // CSR instructions and custom opcodes are not random garbage; other machines may give them a meaning.
    private static bool IsOfOtherExtension(uint bits) => InstructionDecoder.LengthOf(bits) == 4 && (bits & 0x7f) is 0x73 or 0x0b or 0x2b or 0x5b or 0x7b or 0x57 or 0x77;

    private uint? TryEncode(InstructionDefinition row, Random random, RegisterField? fixedField = null, int register = 0)
    {
        for (int i = 0; i < Attempts; i++)
        {
            uint bits = row.Random(random);
            if (fixedField is not null)
            {
                bits = (bits & ~fixedField.InstructionMask) | (((uint)(register - fixedField.First) << fixedField.Shift) & fixedField.InstructionMask);
            }

            if (!WritesReserved(row, bits) && Architecture.Decoder.Find(bits) == row) return bits;
        }

        return null;
    }

    private static bool WritesReserved(InstructionDefinition row, uint bits)
    {
        var destination = row.Format.Fields.OfType<RegisterField>().FirstOrDefault(field => field.Role.HasFlag(OperandRole.Rd));
        if (destination is null or { IsFloat: true }) return false;
        int register = row.Decode(bits).Rd;
        return ProgramRegisters.IsReserved(register) || (destination.IsEven && ProgramRegisters.IsReserved(register + 1));
    }

    private static InstructionDefinition Pick(InstructionDefinition[] rows, Random random) => rows[random.Next(rows.Length)];

    private static RegisterField? BaseOf(InstructionDefinition row) => row.Format.Syntax.Contains('(')
        ? row.Format.Fields.OfType<RegisterField>().Single(field => field.Role.HasFlag(OperandRole.Rs1)) : null;

    private static bool EndsPlainly(IrBlock block) => block.Instructions[^1] is { Opcode: Opcode.Jump } jump && jump.Immediate == block.ByteLength;

    private static bool Computes(IrBlock block) => block.Instructions[1..^1].All(i =>
        (i.Info.Effects & ~OpcodeEffects.Flags) == OpcodeEffects.Pure);

    private static bool Accesses(IrBlock block) =>
        block.Instructions[1..^1].All(i => i.Info.Effects is OpcodeEffects.Pure or OpcodeEffects.Flags || IsAccess(i.Opcode));

    private static bool IsAccess(Opcode opcode) => opcode is >= Opcode.Load8U and <= Opcode.Store64;
}

/// <summary>The x registers that a program does not use for data.</summary>
internal static class ProgramRegisters
{
    /// <summary>Where the last call came from.</summary>
    public const int Link = 1;

    /// <summary>The second page of the window.</summary>
    public const int Near = 2;

    /// <summary>The end of the window's third page.</summary>
    public const int Edge = 8;

    /// <summary>The alias of the window, where there is one.</summary>
    public const int Alias = 9;

    /// <summary>Counts the ways back that are left.</summary>
    public const int Fuel = 31;

    public static readonly int[] Bases = [Near, Edge, Alias];

    public static bool IsReserved(int register) => register is Link or Near or Edge or Alias or Fuel;
}

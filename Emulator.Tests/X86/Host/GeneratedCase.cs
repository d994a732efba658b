using Emulator.Arch.X86.Instructions;
using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>A case, and what it is about.</summary>
internal sealed record GeneratedCase(HostCase Start, Instruction Instruction, byte[] Bytes)
{
    private static readonly byte[] LegacyPrefixes = [0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf2, 0xf3, 0xf0];

    public ulong this[Register register] => Start.Registers[register.GetFullRegister() - Register.RAX];

    /// <summary>The bytes after the prefixes.</summary>
    public ReadOnlySpan<byte> Opcode => Bytes.AsSpan(PrefixCount);

    /// <summary>True when it is repeated, and the counter is 0.</summary>
    public bool IsRepeatedNoTimes => (Instruction.HasRepPrefix || Instruction.HasRepnePrefix)
        && (Start.Registers[1] & (ulong.MaxValue >> (64 - (8 * Strings.AddressSize(Instruction))))) == 0;

    private int PrefixCount => Bytes.TakeWhile(b => LegacyPrefixes.Contains(b) || (Start.Bits == 64 && (b & 0xf0) == 0x40)).Count();

    public bool HasPrefix(byte prefix) => Bytes.AsSpan(0, PrefixCount).Contains(prefix);
}

using System.Globalization;
using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <summary>Text of instructions, in Intel's syntax.</summary>
internal static class X86Disassembler
{
    public static (string Text, int Length) Disassemble(ReadOnlySpan<byte> code, ulong address, int bitness)
    {
        var decoder = Decoder.Create(bitness, code[..Math.Min(code.Length, 16)].ToArray(), address);
        decoder.Decode(out var instruction);
        if (instruction.IsInvalid)
        {
            return (string.Create(CultureInfo.InvariantCulture, $".byte 0x{(code.IsEmpty ? 0 : code[0]):x2}"), 1);
        }

        var output = new StringOutput();
        new NasmFormatter().Format(instruction, output);
        return (output.ToStringAndReset(), instruction.Length);
    }
}

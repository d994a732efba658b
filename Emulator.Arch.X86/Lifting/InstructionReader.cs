using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <summary>Decodes one instruction with Iced. Its address is taken as 0, so that branch targets are displacements from its start.</summary>
internal static class InstructionReader
{
    private const int LongestInstruction = 15;

    /// <summary>Decodes.</summary>
    /// <returns>False when <paramref name="code"/> ends before the instruction does.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> code, int bitness, out Instruction instruction, out int length, out DecoderError error)
    {
        var reader = new Bytes(code);
        var decoder = Decoder.Create(bitness, reader, 0, DecoderOptions.None);
        decoder.Decode(out instruction);
        error = decoder.LastError;
        length = Math.Max(instruction.Length, 1);
        if (instruction.Code == Code.Pause && bitness == 64 && HasRegisterExtension(code[length - 2])) instruction = DecodeExchange(code[..length]);
        return error != DecoderError.NoMoreBytes;
    }

    // F3 90 with REX.B is XCHG with R8, which Iced takes for PAUSE.
    private static bool HasRegisterExtension(byte prefix) => (prefix & 0xf1) == 0x41;

    private static Instruction DecodeExchange(ReadOnlySpan<byte> code)
    {
        const byte repeat = 0xf3;
        const byte ignored = 0x3e; // DS:
        byte[] bytes = code.ToArray();
        bytes.AsSpan(..^2).Replace(repeat, ignored);
        var decoder = Decoder.Create(64, bytes, 0);
        decoder.Decode(out var instruction);
        return instruction;
    }

    /// <summary>
    /// True for code that the decoder refuses because it does not end within 15 bytes: then it does not without its first prefix either.
    /// </summary>
    public static bool IsTooLong(ReadOnlySpan<byte> code, int bitness) => code.Length >= LongestInstruction
        && TryDecode(code, bitness, out _, out int length, out _) && length == LongestInstruction
        && (!TryDecode(code[1..], bitness, out _, out int lengthOfRest, out _) || lengthOfRest == LongestInstruction);

    // At most the longest instruction is copied: a span cannot be kept.
    private sealed class Bytes : CodeReader
    {
        private readonly byte[] _bytes;
        private int _next;

        public Bytes(ReadOnlySpan<byte> code) => _bytes = code[..Math.Min(code.Length, 16)].ToArray();

        public override int ReadByte() => _next < _bytes.Length ? _bytes[_next++] : -1;
    }
}

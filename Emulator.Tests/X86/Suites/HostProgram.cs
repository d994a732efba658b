using System.Globalization;

namespace Emulator.Tests.X86.Suites;

/// <summary>How a 32-bit program without a system ended as a process of a real processor: where, at which signal, and with what in registers and memory.</summary>
internal sealed record HostProgram(string Name, int Signal, ulong InstructionPointer, ulong[] Registers, ulong Flags, ulong[] Vectors, uint MemoryChecksum)
{
    private const int RegisterCount = 8;
    private const int VectorCount = 16; // halves
    private const int FirstRegister = 3;
    private const int FirstVector = FirstRegister + RegisterCount + 1;

    /// <summary>Reads a line: the program's file, the signal, EIP, registers in their numbers' order, EFLAGS, halves of vectors, the CRC of its memory; in hexadecimal.</summary>
    public static HostProgram Parse(string line)
    {
        string[] fields = line.Split(' ');
        if (fields.Length != FirstVector + VectorCount + 1) throw new FormatException($"{line}: {fields.Length} fields; expected {FirstVector + VectorCount + 1}");
        ulong[] numbers = [.. fields.Skip(2).Select(static field => ulong.Parse(field, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        var registers = numbers.AsSpan(FirstRegister - 2);
        return new HostProgram(
            fields[0],
            int.Parse(fields[1], CultureInfo.InvariantCulture),
            numbers[0],
            registers[..RegisterCount].ToArray(),
            registers[RegisterCount],
            registers[(RegisterCount + 1)..^1].ToArray(),
            (uint)numbers[^1]);
    }
}

using System.Globalization;
using System.Text;
using Emulator.Core.Loading;
using Emulator.Core.Memory;

namespace Emulator.Cli.Running;

/// <summary>
/// What a RISC-V architecture test leaves in memory, between two symbols of its ELF file: written one word a line, most significant
/// digit first, as its reference signatures are.
/// </summary>
internal sealed class Signature
{
    private const string StartSymbol = "begin_signature";
    private const string EndSymbol = "end_signature";
    private const ulong LargestBytes = 1 << 30;
    private readonly string _path;
    private readonly int _granularity;
    private readonly GuestPhysicalAddress _start;
    private readonly int _length;

    private Signature(string path, int granularity, GuestPhysicalAddress start, int length)
    {
        _path = path;
        _granularity = granularity;
        _start = start;
        _length = length;
    }

    /// <summary>Finds the signature's place.</summary>
    /// <param name="path">The file to write at the end; it is created now, so that a bad one is found before the run.</param>
    /// <param name="granularity">Bytes in a word, 4 or 8.</param>
    /// <param name="program">The test.</param>
    /// <exception cref="InputException">The program has no signature, or the file cannot be written.</exception>
    public static Signature Locate(string path, int granularity, GuestImage? program)
    {
        if (program is not ElfImage elf) throw new InputException($"--signature {path}: {program?.Name ?? "no --kernel"} is no ELF file; expected one with the symbols {StartSymbol} and {EndSymbol}");
        ulong start = Find(elf, StartSymbol);
        ulong end = Find(elf, EndSymbol);
        if (end < start || end - start > LargestBytes || (end - start) % (ulong)granularity != 0)
        {
            throw new InputException($"{elf.Name}: signature from 0x{start:x} to 0x{end:x}; expected whole words of {granularity} bytes");
        }

        InputFile.Use("--signature", path, static path => File.Create(path)).Dispose();
        return new Signature(path, granularity, elf.ToPhysical(new GuestVirtualAddress(start)), (int)(end - start));
    }

    /// <summary>Writes the signature out of the machine's memory.</summary>
    /// <exception cref="InputException">It is not in RAM, or the file cannot be written.</exception>
    public void Write(IGuestMemory memory)
    {
        byte[] bytes = new byte[_length];
        if (!memory.TryRead(_start, bytes)) throw new InputException($"--signature {_path}: {_length} bytes at {_start} are not in the machine's RAM");
        InputFile.Use("--signature", _path, path =>
        {
            File.WriteAllText(path, Format(bytes, _granularity));
            return true;
        });
    }

    /// <summary>Little-endian words as lines of hexadecimal digits.</summary>
    internal static string Format(ReadOnlySpan<byte> bytes, int granularity)
    {
        var text = new StringBuilder();
        for (int i = 0; i < bytes.Length; i += granularity)
        {
            for (int j = granularity - 1; j >= 0; j--) text.Append(bytes[i + j].ToString("x2", CultureInfo.InvariantCulture));
            text.Append('\n');
        }

        return text.ToString();
    }

    private static ulong Find(ElfImage elf, string name) =>
        elf.Symbols.TryFind(name, out var symbol) ? symbol.Address.Value : throw new InputException($"{elf.Name}: has no symbol {name}; --signature expects {StartSymbol} and {EndSymbol}");
}

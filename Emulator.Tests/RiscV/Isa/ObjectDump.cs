using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>Another disassembler's opinion of RISC-V instructions: GNU objdump or LLVM's, run on an object file with one instruction a slot.</summary>
internal sealed partial class ObjectDump
{
    // An undefined instruction can put a disassembler out of step; NOPs up to the next slot bring it back. 16-bit code needs none.
    private const int LongSlotBytes = 8;
    private const int ShortSlotBytes = 2;
    private const ulong Base = 0x8000_0000;
    private const string Assembler = "riscv64-linux-gnu-as";

    private readonly string _program;
    private readonly string[] _arguments;
    private readonly string _assemblerIsa;
    private readonly bool _is64;
    private int _slotBytes = LongSlotBytes;

    private ObjectDump(string program, string assemblerIsa, bool is64, params string[] arguments)
    {
        _program = program;
        _assemblerIsa = assemblerIsa;
        _is64 = is64;
        _arguments = ["-d", "-M", "no-aliases", $"--adjust-vma=0x{Base:x}", .. arguments];
    }

    /// <summary>GNU objdump for an ISA string that it knows.</summary>
    public static ObjectDump Gnu(string isa) => new("riscv64-linux-gnu-objdump", isa, isa.StartsWith("rv64", StringComparison.Ordinal));

    /// <summary>LLVM's for some of its features.</summary>
    public static ObjectDump Llvm(bool is64, IEnumerable<string> features) => new(
        "llvm-objdump-19", is64 ? "rv64ic" : "rv32ic", is64, "--mattr=" + string.Join(',', features.Select(feature => "+" + feature)));

    /// <summary>Where the instruction of a slot of the last disassembly stands.</summary>
    public ulong AddressOf(int slot) => Base + ((ulong)slot * (ulong)_slotBytes);

    /// <summary>Normalised text of each instruction, null where it is undefined.</summary>
    public string?[] Disassemble(IReadOnlyList<uint> instructions)
    {
        _slotBytes = instructions.All(bits => (bits & 3) != 3) ? ShortSlotBytes : LongSlotBytes;
        string directory = Directory.CreateTempSubdirectory("isa-").FullName;
        try
        {
            string source = Path.Combine(directory, "code.s");
            string code = Path.Combine(directory, "code.o");
            File.WriteAllText(source, Source(instructions));
            Run(Assembler, $"-march={_assemblerIsa}", $"-mabi={(_is64 ? "lp64" : "ilp32")}", "-o", code, source);
            var result = new string?[instructions.Count];
            foreach (string line in Run(_program, [.. _arguments, code]).Split('\n'))
            {
                // "80000008:  00b50533   \tadd\ta0,a0,a1"
                int colon = line.IndexOf(':', StringComparison.Ordinal);
                if (colon < 0 || !ulong.TryParse(line.AsSpan(0, colon), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong address)) continue;
                ulong offset = address - Base;
                if (offset % (ulong)_slotBytes != 0) continue;
                int slot = (int)(offset / (ulong)_slotBytes);
                string text = Bytes().Replace(line[(colon + 1)..], "");
                if (!text.StartsWith('.') && !text.Contains("unknown", StringComparison.Ordinal)) result[slot] = Normalise(text);
            }

            return result;
        }
        finally
        {
            Directory.Delete(directory, true);
        }
    }

    /// <summary>The same text for the same instruction, however numbers and spaces are written.</summary>
    public static string Normalise(string text)
    {
        text = Comment().Replace(text, "");
        text = Symbol().Replace(text, match => $"0x{match.Groups[1].Value}");
        text = Spaces().Replace(text.Trim(), match => match.Value.Contains(',', StringComparison.Ordinal) ? "," : " ");
        text = Exponent().Replace(text, "e");
        return Number().Replace(text, match => Value(match.Value).ToString(CultureInfo.InvariantCulture));
    }

    private static long Value(string number)
    {
        bool isNegative = number.StartsWith('-');
        string digits = isNegative ? number[1..] : number;
        long value = digits.StartsWith("0x", StringComparison.Ordinal)
            ? (long)ulong.Parse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : long.Parse(digits, CultureInfo.InvariantCulture);
        return isNegative ? -value : value;
    }

    private string Source(IReadOnlyList<uint> instructions)
    {
        var source = new StringBuilder(".text\n");
        foreach (uint bits in instructions)
        {
            bool isShort = (bits & 3) != 3;
            source.Append(CultureInfo.InvariantCulture, $".insn {(isShort ? 2 : 4)}, 0x{bits:x}\n");
            for (int n = isShort ? 2 : 4; n < _slotBytes; n += 2) source.Append(".insn 2, 1\n");
        }

        return source.ToString();
    }

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore($"{program} is not installed");
            throw;
        }

        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.Zero, $"{program}: {errors.GetAwaiter().GetResult()}");
            return output;
        }
    }

    [GeneratedRegex(@"^\s*[0-9a-f ]+\t")]
    private static partial Regex Bytes();

    [GeneratedRegex(@"#.*$|(?<=\)) <.*$|, dyn$|,dyn$|\.0$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b(?:0x)?([0-9a-f]+) <[^>]*>")]
    private static partial Regex Symbol();

    [GeneratedRegex(@"(?<=\d)E(?=-?\d)")]
    private static partial Regex Exponent();

    [GeneratedRegex(@",?\s+|,")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"(?<![\w.])-?(0x[0-9a-f]+|[0-9]+)(?![\w.])")]
    private static partial Regex Number();
}

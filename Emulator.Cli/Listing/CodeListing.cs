using System.Globalization;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Cli.Listing;

/// <summary>Writes guest code as text: addresses, bytes, instructions with the names of the places they lead to; IR and host code on request.</summary>
/// <param name="architecture">What the code is for.</param>
/// <param name="symbols">Names of places.</param>
/// <param name="output">Where to write.</param>
internal sealed class CodeListing(Architecture architecture, SymbolMap symbols, TextWriter output)
{
    private const int LeftWidth = 60;
    private const int BytesWidth = 8;
    private const int ShortestGap = 16;
    private const string AddressPrefix = "0x";

    private IReadOnlyList<CodeSection> _sections = [];

    /// <summary>The mode that IR and host code are made for, as the architecture packs it.</summary>
    public uint Mode { get; init; }

    /// <summary>Whether IR stands beside the instructions.</summary>
    public bool ShowsIr { get; init; }

    /// <summary>Shows host code, or null.</summary>
    public HostCodeListing? Host { get; init; }

    /// <summary>Writes code.</summary>
    /// <param name="sections">All code, for the names of targets.</param>
    /// <param name="start">The first address to write.</param>
    /// <param name="end">The address to stop before.</param>
    public void Write(IReadOnlyList<CodeSection> sections, ulong start, ulong end)
    {
        _sections = sections;
        foreach (var section in sections)
        {
            ulong from = Math.Max(start, section.Address);
            ulong to = Math.Min(end, section.End);
            if (from >= to) continue;
            using var inspector = new CodeInspector(architecture, section.Code.Span, new GuestVirtualAddress(section.Address));
            WriteSection(section, inspector, from, to);
        }
    }

    private void WriteSection(CodeSection section, CodeInspector inspector, ulong from, ulong to)
    {
        for (ulong at = from; at < to;)
        {
            ulong stop = Math.Min(to, symbols.NextAfter(at));
            foreach (string name in symbols.NamesAt(at)) output.WriteLine($"\n{at:x16} <{name}>:");
            ulong part = at;
            while (at < stop)
            {
                var rest = section.Code.Span[(int)(at - section.Address)..(int)(to - section.Address)];
                int gap = GapAt(rest[..(int)(stop - at)]);
                if (gap > 0) output.WriteLine("        ...");
                at += gap > 0 ? (ulong)gap : ShowsIr ? WriteBlock(inspector, rest, at, stop) : WriteInstruction(rest, at, []);
            }

            Host?.Write(inspector, part, Mode, output);
        }
    }

    // Code has no long runs of zeros; a whole number of them is skipped so that what follows keeps its alignment.
    private static int GapAt(ReadOnlySpan<byte> code)
    {
        int zeros = code.IndexOfAnyExcept((byte)0) is var first && first < 0 ? code.Length : first;
        return zeros < ShortestGap ? 0 : zeros == code.Length ? zeros : zeros & ~(sizeof(uint) - 1);
    }

    private ulong WriteBlock(CodeInspector inspector, ReadOnlySpan<byte> code, ulong at, ulong stop)
    {
        if (inspector.Translate(new GuestVirtualAddress(at), new GuestVirtualAddress(stop), Mode) is not { } block) return WriteInstruction(code, at, []);
        ulong done = 0;
        for (int next = 0; done < (ulong)block.ByteLength;)
        {
            int offset = block.PcOffset + (int)done;
            int first = next;
            while (next < block.Instructions.Length && block.Instructions[next].PcOffset <= offset) next++;
            done += WriteInstruction(code[(int)done..], at + done, block.Instructions.AsSpan()[first..next]);
        }

        return done;
    }

    private ulong WriteInstruction(ReadOnlySpan<byte> code, ulong at, ReadOnlySpan<IrInstruction> operations)
    {
        var (text, length) = architecture.Disassemble(code, at, Mode);
        string left = $"{at,16:x}: {Bytes(code[..length]),-BytesWidth}  {text}{Target(text)}";
        output.WriteLine(operations.IsEmpty ? left : $"{left.PadRight(LeftWidth)}  {Print(operations[0])}");
        for (int i = 1; i < operations.Length; i++) output.WriteLine($"{new string(' ', LeftWidth)}  {Print(operations[i])}");
        return (ulong)length;
    }

    private string Print(IrInstruction operation) => IrPrinter.Print(operation, architecture.NameOf);

    // The name of the place that an instruction's last operand gives the address of.
    private string Target(string text)
    {
        int start = text.LastIndexOfAny([' ', ',']) + 1;
        if (!text.AsSpan(start).StartsWith(AddressPrefix, StringComparison.Ordinal)) return "";
        bool isNumber = ulong.TryParse(text.AsSpan(start + AddressPrefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address);
        return isNumber && _sections.Any(section => section.Contains(address)) && symbols.Describe(address) is { } name ? $" <{name}>" : "";
    }

    private static string Bytes(ReadOnlySpan<byte> code)
    {
        Span<char> digits = stackalloc char[2 * code.Length];
        for (int i = 0; i < code.Length; i++) code[i].TryFormat(digits[(2 * (code.Length - 1 - i))..], out _, "x2", CultureInfo.InvariantCulture);
        return new string(digits);
    }
}

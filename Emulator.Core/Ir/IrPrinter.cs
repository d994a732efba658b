using System.Globalization;
using System.Text;

namespace Emulator.Core.Ir;

/// <summary>Text of operations and blocks, for people and golden files.</summary>
public static class IrPrinter
{
    /// <summary>A block, one operation a line, each with the page offset of its guest instruction.</summary>
    public static string Print(IrBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"block {block.PcOffset:x3} mode {block.Mode:x} {block.InstructionCount} instructions, {block.ByteLength} bytes\n");
        foreach (var instruction in block.Instructions)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {instruction.PcOffset:x3}  {Print(instruction)}\n");
        }

        return text.ToString();
    }

    /// <summary>One operation, as <c>s75 = add s74, #1</c>.</summary>
    public static string Print(IrInstruction instruction)
    {
        var operands = instruction.Info.Operands;
        var parts = new List<string>();
        if (operands.HasFlag(OpcodeOperands.A)) parts.Add(instruction.A.ToString());
        if (instruction.BIsImmediate) parts.Add(Number(instruction.Immediate));
        else if ((operands & (OpcodeOperands.B | OpcodeOperands.BOrImmediate)) != 0) parts.Add(instruction.B.ToString());
        if (operands.HasFlag(OpcodeOperands.C)) parts.Add(instruction.C.ToString());
        if (operands.HasFlag(OpcodeOperands.LiteralC)) parts.Add($"c={instruction.C.Index}");
        if (operands.HasFlag(OpcodeOperands.Immediate)) parts.Add(Number(instruction.Immediate));
        string name = instruction.Opcode.ToString();
        string body = parts.Count == 0 ? name : $"{name} {string.Join(", ", parts)}";
        return operands.HasFlag(OpcodeOperands.D) ? $"{instruction.Destination} = {body}" : body;
    }

    private static string Number(long value) =>
        value is >= -4096 and <= 4096 ? $"#{value.ToString(CultureInfo.InvariantCulture)}" : $"#0x{value:x}";
}

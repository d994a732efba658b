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
    /// <param name="instruction">The operation.</param>
    /// <param name="nameOf">Names of slots that have one, as an architecture's; else they are printed by number.</param>
    public static string Print(IrInstruction instruction, Func<Slot, string?>? nameOf = null)
    {
        var operands = instruction.Info.Operands;
        var parts = new List<string>();
        if (operands.HasFlag(OpcodeOperands.A)) parts.Add(Name(instruction.A));
        if (instruction.BIsImmediate) parts.Add(Number(instruction.Immediate));
        else if ((operands & (OpcodeOperands.B | OpcodeOperands.BOrImmediate)) != 0) parts.Add(Name(instruction.B));
        if (operands.HasFlag(OpcodeOperands.C)) parts.Add(Name(instruction.C));
        if (operands.HasFlag(OpcodeOperands.LiteralC)) parts.Add($"c={instruction.C.Index}");
        if (operands.HasFlag(OpcodeOperands.Immediate)) parts.Add(Number(instruction.Immediate));
        string name = OpcodeTable.Of(instruction.Opcode).Name;
        string body = parts.Count == 0 ? name : $"{name} {string.Join(", ", parts)}";
        return operands.HasFlag(OpcodeOperands.D) ? $"{Name(instruction.Destination)} = {body}" : body;

        string Name(Slot slot) => nameOf?.Invoke(slot) ?? slot.ToString();
    }

    private static string Number(long value) =>
        value is >= -4096 and <= 4096 ? $"#{value.ToString(CultureInfo.InvariantCulture)}" : $"#0x{value:x}";
}

using System.Globalization;
using System.Text;

namespace Emulator.Machines.DeviceTree;

/// <summary>
/// Prints a tree as source (the dts of <c>dtc</c>). The kind of a property is guessed from its bytes, as the tree does not tell;
/// whatever the guess, the text stands for the same bytes.
/// </summary>
internal static class DeviceTreePrinter
{
    private const int BytesPerLine = 32;
    private const byte FirstPrintable = 0x20;
    private const byte LastPrintable = 0x7e;

    public static string Print(DeviceTreeDocument document)
    {
        StringBuilder text = new("/dts-v1/;\n\n");
        foreach (DeviceTreeReservation reservation in document.Reservations)
        {
            text.Append(CultureInfo.InvariantCulture, $"/memreserve/ 0x{reservation.Address.Value:x} 0x{reservation.Size:x};\n");
        }

        PrintNode(text, document.Root, indent: 0);
        return text.ToString();
    }

    private static void PrintNode(StringBuilder text, DeviceTreeNode node, int indent)
    {
        string margin = new('\t', indent);
        text.Append(margin).Append(node.Parent is null ? "/" : node.Name).Append(" {\n");
        foreach (DeviceTreeProperty property in node.Properties)
        {
            text.Append(margin).Append('\t').Append(property.Name);
            PrintValue(text, property, margin);
            text.Append(";\n");
        }

        foreach (DeviceTreeNode child in node.Children)
        {
            text.Append('\n');
            PrintNode(text, child, indent + 1);
        }

        text.Append(margin).Append("};\n");
    }

    private static void PrintValue(StringBuilder text, DeviceTreeProperty property, string margin)
    {
        ReadOnlySpan<byte> value = property.Value.Span;
        if (value.IsEmpty)
        {
            return;
        }

        if (LooksLikeStrings(value) && property.TryGetStrings(out string[] strings))
        {
            text.Append(" = ").AppendJoin(", ", strings.Select(Quote));
        }
        else if (property.TryGetCells(out uint[] cells))
        {
            text.Append(" = <").AppendJoin(' ', cells.Select(static cell => $"0x{cell:x}")).Append('>');
        }
        else
        {
            // The syntax lets white space stand between bytes.
            IEnumerable<string> lines = property.Value.ToArray().Chunk(BytesPerLine).Select(Convert.ToHexStringLower);
            text.Append(" = [").AppendJoin($"\n{margin}\t\t", lines).Append(']');
        }
    }

    // Printable characters, ended by a zero, and no empty string.
    private static bool LooksLikeStrings(ReadOnlySpan<byte> value)
    {
        bool inside = false;
        foreach (byte character in value)
        {
            bool printable = character is >= FirstPrintable and <= LastPrintable;
            if (!printable && !(character == 0 && inside))
            {
                return false;
            }

            inside = printable;
        }

        return !inside;
    }

    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

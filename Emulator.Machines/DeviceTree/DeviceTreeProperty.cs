using System.Buffers.Binary;
using System.Text;

namespace Emulator.Machines.DeviceTree;

/// <summary>
/// A property: a name and bytes, whose meaning is known to whoever reads them (Devicetree Specification 2.2.4). The Try methods read
/// them as one of the usual kinds and fail as a value where they are not.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The bytes.</param>
public sealed record DeviceTreeProperty(string Name, ReadOnlyMemory<byte> Value)
{
    /// <summary>Reads 32-bit cells.</summary>
    /// <returns>False when the length is not a multiple of four.</returns>
    public bool TryGetCells(out uint[] cells)
    {
        bool whole = Value.Length % sizeof(uint) == 0;
        cells = new uint[whole ? Value.Length / sizeof(uint) : 0];
        for (int i = 0; i < cells.Length; i++)
        {
            cells[i] = BinaryPrimitives.ReadUInt32BigEndian(Value.Span[(i * sizeof(uint))..]);
        }

        return whole;
    }

    /// <summary>Reads 64-bit numbers.</summary>
    /// <returns>False when the length is not a multiple of eight.</returns>
    public bool TryGetUInt64s(out ulong[] numbers)
    {
        bool whole = Value.Length % sizeof(ulong) == 0;
        numbers = new ulong[whole ? Value.Length / sizeof(ulong) : 0];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadUInt64BigEndian(Value.Span[(i * sizeof(ulong))..]);
        }

        return whole;
    }

    /// <summary>Reads a list of strings.</summary>
    /// <returns>False when the last one has no end.</returns>
    public bool TryGetStrings(out string[] strings)
    {
        bool whole = Value.Length > 0 && Value.Span[^1] == 0;
        strings = whole ? Encoding.UTF8.GetString(Value.Span[..^1]).Split('\0') : [];
        return whole;
    }

    /// <summary>Reads one string.</summary>
    /// <returns>False when it has no end or there are several.</returns>
    public bool TryGetString(out string text)
    {
        text = TryGetStrings(out string[] strings) && strings is [string only] ? only : "";
        return strings is [_];
    }
}

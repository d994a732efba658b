using System.Numerics;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>
/// A value whose bits are scattered over an instruction, given in the manuals' notation from the most significant instruction bit
/// down: <c>12|10:5</c> at bit 31 and so on. This is the one place that knows how immediates are taken apart.
/// </summary>
internal sealed class ScatteredBits
{
    private readonly record struct Segment(byte InstructionBit, byte ValueBit, uint Mask);

    private readonly Segment[] _segments;
    private readonly int _signShift;

    /// <summary>Parses a layout.</summary>
    /// <param name="layout">Pieces separated by spaces, each <c>bits@top</c>: value bits, separated by |, from instruction bit top down.</param>
    /// <param name="isSigned">The top value bit is a sign.</param>
    public ScatteredBits(string layout, bool isSigned)
    {
        var segments = new Segment[layout.Length];
        int count = 0;
        int topBit = 0;
        for (int at = 0; at < layout.Length;)
        {
            int first = count;
            do
            {
                int high = Number(layout, ref at);
                int low = Skip(layout, ref at, ':') ? Number(layout, ref at) : high;
                uint mask = high - low == 31 ? uint.MaxValue : (1u << (high - low + 1)) - 1;
                segments[count++] = new(0, (byte)low, mask);
                topBit = Math.Max(topBit, high);
            }
            while (Skip(layout, ref at, '|'));

            if (!Skip(layout, ref at, '@')) throw new FormatException($"layout '{layout}': expected @ at {at}");
            int instructionBit = Number(layout, ref at) + 1;
            for (; first < count; first++)
            {
                instructionBit -= BitOperations.PopCount(segments[first].Mask);
                segments[first] = segments[first] with { InstructionBit = (byte)instructionBit };
            }

            Skip(layout, ref at, ' ');
        }

        _segments = segments[..count];
        _signShift = isSigned ? 31 - topBit : 0;
        foreach (var segment in _segments) InstructionMask |= segment.Mask << segment.InstructionBit;
    }

    // By hand: string.Split and int.Parse bring in what the framework knows of cultures, at every start.
    private static int Number(string layout, ref int at)
    {
        int start = at;
        int number = 0;
        for (; at < layout.Length && char.IsAsciiDigit(layout[at]); at++) number = (10 * number) + (layout[at] - '0');
        return at > start ? number : throw new FormatException($"layout '{layout}': expected a number at {at}");
    }

    private static bool Skip(string layout, ref int at, char expected)
    {
        if (at == layout.Length || layout[at] != expected) return false;
        at++;
        return true;
    }

    /// <summary>The instruction bits it occupies.</summary>
    public uint InstructionMask { get; }

    public int Extract(uint bits)
    {
        uint value = 0;
        foreach (var segment in _segments) value |= ((bits >> segment.InstructionBit) & segment.Mask) << segment.ValueBit;
        return (int)(value << _signShift) >> _signShift;
    }

    /// <summary>The instruction bits for a value; bits that have no place are lost.</summary>
    public uint Insert(int value)
    {
        uint bits = 0;
        foreach (var segment in _segments) bits |= (((uint)value >> segment.ValueBit) & segment.Mask) << segment.InstructionBit;
        return bits;
    }
}

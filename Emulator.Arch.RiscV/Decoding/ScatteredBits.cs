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
        var segments = new List<Segment>();
        int topBit = 0;
        foreach (string piece in layout.Split(' '))
        {
            string[] halves = piece.Split('@');
            int instructionBit = int.Parse(halves[1]);
            foreach (string range in halves[0].Split('|'))
            {
                string[] ends = range.Split(':');
                int high = int.Parse(ends[0]);
                int low = int.Parse(ends[^1]);
                int width = high - low + 1;
                instructionBit -= width;
                uint mask = width == 32 ? uint.MaxValue : (1u << width) - 1;
                segments.Add(new((byte)(instructionBit + 1), (byte)low, mask));
                topBit = Math.Max(topBit, high);
            }
        }

        _segments = [.. segments];
        _signShift = isSigned ? 31 - topBit : 0;
        foreach (var segment in _segments) InstructionMask |= segment.Mask << segment.InstructionBit;
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

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Emulator.Machines.DeviceTree;

/// <summary>Flattens a tree: header, memory reservations, structure, strings. A property name used twice is stored once.</summary>
internal sealed class FlattenedTreeWriter
{
    private readonly ArrayBufferWriter<byte> _structure = new();
    private readonly ArrayBufferWriter<byte> _strings = new();
    private readonly Dictionary<string, uint> _stringOffsets = new(StringComparer.Ordinal);

    private FlattenedTreeWriter()
    {
    }

    public static byte[] Write(DeviceTreeDocument document)
    {
        FlattenedTreeWriter writer = new();
        writer.WriteNode(document.Root);
        Token(writer._structure, FlattenedTree.End);
        return writer.Assemble(document);
    }

    private static void Token(ArrayBufferWriter<byte> buffer, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(buffer.GetSpan(sizeof(uint)), value);
        buffer.Advance(sizeof(uint));
    }

    private void WriteNode(DeviceTreeNode node)
    {
        Token(_structure, FlattenedTree.BeginNode);
        _structure.Write(Encoding.ASCII.GetBytes(node.Name + '\0'));
        Pad();
        foreach (DeviceTreeProperty property in node.Properties)
        {
            Token(_structure, FlattenedTree.Property);
            Token(_structure, (uint)property.Value.Length);
            Token(_structure, StringOffset(property.Name));
            _structure.Write(property.Value.Span);
            Pad();
        }

        foreach (DeviceTreeNode child in node.Children)
        {
            WriteNode(child);
        }

        Token(_structure, FlattenedTree.EndNode);
    }

    private uint StringOffset(string name)
    {
        if (!_stringOffsets.TryGetValue(name, out uint offset))
        {
            offset = (uint)_strings.WrittenCount;
            _stringOffsets.Add(name, offset);
            _strings.Write(Encoding.ASCII.GetBytes(name + '\0'));
        }

        return offset;
    }

    private void Pad()
    {
        int padding = -_structure.WrittenCount & (FlattenedTree.TokenAlignment - 1);
        _structure.Write(stackalloc byte[padding]);
    }

    private byte[] Assemble(DeviceTreeDocument document)
    {
        // One entry of zeros ends the reservations.
        int reservations = (int)FlattenedTree.Align(FlattenedTree.HeaderSize, FlattenedTree.ReservationAlignment);
        int structure = reservations + ((document.Reservations.Count + 1) * FlattenedTree.ReservationSize);
        int strings = structure + _structure.WrittenCount;
        byte[] blob = new byte[strings + _strings.WrittenCount];

        Put(blob, 0, FlattenedTree.Magic);
        Put(blob, FlattenedTree.TotalSizeField, (uint)blob.Length);
        Put(blob, FlattenedTree.StructureOffsetField, (uint)structure);
        Put(blob, FlattenedTree.StringsOffsetField, (uint)strings);
        Put(blob, FlattenedTree.ReservationsOffsetField, (uint)reservations);
        Put(blob, FlattenedTree.VersionField, FlattenedTree.Version);
        Put(blob, FlattenedTree.LastCompatibleVersionField, FlattenedTree.LastCompatibleVersion);
        Put(blob, FlattenedTree.BootProcessorField, document.BootProcessor);
        Put(blob, FlattenedTree.StringsSizeField, (uint)_strings.WrittenCount);
        Put(blob, FlattenedTree.StructureSizeField, (uint)_structure.WrittenCount);

        for (int i = 0; i < document.Reservations.Count; i++)
        {
            Span<byte> entry = blob.AsSpan(reservations + (i * FlattenedTree.ReservationSize), FlattenedTree.ReservationSize);
            BinaryPrimitives.WriteUInt64BigEndian(entry, document.Reservations[i].Address.Value);
            BinaryPrimitives.WriteUInt64BigEndian(entry[sizeof(ulong)..], document.Reservations[i].Size);
        }

        _structure.WrittenSpan.CopyTo(blob.AsSpan(structure));
        _strings.WrittenSpan.CopyTo(blob.AsSpan(strings));
        return blob;
    }

    private static void Put(byte[] blob, int offset, uint value) => BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(offset), value);
}

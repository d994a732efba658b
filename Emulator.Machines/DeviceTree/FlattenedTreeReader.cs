using System.Buffers.Binary;
using System.Text;
using Emulator.Core.Loading;
using Emulator.Core.Memory;

namespace Emulator.Machines.DeviceTree;

/// <summary>
/// Parses a flattened tree. Nothing in the blob is believed before it is checked; the work is in proportion to the blob's size,
/// which is bounded.
/// </summary>
internal sealed class FlattenedTreeReader
{
    private readonly ReadOnlyMemory<byte> _blob;
    private readonly string _name;
    private readonly DeviceTreeDocument _document = new();
    private readonly Dictionary<uint, string> _names = [];
    private uint _strings;
    private uint _stringsSize;

    // Where the next token is, and where the structure ends.
    private uint _at;
    private uint _end;

    public FlattenedTreeReader(ReadOnlyMemory<byte> blob, string name)
    {
        _blob = blob;
        _name = name;
    }

    public DeviceTreeDocument Read()
    {
        ReadHeader();
        ReadStructure();
        return _document;
    }

    private void ReadHeader()
    {
        if (_blob.Length > FlattenedTree.MaximumSize)
        {
            throw Fail(FlattenedTree.MaximumSize, "more data", $"a device tree blob of at most 0x{FlattenedTree.MaximumSize:x} bytes");
        }

        uint length = (uint)_blob.Length;
        if (length < sizeof(uint) || Word(0) != FlattenedTree.Magic)
        {
            throw Fail(0, length < sizeof(uint) ? $"{length} bytes" : $"0x{Word(0):x8}", $"a device tree blob's magic number 0x{FlattenedTree.Magic:x8}");
        }

        if (length < FlattenedTree.HeaderSize)
        {
            throw Fail(length, "the end of the file", $"a device tree blob's header of 0x{FlattenedTree.HeaderSize:x} bytes");
        }

        uint total = Word(FlattenedTree.TotalSizeField);
        if (total < FlattenedTree.HeaderSize || total > length)
        {
            throw Fail(FlattenedTree.TotalSizeField, $"a total size of 0x{total:x}", $"0x{FlattenedTree.HeaderSize:x} to 0x{length:x}, the file's size");
        }

        uint version = Word(FlattenedTree.VersionField);
        uint compatible = Word(FlattenedTree.LastCompatibleVersionField);
        if (version < FlattenedTree.LastCompatibleVersion || compatible > FlattenedTree.Version)
        {
            throw Fail(FlattenedTree.VersionField, $"version {version}, compatible with {compatible}", "version 16 or 17");
        }

        _document.BootProcessor = Word(FlattenedTree.BootProcessorField);
        _strings = Word(FlattenedTree.StringsOffsetField);
        _stringsSize = Word(FlattenedTree.StringsSizeField);
        RequireBlock(FlattenedTree.StringsOffsetField, "strings", _strings, _stringsSize, alignment: 1, total);

        // Version 16 does not tell the structure's size.
        _at = Word(FlattenedTree.StructureOffsetField);
        uint size = version >= FlattenedTree.Version ? Word(FlattenedTree.StructureSizeField) : total - Math.Min(_at, total);
        RequireBlock(FlattenedTree.StructureOffsetField, "structure", _at, size, FlattenedTree.TokenAlignment, total);
        _end = _at + size;
        ReadReservations(total);
    }

    private void RequireBlock(uint field, string what, uint offset, uint size, uint alignment, uint total)
    {
        if (offset < FlattenedTree.HeaderSize - sizeof(uint) || offset % alignment != 0 || offset > total || size > total - offset)
        {
            throw Fail(field, $"a {what} block of 0x{size:x} bytes at 0x{offset:x}", $"one inside 0x{total:x} bytes, aligned to {alignment}");
        }
    }

    private void ReadReservations(uint total)
    {
        uint at = Word(FlattenedTree.ReservationsOffsetField);
        RequireBlock(
            FlattenedTree.ReservationsOffsetField, "reservation", at, FlattenedTree.ReservationSize, FlattenedTree.ReservationAlignment, total);
        for (; total - at >= FlattenedTree.ReservationSize; at += FlattenedTree.ReservationSize)
        {
            ReadOnlySpan<byte> entry = _blob.Span.Slice((int)at, FlattenedTree.ReservationSize);
            ulong address = BinaryPrimitives.ReadUInt64BigEndian(entry);
            ulong size = BinaryPrimitives.ReadUInt64BigEndian(entry[sizeof(ulong)..]);
            if ((address | size) == 0)
            {
                return;
            }

            _document.Reservations.Add(new DeviceTreeReservation(new GuestPhysicalAddress(address), size));
        }

        throw Fail(at, "the end of the reservations", "an entry of zeros before it");
    }

    private void ReadStructure()
    {
        DeviceTreeNode? node = null;
        while (true)
        {
            uint at = _at;
            uint token = TakeWord("a token");
            switch (token)
            {
                case FlattenedTree.BeginNode:
                    node = BeginNode(at, node);
                    break;
                case FlattenedTree.Property when node is not null:
                    ReadProperty(at, node);
                    break;
                case FlattenedTree.EndNode when node?.Parent is not null:
                    node = node.Parent;
                    break;
                case FlattenedTree.EndNode when node is not null:
                    RequireEnd();
                    return;
                case FlattenedTree.Nop:
                    break;
                default:
                    throw Fail(at, $"token 0x{token:x}", node is null ? "the root node" : $"a property, a node or the end of '{node.Path}'");
            }
        }
    }

    // The root's name is empty, in some blobs "/".
    private DeviceTreeNode BeginNode(uint at, DeviceTreeNode? parent)
    {
        ReadOnlySpan<byte> rest = _blob.Span[(int)_at..(int)_end];
        int length = rest.IndexOf((byte)0);
        if (length < 0)
        {
            throw Fail(_at, "a node name without end", "a zero byte behind it");
        }

        string name = Encoding.Latin1.GetString(rest[..length]);
        Take((uint)length + 1, "a node name");
        if (parent is null)
        {
            return name is "" or "/" ? _document.Root : throw Fail(at, $"a root node named '{Shown(name)}'", "one without a name");
        }

        return parent.WhyNotNode(name) is { } reason
            ? throw Fail(at, $"a node '{Shown(name)}' in '{parent.Path}'", reason)
            : parent.AddNode(name);
    }

    private void ReadProperty(uint at, DeviceTreeNode node)
    {
        uint length = TakeWord("a property's length");
        uint nameOffset = TakeWord("a property's name");
        string name = PropertyName(at, nameOffset);
        ReadOnlyMemory<byte> value = Take(length, $"property '{name}'");
        if (node.Children.Count > 0)
        {
            throw Fail(at, $"property '{name}' behind child nodes of '{node.Path}'", "properties before child nodes");
        }

        if (node.TryGetProperty(name, out _))
        {
            throw Fail(at, $"a second property '{name}' of '{node.Path}'", "one");
        }

        node.SetBytes(name, value);
    }

    private string PropertyName(uint at, uint offset)
    {
        if (_names.TryGetValue(offset, out string? known))
        {
            return known;
        }

        if (offset >= _stringsSize)
        {
            throw Fail(at, $"a property with its name at 0x{offset:x}", $"less than the 0x{_stringsSize:x} bytes of strings");
        }

        ReadOnlySpan<byte> rest = _blob.Span.Slice((int)(_strings + offset), (int)Math.Min(_stringsSize - offset, DeviceTreeNames.MaximumLength + 1));
        int length = rest.IndexOf((byte)0);
        string name = Encoding.Latin1.GetString(length < 0 ? rest : rest[..length]);
        if (length < 0 || !DeviceTreeNames.IsPropertyName(name))
        {
            throw Fail(_strings + offset, $"property name '{Shown(name)}'", DeviceTreeNames.PropertyRule);
        }

        _names.Add(offset, name);
        return name;
    }

    private void RequireEnd()
    {
        uint at;
        uint token;
        do
        {
            at = _at;
            token = TakeWord("the end token");
        }
        while (token == FlattenedTree.Nop);

        if (token != FlattenedTree.End)
        {
            throw Fail(at, $"token 0x{token:x} behind the root node", $"the end token 0x{FlattenedTree.End:x}");
        }
    }

    private uint TakeWord(string what) => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint), what).Span);

    // What is taken is padded to a token's alignment; the last padding may be missing.
    private ReadOnlyMemory<byte> Take(uint size, string what)
    {
        if (size > _end - _at)
        {
            throw Fail(_at, $"{what} of 0x{size:x} bytes that passes the structure's end", $"at most 0x{_end - _at:x} bytes");
        }

        ReadOnlyMemory<byte> taken = _blob.Slice((int)_at, (int)size);
        _at = Math.Min(FlattenedTree.Align(_at + size, FlattenedTree.TokenAlignment), _end);
        return taken;
    }

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32BigEndian(_blob.Span[offset..]);

    private static string Shown(string name) => name.Length > DeviceTreeNames.MaximumLength ? name[..DeviceTreeNames.MaximumLength] + "..." : name;

    private ImageFormatException Fail(uint offset, string found, string expected) => new(_name, offset, found, expected);
}

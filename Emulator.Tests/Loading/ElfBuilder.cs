using System.Buffers.Binary;
using System.Text;
using Emulator.Core.Loading;

namespace Emulator.Tests.Loading;

/// <summary>Makes small ELF files field by field, so that tests do not depend on a compiler and can spoil any field.</summary>
internal sealed class ElfBuilder(ElfClass width)
{
    private const uint SymbolTableType = 2;
    private const uint StringTableType = 3;
    private readonly List<Part> _parts = [];
    private readonly List<(string Name, ulong Value, ulong Size, byte Info, ushort Section)> _symbols = [];

    public ushort Type { get; set; } = 2;

    public ulong Entry { get; set; }

    public ushort Machine { get; set; } = 243;

    private bool Is64 => width == ElfClass.Elf64;

    public ElfBuilder Load(ulong physical, byte[] data, ulong? memorySize = null, ulong? virtualAddress = null)
    {
        _parts.Add(new Part(1, physical, virtualAddress ?? physical, data, memorySize ?? (ulong)data.Length, 0x1000));
        return this;
    }

    public ElfBuilder Note(string name, uint type, byte[] description, ulong alignment = 4)
    {
        byte[] text = [.. Encoding.ASCII.GetBytes(name), 0];
        MemoryStream note = new();
        note.Write([.. Bytes(text.Length), .. Bytes(description.Length), .. Bytes((int)type)]);
        note.Write(text);
        Pad(note, (int)alignment);
        note.Write(description);
        Pad(note, (int)alignment);
        return Segment(4, note.ToArray(), alignment);
    }

    public ElfBuilder Segment(uint type, byte[] data, ulong alignment = 1)
    {
        _parts.Add(new Part(type, 0, 0, data, (ulong)data.Length, alignment));
        return this;
    }

    public ElfBuilder Symbol(string name, ulong value, ulong size = 0, byte info = 0x10, ushort section = 1)
    {
        _symbols.Add((name, value, size, info, section));
        return this;
    }

    public byte[] Build()
    {
        int headerSize = Is64 ? 64 : 52;
        int partSize = Is64 ? 56 : 32;
        MemoryStream file = new();
        file.Write(new byte[headerSize + (partSize * _parts.Count)]);
        List<long> offsets = [];
        foreach (Part part in _parts)
        {
            Pad(file, 8);
            offsets.Add(file.Position);
            file.Write(part.Data);
        }

        (long sections, int sectionCount) = WriteSections(file);
        byte[] bytes = file.ToArray();
        WriteHeader(bytes, sections, sectionCount);
        for (int i = 0; i < _parts.Count; i++)
        {
            WritePart(bytes.AsSpan(headerSize + (i * partSize), partSize), _parts[i], (ulong)offsets[i]);
        }

        return bytes;
    }

    private static byte[] Bytes(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static void Pad(MemoryStream stream, int alignment)
    {
        while (stream.Position % alignment != 0)
        {
            stream.WriteByte(0);
        }
    }

    private (long Offset, int Count) WriteSections(MemoryStream file)
    {
        if (_symbols.Count == 0)
        {
            return (0, 0);
        }

        Pad(file, 8);
        long symbolOffset = file.Position;
        MemoryStream names = new();
        names.WriteByte(0);
        file.Write(new byte[Is64 ? 24 : 16]);
        foreach (var symbol in _symbols)
        {
            int name = (int)names.Position;
            names.Write(Encoding.UTF8.GetBytes(symbol.Name + '\0'));
            FieldWriter entry = new(Is64);
            entry.Word((uint)name);
            if (Is64)
            {
                entry.Byte(symbol.Info).Byte(0).Half(symbol.Section).Address(symbol.Value).Address(symbol.Size);
            }
            else
            {
                entry.Address(symbol.Value).Address(symbol.Size).Byte(symbol.Info).Byte(0).Half(symbol.Section);
            }

            file.Write(entry.ToArray());
        }

        long nameOffset = file.Position;
        file.Write(names.ToArray());
        Pad(file, 8);
        long sections = file.Position;
        ulong entrySize = Is64 ? 24u : 16u;
        file.Write(new byte[Is64 ? 64 : 40]);
        file.Write(Section(SymbolTableType, symbolOffset, nameOffset - symbolOffset, 2, entrySize));
        file.Write(Section(StringTableType, nameOffset, names.Length, 0, 0));
        return (sections, 3);
    }

    private byte[] Section(uint type, long offset, long size, uint link, ulong entrySize) =>
        new FieldWriter(Is64).Word(0).Word(type).Address(0).Address(0).Address((ulong)offset).Address((ulong)size).Word(link).Word(0)
            .Address(1).Address(entrySize).ToArray();

    private void WriteHeader(byte[] bytes, long sections, int sectionCount)
    {
        byte[] identification = [0x7f, (byte)'E', (byte)'L', (byte)'F', (byte)width, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        FieldWriter header = new FieldWriter(Is64).Half(Type).Half(Machine).Word(1).Address(Entry).Address(Is64 ? 64u : 52u)
            .Address((ulong)sections).Word(5).Half((ushort)(Is64 ? 64 : 52)).Half((ushort)(Is64 ? 56 : 32)).Half((ushort)_parts.Count)
            .Half((ushort)(Is64 ? 64 : 40)).Half((ushort)sectionCount).Half(0);
        identification.CopyTo(bytes, 0);
        header.ToArray().CopyTo(bytes, identification.Length);
    }

    private void WritePart(Span<byte> bytes, Part part, ulong offset)
    {
        FieldWriter writer = new FieldWriter(Is64).Word(part.Type);
        if (Is64)
        {
            writer.Word(7);
        }

        writer.Address(offset).Address(part.Virtual).Address(part.Physical).Address((ulong)part.Data.Length).Address(part.MemorySize);
        if (!Is64)
        {
            writer.Word(7);
        }

        writer.Address(part.Alignment).ToArray().CopyTo(bytes);
    }

    private sealed record Part(uint Type, ulong Physical, ulong Virtual, byte[] Data, ulong MemorySize, ulong Alignment);

    private sealed class FieldWriter(bool is64)
    {
        private readonly List<byte> _bytes = [];

        public FieldWriter Byte(byte value) => Add(value, 1);

        public FieldWriter Half(ushort value) => Add(value, 2);

        public FieldWriter Word(uint value) => Add(value, 4);

        public FieldWriter Address(ulong value) => Add(value, is64 ? 8 : 4);

        public byte[] ToArray() => [.. _bytes];

        private FieldWriter Add(ulong value, int size)
        {
            for (int i = 0; i < size; i++)
            {
                _bytes.Add((byte)(value >> (8 * i)));
            }

            return this;
        }
    }
}

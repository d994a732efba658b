using System.Collections;
using System.Text;
using Emulator.Core.Memory;

namespace Emulator.Core.Loading;

/// <summary>
/// The symbols of an ELF program that name places in it: defined ones, no file or section names, no thread-local ones. Names are
/// decoded as they are asked for, so that a kernel's hundred thousand symbols cost nothing until then.
/// </summary>
public sealed class ElfSymbolTable : IEnumerable<ElfSymbol>
{
    private readonly ReadOnlyMemory<byte> _entries;
    private readonly ReadOnlyMemory<byte> _names;
    private readonly ElfClass _class;
    private readonly ulong _bias;

    // The reader has checked that the entries are whole, that every name starts inside the names and that these end with a zero.
    internal ElfSymbolTable(ReadOnlyMemory<byte> entries, ReadOnlyMemory<byte> names, ElfClass width, ulong bias = 0)
    {
        _entries = entries;
        _names = names;
        _class = width;
        _bias = bias;
    }

    private int EntrySize => (int)ElfFormat.SymbolSize(_class);

    /// <summary>Looks a name up; a global symbol is preferred to a local one of the same name.</summary>
    /// <param name="name">The exact name.</param>
    /// <param name="symbol">The symbol found.</param>
    /// <returns>False when there is none of that name.</returns>
    public bool TryFind(string name, out ElfSymbol symbol)
    {
        ArgumentNullException.ThrowIfNull(name);
        byte[] wanted = [.. Encoding.UTF8.GetBytes(name), 0];
        ReadOnlySpan<byte> names = _names.Span;
        bool found = false;
        symbol = default;
        for (int offset = 0; offset < _entries.Length; offset += EntrySize)
        {
            ElfSymbolEntry entry = ElfSymbolEntry.Read(_entries.Span.Slice(offset, EntrySize), _class);
            if (!entry.NamesPlace || !names[(int)entry.NameOffset..].StartsWith(wanted))
            {
                continue;
            }

            if (!found || !entry.IsLocal)
            {
                symbol = Resolve(entry, name);
                found = true;
            }

            if (!entry.IsLocal)
            {
                break;
            }
        }

        return found;
    }

    /// <summary>All of them, in the file's order; names that are not UTF-8 are shown as well as may be.</summary>
    public IEnumerator<ElfSymbol> GetEnumerator()
    {
        for (int offset = 0; offset < _entries.Length; offset += EntrySize)
        {
            ElfSymbolEntry entry = ElfSymbolEntry.Read(_entries.Span.Slice(offset, EntrySize), _class);
            if (entry.NamesPlace)
            {
                ReadOnlySpan<byte> name = _names.Span[(int)entry.NameOffset..];
                yield return Resolve(entry, Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]));
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal ElfSymbolTable Moved(ulong bias) => new(_entries, _names, _class, unchecked(_bias + bias));

    private ElfSymbol Resolve(ElfSymbolEntry entry, string name) =>
        new(name, ElfImage.Move(new GuestVirtualAddress(entry.Value), _bias, ElfImage.AddressMask(_class)), entry.Size);
}

/// <summary>An entry of a symbol table (gABI "Symbol Table"), with the parts that are used.</summary>
internal readonly record struct ElfSymbolEntry(uint NameOffset, byte Info, ushort Section, ulong Value, ulong Size)
{
    private const int BindingShift = 4;
    private const int TypeMask = 0xf;

    public bool IsLocal => Info >> BindingShift == ElfFormat.StbLocal;

    public bool NamesPlace =>
        Section != ElfFormat.ShnUndef && NameOffset != 0
        && (Info & TypeMask) is not (ElfFormat.SttSection or ElfFormat.SttFile or ElfFormat.SttTls);

    public static ElfSymbolEntry Read(ReadOnlySpan<byte> bytes, ElfClass width)
    {
        ElfCursor cursor = new(bytes, width);
        uint name = cursor.Word();
        ulong value = 0;
        ulong size = 0;
        if (width == ElfClass.Elf32)
        {
            value = cursor.Address();
            size = cursor.Address();
        }

        byte info = cursor.Byte();
        cursor.Byte();
        ushort section = cursor.Half();
        if (width == ElfClass.Elf64)
        {
            value = cursor.Address();
            size = cursor.Address();
        }

        return new ElfSymbolEntry(name, info, section, value, size);
    }
}

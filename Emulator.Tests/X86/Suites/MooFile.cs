using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Emulator.Tests.X86.Suites;

/// <summary>Registers of a test, in the order of the format's 32-bit chunks.</summary>
internal enum MooRegister
{
    Cr0, Cr3, Eax, Ebx, Ecx, Edx, Esi, Edi, Ebp, Esp, Cs, Ds, Es, Fs, Gs, Ss, Eip, Eflags, Dr6, Dr7,
}

/// <summary>Values of some registers.</summary>
internal sealed class MooRegisters
{
    public const int Count = (int)MooRegister.Dr7 + 1;

    private readonly uint?[] _values = new uint?[Count];

    public uint? this[MooRegister register]
    {
        get => _values[(int)register];
        set => _values[(int)register] = value;
    }
}

/// <summary>One instruction (and the HLT after it) as a real processor executed it.</summary>
internal sealed record MooTest(
    string Name,
    byte[] Code,
    MooRegisters Initial,
    (uint Address, byte Value)[] InitialMemory,
    MooRegisters Final,
    (uint Address, byte Value)[] FinalMemory,
    MooRegisters Masks,
    (int Vector, uint FlagsAddress)? Exception,
    string Hash)
{
    /// <summary>True for a test of a processor without registers of 32 bits.</summary>
    public bool Is80286 => Initial[MooRegister.Cr0] is null;
}

/// <summary>
/// Reads a file of single-step tests in the format MOO 1.1: chunks of a name of four characters, a length and contents.
/// </summary>
internal static class MooFile
{
    private const int HeaderLength = 8;
    private const int MemoryEntry = 5;

    private static readonly MooRegister[] s_of16Bits =
    [
        MooRegister.Eax, MooRegister.Ebx, MooRegister.Ecx, MooRegister.Edx, MooRegister.Cs, MooRegister.Ss, MooRegister.Ds, MooRegister.Es,
        MooRegister.Esp, MooRegister.Ebp, MooRegister.Esi, MooRegister.Edi, MooRegister.Eip, MooRegister.Eflags,
    ];

    /// <summary>The tests of a file, which may be compressed by gzip; every <paramref name="stride"/>th of them.</summary>
    public static IEnumerable<MooTest> Read(string path, int stride)
    {
        byte[] content = File.ReadAllBytes(path);
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            using var unpacked = new MemoryStream();
            using (var gzip = new GZipStream(new MemoryStream(content), CompressionMode.Decompress)) gzip.CopyTo(unpacked);
            content = unpacked.ToArray();
        }

        var masks = new MooRegisters();
        int index = 0;
        foreach (var (name, payload) in Chunks(content))
        {
            if (name is "RMSK" or "RM32") ReadRegisters(name, payload.Span, masks);
            if (name == "TEST" && index++ % stride == 0) yield return ReadTest(payload[4..], masks);
        }
    }

    private static IEnumerable<(string Name, ReadOnlyMemory<byte> Payload)> Chunks(ReadOnlyMemory<byte> from)
    {
        while (from.Length >= HeaderLength)
        {
            string name = Encoding.ASCII.GetString(from.Span[..4]);
            int length = BinaryPrimitives.ReadInt32LittleEndian(from.Span[4..]);
            yield return (name, from.Slice(HeaderLength, length));
            from = from[(HeaderLength + length)..];
        }
    }

    private static MooTest ReadTest(ReadOnlyMemory<byte> content, MooRegisters masks)
    {
        string name = "";
        string hash = "";
        byte[] code = [];
        var states = new Dictionary<string, (MooRegisters Registers, (uint, byte)[] Memory)>();
        (int, uint)? exception = null;
        foreach (var (chunk, payload) in Chunks(content))
        {
            switch (chunk)
            {
                case "NAME": name = Encoding.ASCII.GetString(payload.Span[4..]); break;
                case "BYTS": code = payload[4..].ToArray(); break;
                case "INIT" or "FINA": states[chunk] = ReadState(payload, ref masks); break;
                case "EXCP": exception = (payload.Span[0], BinaryPrimitives.ReadUInt32LittleEndian(payload.Span[1..])); break;
                case "HASH": hash = Convert.ToHexStringLower(payload.Span); break;
            }
        }

        var (initial, initialMemory) = states["INIT"];
        var (final, finalMemory) = states["FINA"];
        return new MooTest(name, code, initial, initialMemory, final, finalMemory, masks, exception, hash);
    }

    private static (MooRegisters Registers, (uint, byte)[] Memory) ReadState(ReadOnlyMemory<byte> content, ref MooRegisters masks)
    {
        var registers = new MooRegisters();
        (uint, byte)[] memory = [];
        foreach (var (chunk, payload) in Chunks(content))
        {
            if (chunk is "REGS" or "RG32") ReadRegisters(chunk, payload.Span, registers);
            if (chunk is "RMSK" or "RM32") ReadRegisters(chunk, payload.Span, masks = new MooRegisters());
            if (chunk == "RAM ") memory = ReadMemory(payload.Span);
        }

        return (registers, memory);
    }

    // A bit for each register that is present, then their values.
    private static void ReadRegisters(string chunk, ReadOnlySpan<byte> content, MooRegisters into)
    {
        bool is32 = chunk.EndsWith("32", StringComparison.Ordinal);
        int size = is32 ? 4 : 2;
        uint present = is32 ? BinaryPrimitives.ReadUInt32LittleEndian(content) : BinaryPrimitives.ReadUInt16LittleEndian(content);
        int at = size;
        for (int i = 0; i < (is32 ? MooRegisters.Count : s_of16Bits.Length); i++)
        {
            if ((present >> i & 1) == 0) continue;
            into[is32 ? (MooRegister)i : s_of16Bits[i]] =
                is32 ? BinaryPrimitives.ReadUInt32LittleEndian(content[at..]) : BinaryPrimitives.ReadUInt16LittleEndian(content[at..]);
            at += size;
        }
    }

    private static (uint Address, byte Value)[] ReadMemory(ReadOnlySpan<byte> content)
    {
        var entries = new (uint, byte)[BinaryPrimitives.ReadInt32LittleEndian(content)];
        for (int i = 0; i < entries.Length; i++)
        {
            var entry = content.Slice(4 + (i * MemoryEntry), MemoryEntry);
            entries[i] = (BinaryPrimitives.ReadUInt32LittleEndian(entry), entry[4]);
        }

        return entries;
    }
}

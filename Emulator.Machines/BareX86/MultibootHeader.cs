using System.Buffers.Binary;
using Emulator.Core.Loading;
using Emulator.Core.Memory;

namespace Emulator.Machines.BareX86;

/// <summary>The header by which a program says that it is started by the Multiboot specification, version 0.6.96 (3.1).</summary>
/// <param name="Offset">Where it is in the image.</param>
/// <param name="HasAddresses">The address fields say where the image goes; else its own format does.</param>
internal sealed record MultibootHeader(int Offset, bool HasAddresses)
{
    private const uint Magic = 0x1bad_b002;
    private const uint AddressFlag = 1 << 16;
    private const uint RequiredFlags = 0xffff;
    private const uint KnownRequiredFlags = 7; // aligned modules, memory information, video mode (only wished for)
    private const int SearchBytes = 8192;
    private const int FixedBytes = 12;
    private const int AddressBytes = 32;

    private uint HeaderAddress { get; init; }

    private uint LoadAddress { get; init; }

    private uint LoadEnd { get; init; }

    private uint ZeroEnd { get; init; }

    /// <summary>Where to start, if it has addresses.</summary>
    public uint EntryAddress { get; private init; }

    /// <summary>Looks for the header where it has to be; null when it is not there.</summary>
    public static MultibootHeader? Find(ReadOnlySpan<byte> image)
    {
        for (int offset = 0; offset + FixedBytes <= Math.Min(image.Length, SearchBytes); offset += sizeof(uint))
        {
            uint flags = Word(image, offset + 4);
            if (Word(image, offset) != Magic || Magic + flags + Word(image, offset + 8) != 0 || (flags & RequiredFlags & ~KnownRequiredFlags) != 0) continue;
            bool hasAddresses = (flags & AddressFlag) != 0 && offset + AddressBytes <= image.Length;
            if (!hasAddresses) return new MultibootHeader(offset, false);
            return new MultibootHeader(offset, true)
            {
                HeaderAddress = Word(image, offset + 12),
                LoadAddress = Word(image, offset + 16),
                LoadEnd = Word(image, offset + 20),
                ZeroEnd = Word(image, offset + 24),
                EntryAddress = Word(image, offset + 28),
            };
        }

        return null;
    }

    /// <summary>Where an image without a format of its own goes.</summary>
    /// <exception cref="MachineConfigurationException">The addresses contradict each other.</exception>
    public IReadOnlyList<LoadPart> Load(RawImage image)
    {
        long start = Offset - ((long)HeaderAddress - LoadAddress);
        long length = LoadEnd == 0 ? image.Data.Length - start : (long)LoadEnd - LoadAddress;
        if (HeaderAddress < LoadAddress || start < 0 || length < 0 || start + length > image.Data.Length || (ZeroEnd != 0 && ZeroEnd - (long)LoadAddress < length))
        {
            throw new MachineConfigurationException(
                $"{image.Name}: its Multiboot header at offset 0x{Offset:x} says header 0x{HeaderAddress:x}, load 0x{LoadAddress:x}..0x{LoadEnd:x}, zeros to 0x{ZeroEnd:x}; expected addresses inside the file's {image.Data.Length} bytes");
        }

        ulong size = ZeroEnd == 0 ? (ulong)length : ZeroEnd - LoadAddress;
        return [new LoadPart(new GuestPhysicalAddress(LoadAddress), image.Data.Slice((int)start, (int)length), size, image.Name)];
    }

    private static uint Word(ReadOnlySpan<byte> image, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(image[offset..]);
}
